import libheif from 'libheif-js/wasm-bundle.js'
import type { Size } from './memory-need.ts'

/**
 * Phones divide a picture of 200 megapixels into tiles, which are decoded one after the other and halved at once: the whole of it
 * never stands in the memory of WebAssembly. All of this is libheif's interface in C, where numbers are addresses.
 */
export interface TiledPicture {
  /** Of the halved picture. */
  size: Size
  /** `[height, width, 3]`, the mean of four pixels each, upright. */
  decode(): Uint8Array
}

const errorBytes = 12
const tilingBytes = 128
const rgbColours = 1
const interleavedRgb = 10

/**
 * @returns null for a picture in one piece, and for one of which only a part is shown
 * @throws Error where it is damaged
 */
export function openHeifTiles(bytes: Uint8Array): TiledPicture | null {
  const error = libheif._malloc(errorBytes)
  const file = libheif._malloc(bytes.length)
  libheif.HEAPU8.set(bytes, file)
  const context = libheif._heif_context_alloc()
  libheif._heif_context_read_from_memory_without_copy(error, context, file, bytes.length, 0)
  throwError(error)
  const out = libheif._malloc(tilingBytes)
  libheif._heif_context_get_primary_image_handle(error, context, out)
  throwError(error)
  const handle = readU32(out)

  function readTiling(isUpright: boolean): Tiling {
    libheif.HEAPU8.fill(0, out, out + tilingBytes)
    libheif._heif_image_handle_get_image_tiling(error, handle, isUpright ? 1 : 0, out)
    throwError(error)
    const field = (index: number) => readU32(out + 4 * index)
    const [columns, tileWidth, width] = [field(1), field(3), field(5)]
    const [rows, tileHeight, height] = [field(2), field(4), field(6)]
    // What of the last tiles is beyond the picture lies before it where that is turned: so much libheif 1.23 says wrongly, but not whether.
    const top = field(7) === 0 ? 0 : rows * tileHeight - height
    const left = field(8) === 0 ? 0 : columns * tileWidth - width
    return { columns, rows, tileWidth, tileHeight, width, height, top, left }
  }

  const { columns, rows, tileWidth, tileHeight, width, height, top, left } = readTiling(true)
  const stored = readTiling(false)
  if (columns * rows === 1 || width * height !== stored.width * stored.height) return null
  const size = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) }

  function decodeTile(column: number, row: number, halved: Uint8Array): void {
    libheif._heif_image_handle_decode_image_tile(
      error,
      handle,
      out,
      rgbColours,
      interleavedRgb,
      0,
      column,
      row,
    )
    throwError(error)
    const image = readU32(out)
    const plane = libheif._heif_image_get_plane_readonly(image, interleavedRgb, out)
    const tile = {
      at: plane,
      rowBytes: readU32(out),
      left: column * tileWidth - left,
      top: row * tileHeight - top,
      width: libheif._heif_image_get_width(image, interleavedRgb),
      height: libheif._heif_image_get_height(image, interleavedRgb),
    }
    halve(libheif.HEAPU8, tile, halved, { width, height })
    libheif._heif_image_release(image)
  }

  return {
    size,
    decode() {
      const halved = new Uint8Array(size.width * size.height * 3)
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) decodeTile(column, row, halved)
      }
      return halved
    },
  }
}

interface Tiling extends Size {
  columns: number
  rows: number
  tileWidth: number
  tileHeight: number
  /** How far the first tile begins before the picture. */
  top: number
  left: number
}

interface Tile extends Size {
  /** Of its first byte. */
  at: number
  rowBytes: number
  /** Where it lies in the picture; may begin before it. */
  left: number
  top: number
}

/** Fills in what begins in a tile; at its edge the mean is of the pixels that are in it. */
function halve(bytes: Uint8Array, tile: Tile, halved: Uint8Array, full: Size): void {
  const halvedWidth = Math.ceil(full.width / 2)
  const right = Math.min(full.width, tile.left + tile.width)
  const bottom = Math.min(full.height, tile.top + tile.height)
  for (let y = Math.max(0, tile.top + (tile.top & 1)); y < bottom; y += 2) {
    const below = y + 1 < bottom ? tile.rowBytes : 0
    const row = tile.at + (y - tile.top) * tile.rowBytes
    for (let x = Math.max(0, tile.left + (tile.left & 1)); x < right; x += 2) {
      const beside = x + 1 < right ? 3 : 0
      const from = row + (x - tile.left) * 3
      const to = ((y >> 1) * halvedWidth + (x >> 1)) * 3
      for (let channel = 0; channel < 3; channel++) {
        const at = from + channel
        halved[to + channel] =
          (bytes[at]! + bytes[at + beside]! + bytes[at + below]! + bytes[at + beside + below]! + 2) >> 2
      }
    }
  }
}

function readU32(at: number): number {
  const { buffer } = libheif.HEAPU8
  return new DataView(buffer).getUint32(at, true)
}

/** Where a call wrote that it failed. */
function throwError(error: number): void {
  const code = readU32(error)
  if (code === 0) return
  const message = readU32(error + 8)
  const end = libheif.HEAPU8.indexOf(0, message)
  throw new Error(Buffer.from(libheif.HEAPU8.slice(message, end)).toString('latin1'))
}
