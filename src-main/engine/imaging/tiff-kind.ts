import { numberOf, numbersOf, type TiffDirectory, tiffTag } from './tiff-directory.ts'

/**
 * libvips hands out some kinds of TIFF wrongly, and what it has no decompressor for as black, without an error. So it gets
 * only those that were seen to come out right; ImageMagick, which refuses what it cannot read, gets the others.
 */
export type TiffKind =
  | { reader: 'sharp' }
  /** `isNegative`: what ImageMagick hands out is to be turned round. */
  | { reader: 'magick'; isNegative: boolean }
  /** Its pieces are packed in a way that neither of them unpacks. */
  | { reader: 'unpacked'; packing: TiffPacking }
  /** What a sensor saw. */
  | { reader: 'raw' }
  /** `what`: in words, after "is a TIFF". */
  | { reader: null; what: string }

export type TiffPacking = 'lzma' | 'zstd'

const packings: Record<number, TiffPacking> = { 34925: 'lzma', 50000: 'zstd' }

/** Which libvips and ImageMagick both have, here. */
const bothUnpack = new Set([1, 2, 3, 4, 5, 7, 8, 32773, 32946])
/** Old-style JPEG, NeXT, CCITT with whole words, ThunderScan, Pixar's. */
const magickUnpacks = new Set([6, 32766, 32771, 32809, 32909])
const webp = 50001
const logarithmic = new Set([34676, 34677])

const packingNames: Record<number, string> = {
  9: 'JBIG',
  10: 'JBIG',
  22610: 'JPEG XR',
  33003: 'JPEG 2000',
  33004: 'JPEG 2000',
  33005: 'JPEG 2000',
  34661: 'JBIG',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34892: 'lossy JPEG of raw data',
  34933: 'PNG',
  34934: 'JPEG XR',
  50002: 'JPEG XL',
  52546: 'JPEG XL',
}

const colours = {
  whiteIsZero: 0,
  blackIsZero: 1,
  rgb: 2,
  palette: 3,
  cmyk: 5,
  yCbCr: 6,
  cieLab: 8,
  iccLab: 9,
  ituLab: 10,
  filterArray: 32803,
  logL: 32844,
  logLuv: 32845,
  linearRaw: 34892,
}
const signedSamples = 2
const floatSamples = 3
const complexSamples = [5, 6]
const separatePlanes = 2

export function tellTiffKind(directory: TiffDirectory): TiffKind {
  const bits = numberOf(directory, tiffTag.bitsPerSample, 1)
  const packing = numberOf(directory, tiffTag.compression, 1)
  const colour = numberOf(directory, tiffTag.colours, colours.blackIsZero)
  const format = numberOf(directory, tiffTag.sampleFormat, 1)

  if (colour === colours.filterArray || colour === colours.linearRaw) return { reader: 'raw' }
  if (packings[packing]) return { reader: 'unpacked', packing: packings[packing] }
  // It is stored as signed, but decoded as floating point.
  if (colour === colours.logLuv && logarithmic.has(packing)) return { reader: 'sharp' }
  if (colour === colours.iccLab || colour === colours.ituLab || colour === colours.logL) {
    return { reader: null, what: `in a colour space (number ${colour}) that cannot be read` }
  }
  if (format === signedSamples || complexSamples.includes(format)) {
    return { reader: null, what: 'of measurements and not of colours: its samples are signed or complex' }
  }
  if (isReadBySharp(directory, { bits, packing, colour, format })) return { reader: 'sharp' }
  if (!bothUnpack.has(packing) && !magickUnpacks.has(packing)) {
    return {
      reader: null,
      what: `packed by ${packingNames[packing] ?? `method ${packing}`}, which cannot be read`,
    }
  }
  if (bits > 32 && format !== floatSamples)
    return { reader: null, what: `of ${bits} bits, which cannot be read` }
  if (colour === colours.cieLab && format === floatSamples) {
    return { reader: null, what: 'in CIELab of floating point, which cannot be read' }
  }
  // ImageMagick leaves white at zero where it is of other bits than these.
  const isNegative = colour === colours.whiteIsZero && ![1, 8, 16].includes(bits)
  return { reader: 'magick', isNegative }
}

function isReadBySharp(
  directory: TiffDirectory,
  kind: { bits: number; packing: number; colour: number; format: number },
): boolean {
  const { bits, packing, colour, format } = kind
  const samples = numberOf(directory, tiffTag.samplesPerPixel, 1)
  if (new Set(numbersOf(directory, tiffTag.bitsPerSample)).size > 1) return false
  const isTiled = directory.fields.has(tiffTag.tileOffsets)
  if (isTiled && samples > 1 && numberOf(directory, tiffTag.planes, 1) === separatePlanes) return false
  if (!bothUnpack.has(packing) && packing !== webp) return false
  if (colour === colours.cieLab) {
    return samples === 3 && (format === floatSamples ? bits === 32 : bits === 16)
  }
  if (format === floatSamples) return false
  const isOfBytes = bits === 8 || bits === 16
  switch (colour) {
    case colours.whiteIsZero:
    case colours.blackIsZero:
      return isOfBytes ? samples <= 2 : samples === 1 && [1, 2, 4].includes(bits)
    case colours.palette:
      return samples === 1 && [1, 2, 4, 8].includes(bits)
    case colours.rgb:
      return isOfBytes && (samples === 3 || samples === 4)
    case colours.cmyk:
      return isOfBytes && (samples === 4 || samples === 5)
    case colours.yCbCr:
      return bits === 8 && (packing === 7 || packing === webp)
    default:
      return false
  }
}
