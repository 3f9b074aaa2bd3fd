import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { deflateSync, zstdDecompressSync } from 'node:zlib'
import {
  fieldOf,
  numberOf,
  numbersOf,
  readTiffDirectory,
  type TiffDirectory,
  tiffTag,
  writeTiff,
} from './tiff-directory.ts'
import type { TiffPacking } from './tiff-kind.ts'
import type { OpenPicture } from './wasm-decode.ts'

/** Deflate, which every reader has, and which knows the same predictors. */
const deflate = 8

/** The same TIFF with its pieces packed by deflate. */
export function openPackedTiff(bytes: Uint8Array, packing: TiffPacking): OpenPicture {
  const tiff = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const directory = readTiffDirectory(tiff)
  if (!directory) throw new Error('no directory')
  const width = numberOf(directory, tiffTag.width, 0)
  const height = numberOf(directory, tiffTag.height, 0)
  return {
    size: { width, height },
    async decode() {
      const isTiled = directory.fields.has(tiffTag.tileOffsets)
      const tags = isTiled
        ? { offsets: tiffTag.tileOffsets, byteCounts: tiffTag.tileByteCounts }
        : { offsets: tiffTag.stripOffsets, byteCounts: tiffTag.stripByteCounts }
      const byteCounts = numbersOf(directory, tags.byteCounts)
      const unpack = await unpackers[packing](largestPiece(directory))
      const pieces: Uint8Array[] = []
      for (const [index, offset] of numbersOf(directory, tags.offsets).entries()) {
        const piece = await unpack(tiff.subarray(offset, offset + byteCounts[index]!))
        // As little work as may be: it is read once.
        pieces.push(deflateSync(piece, { level: 0 }))
      }
      directory.fields.set(tiffTag.compression, fieldOf(directory, [deflate]))
      return writeTiff(directory, pieces, tags)
    },
  }
}

type Unpack = (piece: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** In bytes: more is not of the picture. */
function largestPiece(directory: TiffDirectory): number {
  const of = (tag: number, absent: number) => numberOf(directory, tag, absent)
  const height = of(tiffTag.height, 0)
  const widthPx = of(tiffTag.tileWidth, of(tiffTag.width, 0))
  const heightPx = of(tiffTag.tileHeight, Math.min(height, of(tiffTag.rowsPerStrip, height)))
  const samples = of(tiffTag.samplesPerPixel, 1)
  return Math.ceil((widthPx * samples * of(tiffTag.bitsPerSample, 1)) / 8) * heightPx
}

/** Of xz the heap of its program is the bound. */
const unpackers: Record<TiffPacking, (maxOutputLength: number) => Promise<Unpack>> = {
  zstd: async (maxOutputLength) => (piece) => zstdDecompressSync(piece, { maxOutputLength }),
  async lzma() {
    const { initModule, unxzAsync } = await import('node-liblzma/wasm')
    const { default: create } = await import('node-liblzma/wasm/liblzma.js')
    const wasmBinary = readFileSync(fileURLToPath(import.meta.resolve('node-liblzma/wasm/liblzma.wasm')))
    // Its own way to the program is a browser's.
    await initModule(() => create({ wasmBinary }))
    return unxzAsync
  },
}
