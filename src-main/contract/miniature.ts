/** A picture brought to so many pixels square, whatever its shape. */
export const miniatureSidePx = 32

/** What copies of a picture are told by. */
export interface Miniature {
  /** Variance of the Laplacian, in grey levels (of 255) squared, at one size for all pictures. */
  sharpness: number
  /** As `packMiniature` makes it. */
  picture: Uint8Array<ArrayBuffer>
}

/** Of a grey level there are 16, from the darkest to the brightest of the picture. */
const levels = 15
const rangeBytes = 2
const pixels = miniatureSidePx ** 2

/**
 * @param grey `[miniatureSidePx, miniatureSidePx]`, 0 to 255
 * @returns 514 bytes: the darkest and the brightest level, then two pixels a byte
 */
export function packMiniature(grey: Float32Array): Uint8Array<ArrayBuffer> {
  const [darkest, brightest] = [Math.floor(Math.min(...grey)), Math.ceil(Math.max(...grey))]
  const packed = new Uint8Array(rangeBytes + pixels / 2)
  packed.set([darkest, brightest])
  const scale = levels / Math.max(brightest - darkest, 1)
  for (let at = 0; at < pixels; at++) {
    packed[rangeBytes + (at >> 1)]! |= Math.round((grey[at]! - darkest) * scale) << (at & 1 ? 4 : 0)
  }
  return packed
}

/** @returns `[miniatureSidePx, miniatureSidePx]`, 0 to 255; undefined for bytes that are none */
export function unpackMiniature(packed: Uint8Array): Float32Array | undefined {
  if (packed.length !== rangeBytes + pixels / 2) return undefined
  const [darkest, brightest] = packed as unknown as [number, number]
  const step = (brightest - darkest) / levels
  const grey = new Float32Array(pixels)
  for (let at = 0; at < pixels; at++) {
    grey[at] = darkest + step * ((packed[rangeBytes + (at >> 1)]! >> (at & 1 ? 4 : 0)) & levels)
  }
  return grey
}
