import { resolve } from 'node:path'
import type { LibraryClient } from './open-library.ts'

/** Digits are an id, anything else a path. A file named only in digits is reached as `./123`. */
export async function photoIdOf(library: LibraryClient, photo: string): Promise<number> {
  if (/^[1-9]\d{0,14}$/.test(photo)) return Number(photo)
  return (await library.photoAt({ path: resolve(photo) })).id
}
