/**
 * Which names a folder walk takes for pictures. The content decides what a file is; the name only decides
 * whether it is opened at all.
 */

/** Raw files of cameras. Lower case, without the dot. */
export const rawExtensions = [
  '3fr',
  'arw',
  'cr2',
  'cr3',
  'crw',
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

/** TGA's, which is told by its name as it has no signature. */
const tgaExtensions = ['tga', 'icb', 'vda', 'vst'] as const

/** Every extension a picture may have. Lower case, without the dot. */
export const pictureExtensions = [
  'jpg',
  'jpeg',
  'jpe',
  'jfif',
  'jps',
  'mpo',
  'png',
  'apng',
  'webp',
  'avif',
  'avifs',
  'gif',
  'tif',
  'tiff',
  'btf',
  'tf8',
  'heic',
  'heif',
  'heics',
  'heifs',
  'hif',
  'jxl',
  'bmp',
  'dib',
  'jp2',
  'jpf',
  'jpx',
  'j2k',
  'j2c',
  'jpc',
  'psd',
  'psb',
  'ppm',
  'pgm',
  'pbm',
  'pnm',
  'pam',
  ...tgaExtensions,
  ...rawExtensions,
] as const

/** Of pictures, whether they are raw files: both in one look, for a scan asks it of every name. */
const rawByExtension: ReadonlyMap<string, boolean> = new Map(
  pictureExtensions.map((extension) => [extension, (rawExtensions as readonly string[]).includes(extension)]),
)
const tgas: ReadonlySet<string> = new Set(tgaExtensions)

/** Whether a file of this name (or path) is to be opened as a picture. */
export function isPictureName(name: string): boolean {
  return isRawPicture(name) !== undefined
}

export function isRawName(name: string): boolean {
  return isRawPicture(name) ?? false
}

/** Whether a file that is to be opened as a picture is a raw file; undefined for any other. */
export function isRawPicture(name: string): boolean | undefined {
  return rawByExtension.get(extensionOf(name))
}

export function isTgaName(name: string): boolean {
  return tgas.has(extensionOf(name))
}

/** In lower case, without the dot; '' for none. */
export function extensionOf(name: string): string {
  const file = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
  const dot = file.lastIndexOf('.')
  // macOS keeps a file's attributes on foreign drives as `._NAME` beside it: no picture, whatever its name says.
  return dot > 0 && !file.startsWith('._') ? file.slice(dot + 1).toLowerCase() : ''
}
