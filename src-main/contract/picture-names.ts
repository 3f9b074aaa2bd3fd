/**
 * Which names a folder walk takes for pictures. The content decides what a file is; the name only decides
 * whether it is opened at all.
 */

/** Raw files of cameras, shown by the JPEG preview that they carry. Lower case, without the dot. */
export const rawExtensions = [
  '3fr',
  'arw',
  'cr2',
  'cr3',
  'dcr',
  'dng',
  'erf',
  'fff',
  'iiq',
  'kdc',
  'mef',
  'mos',
  'mrw',
  'nef',
  'nrw',
  'orf',
  'pef',
  'raf',
  'raw',
  'rw2',
  'rwl',
  'sr2',
  'srf',
  'srw',
  'x3f',
] as const

/** Every extension a picture may have. Lower case, without the dot. */
export const pictureExtensions = [
  'jpg',
  'jpeg',
  'jpe',
  'jfif',
  'png',
  'webp',
  'avif',
  'gif',
  'tif',
  'tiff',
  'heic',
  'heif',
  'hif',
  'jxl',
  ...rawExtensions,
] as const

const pictures: ReadonlySet<string> = new Set(pictureExtensions)
const raws: ReadonlySet<string> = new Set(rawExtensions)

/** Whether a file of this name (or path) is to be opened as a picture. */
export function isPictureName(name: string): boolean {
  return pictures.has(extensionOf(name))
}

export function isRawName(name: string): boolean {
  return raws.has(extensionOf(name))
}

/** In lower case, without the dot; '' for none. */
export function extensionOf(name: string): string {
  const file = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
  const dot = file.lastIndexOf('.')
  // macOS keeps a file's attributes on foreign drives as `._NAME` beside it: no picture, whatever its name says.
  return dot > 0 && !file.startsWith('._') ? file.slice(dot + 1).toLowerCase() : ''
}
