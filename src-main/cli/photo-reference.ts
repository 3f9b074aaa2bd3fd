import { resolve } from 'node:path'
import type { PhotoReference } from '../contract/library-calls.ts'

/** Digits are an id, anything else a path. A file named only in digits is reached as `./123`. */
export function toPhotoReference(photo: string): PhotoReference {
  return /^[1-9]\d{0,14}$/.test(photo) ? Number(photo) : resolve(photo)
}
