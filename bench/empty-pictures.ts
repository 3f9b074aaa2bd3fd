import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'

/** Makes so many empty files with names of pictures, in albums of 25 years. */
export function makeEmptyPictures(folder: string, files: number, perDirectory: number): void {
  for (let i = 0; i < files; i++) {
    const album = Math.floor(i / perDirectory)
    const directory = join(folder, `${2000 + (album % 25)}`, `album ${album}`)
    if (i % perDirectory === 0) mkdirSync(directory, { recursive: true })
    closeSync(openSync(join(directory, `IMG_${String(i % perDirectory).padStart(4, '0')}.JPG`), 'w'))
  }
}
