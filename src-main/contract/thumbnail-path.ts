/**
 * Where a picture's thumbnail lies: `DIRECTORY/ab/cd/abcd….webp`. Two levels of 256 keep every folder of a
 * library with a million photos at about 15 files. `/` works on every system.
 *
 * @param contentHash SHA-256 of the picture's file, lower-case hex
 */
export function thumbnailPath(directory: string, contentHash: string): string {
  return `${directory}/${contentHash.slice(0, 2)}/${contentHash.slice(2, 4)}/${contentHash}.webp`
}
