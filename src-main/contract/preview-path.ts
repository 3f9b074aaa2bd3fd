/**
 * Where the copy of a picture lies that is shown in its place. There are few, for they are large and only some are kept.
 *
 * @param contentHash SHA-256 of the picture's file, lower-case hex
 */
export function previewPath(directory: string, contentHash: string): string {
  return `${directory}/${contentHash}.jpg`
}
