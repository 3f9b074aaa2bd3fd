import type { Size } from '../../../src-main/engine/imaging/resample.ts'

/** Pictures made of numbers alone: `[heightPx, widthPx, 3]` bytes. */

/** The low-order bytes of a linear congruential generator; the same in any language. */
export function noise({ widthPx, heightPx }: Size): Uint8Array {
  const rgb = new Uint8Array(widthPx * heightPx * 3)
  let state = 1
  for (let i = 0; i < rgb.length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    rgb[i] = state >>> 16
  }
  return rgb
}

export function gradient({ widthPx, heightPx }: Size): Uint8Array {
  return paint({ widthPx, heightPx }, (x, y) => [
    (255 * x) / Math.max(1, widthPx - 1),
    (255 * y) / Math.max(1, heightPx - 1),
    (255 * (x + y)) / Math.max(1, widthPx + heightPx - 2),
  ])
}

export function checkers(size: Size): Uint8Array {
  return paint(size, (x, y) => (((x >> 2) + (y >> 2)) % 2 === 0 ? [255, 255, 0] : [0, 40, 255]))
}

/** Waves of many lengths, as smooth and as busy as a photo. */
export function waves({ widthPx, heightPx }: Size): Uint8Array {
  return paint({ widthPx, heightPx }, (x, y) => {
    const u = x / widthPx
    const v = y / heightPx
    const base = Math.sin(9 * u + 5 * v) + 0.5 * Math.sin(71 * u * v + 3) + 0.25 * Math.sin(233 * u - 190 * v)
    return [128 + 70 * base, 128 + 60 * Math.cos(4 * base + v), 255 * v]
  })
}

export function paint(
  { widthPx, heightPx }: Size,
  colourAt: (x: number, y: number) => readonly [number, number, number],
): Uint8Array {
  const rgb = new Uint8ClampedArray(widthPx * heightPx * 3)
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) rgb.set(colourAt(x, y), (y * widthPx + x) * 3)
  }
  return new Uint8Array(rgb.buffer)
}
