import { isRawName, isTgaName } from './picture-names.ts'

export type PictureFormat =
  | 'jpeg'
  | 'png'
  | 'gif'
  | 'webp'
  | 'avif'
  | 'tiff'
  | 'heif'
  | 'jxl'
  | 'bmp'
  /** JPEG 2000 in boxes, and its bare stream. */
  | 'jp2'
  | 'j2k'
  /** Photoshop's, PSB too. */
  | 'psd'
  | 'tga'
  /** PBM, PGM, PPM and PAM. */
  | 'pnm'
  | 'raw'

/** So many bytes of a file are enough to tell its format. */
export const tellingBytes = 512

/**
 * Tells a picture's format by its first bytes: names lie (there are JPEGs called .nef). Only where TIFF's
 * signature is shared by TIFF and raw files does the name decide, and for TGA, which has none.
 * @param bytes of the file, the first `tellingBytes` of it at least
 * @param name of the file, for its extension
 * @returns null where it is no picture that we know
 */
export function tellPictureFormat(bytes: Uint8Array, name: string): PictureFormat | null {
  if (startsWith(bytes, 'ff d8 ff')) return 'jpeg'
  if (startsWith(bytes, '89 50 4e 47 0d 0a 1a 0a')) return 'png'
  if (startsWith(bytes, '47 49 46 38')) return 'gif'
  if (startsWith(bytes, '52 49 46 46') && textAt(bytes, 8) === 'WEBP') return 'webp'
  if (startsWith(bytes, 'ff 0a') || startsWith(bytes, '00 00 00 0c 4a 58 4c 20 0d 0a 87 0a')) return 'jxl'
  if (textAt(bytes, 4) === 'ftyp') return tellIsoMedia(bytes)
  if (startsWith(bytes, '49 49 2a 00') || startsWith(bytes, '4d 4d 00 2a')) {
    return isRawName(name) ? 'raw' : 'tiff'
  }
  if (startsWith(bytes, '49 49 2b 00') || startsWith(bytes, '4d 4d 00 2b')) return 'tiff'
  if (textAt(bytes, 0).startsWith('BM') && isBmpHeader(bytes)) return 'bmp'
  if (startsWith(bytes, '00 00 00 0c 6a 50 20 20 0d 0a 87 0a')) return 'jp2'
  if (startsWith(bytes, 'ff 4f ff 51')) return 'j2k'
  if (textAt(bytes, 0) === '8BPS') return 'psd'
  if (/^P[1-7][\s#]/.test(textAt(bytes, 0))) return 'pnm'
  if (rawSignatures.some((signature) => startsWith(bytes, signature))) return 'raw'
  return isTgaName(name) && isTgaHeader(bytes) ? 'tga' : null
}

/** Sizes of the headers that there are after the file's own: OS/2's and Windows'. */
const bmpHeaders = new Set([12, 16, 40, 52, 56, 64, 108, 124])

/** Two letters are little to go by. */
function isBmpHeader(bytes: Uint8Array): boolean {
  return bytes.length >= 26 && bmpHeaders.has(viewOf(bytes).getUint32(14, true))
}

/** Whether all that a TGA's header says can be. */
function isTgaHeader(bytes: Uint8Array): boolean {
  if (bytes.length < 18) return false
  const view = viewOf(bytes)
  const hasPalette = bytes[1]
  const kind = bytes[2]! & ~8
  return (
    (hasPalette === 0 || hasPalette === 1) &&
    (bytes[2]! & ~11) === 0 &&
    (kind === 1 ? hasPalette === 1 : kind === 2 || kind === 3) &&
    view.getUint16(12, true) > 0 &&
    view.getUint16(14, true) > 0 &&
    [8, 15, 16, 24, 32].includes(bytes[16]!)
  )
}

/** Raw files with a signature of their own. */
const rawSignatures = [
  '49 49 52 4f', // Olympus IIRO
  '49 49 52 53', // Olympus IIRS
  '4d 4d 4f 52', // Olympus MMOR
  '49 49 55 00', // Panasonic, Leica
  '46 55 4a 49 46 49 4c 4d 43 43 44 2d 52 41 57', // FUJIFILMCCD-RAW
  '00 4d 52 4d', // Minolta
  '46 4f 56 62', // Sigma FOVb
  '49 49 1a 00 00 00 48 45 41 50 43 43 44 52', // Canon CRW
]

const hevcBrands = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'])
const heifBrands = new Set(['mif1', 'mif2', 'msf1'])

/** `mif1` and `msf1` name only the container: the compatible brands then tell what is inside. */
function tellIsoMedia(bytes: Uint8Array): PictureFormat | null {
  const boxBytes = Math.min(viewOf(bytes).getUint32(0), bytes.length, tellingBytes)
  const brands: string[] = []
  for (let at = 8; at + 4 <= boxBytes; at += at === 8 ? 8 : 4) brands.push(textAt(bytes, at))
  const [major] = brands
  if (major === 'avif' || major === 'avis') return 'avif'
  if (major === 'crx ') return 'raw'
  if (brands.some((brand) => hevcBrands.has(brand))) return 'heif'
  if (brands.includes('avif') || brands.includes('avis')) return 'avif'
  return brands.some((brand) => heifBrands.has(brand)) ? 'heif' : null
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

/** Four signs. */
function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4))
}

function startsWith(bytes: Uint8Array, hex: string): boolean {
  return hex.split(' ').every((pair, at) => bytes[at] === Number.parseInt(pair, 16))
}
