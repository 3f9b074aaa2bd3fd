import type { Metadata } from 'sharp'

export interface Size {
  width: number
  height: number
}

/** A decoder that goes from row to row holds about so many of them. */
const rowsInWork = 512
/** The reduced picture is there as it was decoded, turned upright, and once more on its way to a thumbnail or a copy. */
const copiesOfReduced = 3

const bytesBySample: Record<string, number> = {
  uchar: 1,
  char: 1,
  ushort: 2,
  short: 2,
  uint: 4,
  int: 4,
  float: 4,
  complex: 8,
  double: 8,
  dpcomplex: 16,
}

/**
 * About how much memory libvips takes to decode a picture and bring it to a size: more rather than less, by what its
 * decoders hold of pictures of this kind.
 */
export function bytesToDecode(metadata: Metadata, reduced: Size): number {
  const { width, height, channels, depth } = metadata
  const rowBytes = width * channels * (bytesBySample[depth] ?? 2)
  return (
    bytesOfWhole(metadata, rowBytes * height) +
    rowBytes * Math.min(height, rowsInWork) +
    copiesOfReduced * 3 * reduced.width * reduced.height
  )
}

function bytesOfWhole({ format, isProgressive }: Metadata, pictureBytes: number): number {
  switch (format) {
    case 'jpeg':
      // Of a progressive one all coefficients, 16 bits each, whatever is left out afterwards.
      return isProgressive ? 2 * pictureBytes : 0
    case 'png':
      return isProgressive ? pictureBytes : 0
    default:
      // Frames, planes, strips that may be as high as the picture: what was read, and the same in other colours.
      return 2 * pictureBytes
  }
}

/** The WebAssembly decoders hold the whole picture several times over, in at most 4 GiB. */
export const maxWasmPixels = 2 ** 27

/** The same of libheif and jxl-oxide, which hold planes, colours and what they hand out at once. */
const wasmBytesByPixel = 24

/** The file goes into their memory, too, and is there once more on its way. */
const copiesOfFile = 2

export function bytesToDecodeByWasm({ width, height }: Size, fileBytes: number): number {
  return width * height * wasmBytesByPixel + copiesOfFile * fileBytes
}
