import { numberOf, readTiffDirectory, tiffTag } from './tiff-directory.ts'

/**
 * Camera raw files hold finished JPEGs of the same picture, the largest often at full size. Each maker keeps
 * them elsewhere (SubIFDs, maker notes, boxes, fixed offsets), and no well-kept library finds them all. So
 * this looks for JPEG signatures in the whole file instead: that needs no table of makers, and a false
 * signature in sensor data does not survive the walk over its markers.
 */

export interface EmbeddedJpeg {
  /** From its first byte to the end of the file: a decoder stops at the JPEG's own end. */
  bytes: Buffer<ArrayBuffer>
  widthPx: number
  heightPx: number
}

const signature = Buffer.from([0xff, 0xd8, 0xff])
/** A raw file has a handful of previews; a file made to hold thousands is not worth the time. */
const maxSignatures = 4096
const maxSegments = 128

/** All ordinary JPEGs inside a file, the largest picture first. */
export function findEmbeddedJpegs(bytes: Buffer<ArrayBuffer>): EmbeddedJpeg[] {
  const found: EmbeddedJpeg[] = []
  let at = bytes.indexOf(signature)
  for (let tries = 0; at >= 0 && tries < maxSignatures; tries++) {
    const size = readJpegSize(bytes, at)
    if (size) found.push({ bytes: bytes.subarray(at), ...size })
    at = bytes.indexOf(signature, at + 1)
  }
  return found.sort((a, b) => b.widthPx * b.heightPx - a.widthPx * a.heightPx)
}

/**
 * Walks the segments to the frame header. Sensor data is JPEG too in many raw files, but lossless (SOF3) or
 * of 12 bits or more: only baseline, extended and progressive frames of 8 bits are pictures to show.
 */
function readJpegSize(bytes: Buffer, start: number): { widthPx: number; heightPx: number } | null {
  let at = start + 2
  for (let segments = 0; segments < maxSegments && at + 10 <= bytes.length; segments++) {
    if (bytes[at] !== 0xff) return null
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at += 1
      continue
    }
    if (marker < 0xc0 || marker === 0xd8 || marker === 0xd9 || marker === 0xda) return null
    const length = bytes.readUInt16BE(at + 2)
    if (length < 2) return null
    if (marker >= 0xc0 && marker <= 0xc2) {
      const bits = bytes[at + 4]
      const channels = bytes[at + 9]
      const heightPx = bytes.readUInt16BE(at + 5)
      const widthPx = bytes.readUInt16BE(at + 7)
      const isPicture = bits === 8 && (channels === 1 || channels === 3) && widthPx > 0 && heightPx > 0
      return isPicture ? { widthPx, heightPx } : null
    }
    const isOtherFrame = marker >= 0xc3 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isOtherFrame) return null
    at += 2 + length
  }
  return null
}

/**
 * The orientation (1 to 8) that a raw file states about itself: its previews often carry none.
 * @returns null where the file states none, or keeps it where only its preview tells (Fujifilm)
 */
export function readRawOrientation(bytes: Buffer): number | null {
  if (bytes.toString('latin1', 4, 12) !== 'ftypcrx ') return readTiffOrientation(bytes)
  // Canon's CR3 keeps the first TIFF directory in a box of its own near the start.
  const box = bytes.subarray(0, 2 ** 16).indexOf('CMT1', 0, 'latin1')
  return box < 0 ? null : readTiffOrientation(bytes.subarray(box + 4))
}

function readTiffOrientation(tiff: Buffer): number | null {
  const directory = readTiffDirectory(tiff)
  const orientation = directory ? numberOf(directory, tiffTag.orientation, 0) : 0
  return orientation >= 1 && orientation <= 8 ? orientation : null
}
