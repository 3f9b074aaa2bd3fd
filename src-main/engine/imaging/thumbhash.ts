import { readFile } from 'node:fs/promises'
import sharp, { type Sharp } from 'sharp'
import { rgbaToThumbHash } from 'thumbhash'
import { LensloreError } from '../../contract/errors.ts'
import { asFileError } from '../../contract/file-errors.ts'

/** More than enough for the few waves of colour that are kept, at a tenth of the time that 100 would take. */
const sidePx = 32

/** Some 25 bytes that a blurred picture is made of, and its mean colour. https://evanw.github.io/thumbhash/ */
export async function makeThumbhash(image: Sharp): Promise<Uint8Array<ArrayBuffer>> {
  const { data, info } = await image
    .resize({ width: sidePx, height: sidePx, fit: 'inside' })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return Uint8Array.from(rgbaToThumbHash(info.width, info.height, data))
}

/**
 * Of a thumbnail that was kept before.
 * @throws LensloreError `PICTURE_DAMAGED`, `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_UNAVAILABLE`
 */
export async function readThumbhash(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readFile(path).catch((thrown: unknown) => {
    throw asFileError(thrown, 'The thumbnail')
  })
  try {
    return await makeThumbhash(sharp(bytes))
  } catch (cause) {
    throw new LensloreError('PICTURE_DAMAGED', 'The thumbnail is damaged.', { cause })
  }
}
