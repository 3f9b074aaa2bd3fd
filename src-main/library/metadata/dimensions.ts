/** Sizes of the stored picture for containers whose header exifreader does not measure. */

export interface Dimensions {
  widthPx: number
  heightPx: number
}

/**
 * WebP without the extended header, HEIF or AVIF, and JPEG over damage that exifreader stops at; undefined for
 * anything else and where nothing is said.
 */
export function readDimensions(bytes: Buffer): Dimensions | undefined {
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP') {
    return webpDimensions(bytes)
  }
  if (bytes.toString('latin1', 4, 8) === 'ftyp') return largestSpatialExtent(bytes)
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpegDimensions(bytes)
  return undefined
}

/** Lossy: RFC 6386, 9.1; lossless: the 14-bit sizes after the signature byte. */
function webpDimensions(bytes: Buffer): Dimensions | undefined {
  if (bytes.length < 30) return undefined
  const chunk = bytes.toString('latin1', 12, 16)
  if (chunk === 'VP8 ') {
    return { widthPx: bytes.readUInt16LE(26) & 0x3fff, heightPx: bytes.readUInt16LE(28) & 0x3fff }
  }
  if (chunk === 'VP8L') {
    const bits = bytes.readUInt32LE(21)
    return { widthPx: (bits & 0x3fff) + 1, heightPx: ((bits >>> 14) & 0x3fff) + 1 }
  }
  return undefined
}

/**
 * The frame header before the first scan (ITU-T T.81, B.2.2). Bytes between segments that belong to none are
 * passed over, as decoders do. A height of 0, to be told after the scan, no decoder of ours supports.
 */
function jpegDimensions(bytes: Buffer): Dimensions | undefined {
  for (let at = bytes.indexOf(0xff, 2); at >= 0 && at + 10 <= bytes.length; at = bytes.indexOf(0xff, at)) {
    const marker = bytes[at + 1]!
    const length = bytes.readUInt16BE(at + 2)
    if (marker === 0xda) return undefined
    if (marker === 0xff) at += 1
    else if (length < 2 || marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd9)) at += 2
    else if (marker > 0xcf || marker === 0xc4 || marker === 0xc8 || marker === 0xcc) at += 2 + length
    else {
      const frame = { widthPx: bytes.readUInt16BE(at + 7), heightPx: bytes.readUInt16BE(at + 5) }
      const isSane = length === 8 + 3 * bytes[at + 9]! && bytes[at + 4]! <= 16
      return isSane && frame.widthPx > 0 && frame.heightPx > 0 ? frame : undefined
    }
  }
  return undefined
}

/**
 * The largest `ispe` property (ISO/IEC 23008-12, 6.5.3): tiles and thumbnails are smaller than the picture
 * they are part of.
 */
function largestSpatialExtent(bytes: Buffer): Dimensions | undefined {
  let largest: Dimensions | undefined
  const walk = (start: number, end: number, depth: number): void => {
    for (let at = start; at + 8 <= end; ) {
      const size = bytes.readUInt32BE(at)
      const type = bytes.toString('latin1', at + 4, at + 8)
      const next = size === 0 ? end : at + size
      if (size !== 0 && size < 8) return
      const last = Math.min(next, end)
      if (type === 'meta') walk(at + 12, last, depth + 1)
      else if ((type === 'iprp' || type === 'ipco') && depth < 4) walk(at + 8, last, depth + 1)
      else if (type === 'ispe' && at + 20 <= last) {
        const extent = { widthPx: bytes.readUInt32BE(at + 12), heightPx: bytes.readUInt32BE(at + 16) }
        const area = extent.widthPx * extent.heightPx
        if (area > (largest ? largest.widthPx * largest.heightPx : 0)) largest = extent
      }
      at = next
    }
  }
  walk(0, bytes.length, 0)
  return largest
}
