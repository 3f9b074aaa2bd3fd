import { isRawName } from '../../contract/picture-names.ts'

/**
 * Who decodes a file: sharp, libheif (HEVC pictures, which sharp's libvips is built without), jxl-oxide, or
 * sharp again after the JPEG preview of a camera's raw file has been found.
 */
export type PictureFormat = 'sharp' | 'heif' | 'jxl' | 'raw'

/**
 * Tells a picture's format by its first bytes: names lie (there are JPEGs called .nef). Only where TIFF's
 * signature is shared by TIFF and raw files does the name decide.
 * @param name of the file, for its extension
 * @returns null where it is no picture that we know
 */
export function tellPictureFormat(bytes: Buffer, name: string): PictureFormat | null {
  if (startsWith(bytes, 'ff d8 ff')) return 'sharp'
  if (startsWith(bytes, '89 50 4e 47 0d 0a 1a 0a')) return 'sharp'
  if (startsWith(bytes, '47 49 46 38')) return 'sharp'
  if (startsWith(bytes, '52 49 46 46') && bytes.toString('latin1', 8, 12) === 'WEBP') return 'sharp'
  if (startsWith(bytes, 'ff 0a') || startsWith(bytes, '00 00 00 0c 4a 58 4c 20 0d 0a 87 0a')) return 'jxl'
  if (bytes.toString('latin1', 4, 8) === 'ftyp') return tellIsoMedia(bytes)
  if (startsWith(bytes, '49 49 2a 00') || startsWith(bytes, '4d 4d 00 2a')) {
    return isRawName(name) ? 'raw' : 'sharp'
  }
  if (startsWith(bytes, '49 49 2b 00') || startsWith(bytes, '4d 4d 00 2b')) return 'sharp'
  return rawSignatures.some((signature) => startsWith(bytes, signature)) ? 'raw' : null
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
]

const hevcBrands = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'])
const heifBrands = new Set(['mif1', 'mif2', 'msf1'])

/** `mif1` and `msf1` name only the container: the compatible brands then tell what is inside. */
function tellIsoMedia(bytes: Buffer): PictureFormat | null {
  const boxBytes = Math.min(bytes.length < 4 ? 0 : bytes.readUInt32BE(0), bytes.length, 512)
  const brands: string[] = []
  for (let at = 8; at + 4 <= boxBytes; at += at === 8 ? 8 : 4)
    brands.push(bytes.toString('latin1', at, at + 4))
  const [major] = brands
  if (major === 'avif' || major === 'avis') return 'sharp'
  if (major === 'crx ') return 'raw'
  if (brands.some((brand) => hevcBrands.has(brand))) return 'heif'
  if (brands.includes('avif') || brands.includes('avis')) return 'sharp'
  return brands.some((brand) => heifBrands.has(brand)) ? 'heif' : null
}

function startsWith(bytes: Buffer, hex: string): boolean {
  const signature = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  return bytes.subarray(0, signature.length).equals(signature)
}
