/** For what is never another thing under its address. */
export const keptForEver = 'private, max-age=31536000, immutable'

/**
 * How a browser keeps a file of the built page. What lies in `assets` is named by its content.
 * @param path within the page, with a `/` before it
 */
export function pageCaching(path: string): string {
  return path.startsWith('/assets/') ? keptForEver : 'no-cache'
}
