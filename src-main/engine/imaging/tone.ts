/** What can be said of a picture from its colours alone. */
export interface Tone {
  /** Whether there is nothing in it but one colour. */
  isPlain: boolean
  /** Whether it lies on light, even ground, as scans of text and drawings do, and few photographs. */
  isOnPaper: boolean
}

/**
 * A lens cap or a blank page spans a few levels of noise at the model's size: at most 9 in pictures of one colour with
 * noise of a deviation of 8 a pixel; the photo of Flickr8k's and COCO's development sets that spans the least has 120.
 */
const plainSpanLevels = 16

/** Colours are gathered in cells so wide to find the most frequent one. */
const cellLevels = 16
/** What is so near to the ground's colour is ground. */
const groundLevels = 20
const paperLuma = 150
/**
 * Of the picture: so much is ground, and so much of it as even as paper, which bright skies and snow are not. Holds for 24
 * of 24 drawn pages and drawings with noise and JPEG, and for 16 of 2,000 photos of the development sets.
 */
const paperShare = 0.65
const evenShare = 0.4
/** Neighbours differ by no more where the ground is even. */
const evenLevels = 2

/** @param rgb `[H, W, 3]` levels of 0 to 255 */
export function measureTone(rgb: Uint8Array, widthPx: number): Tone {
  return { isPlain: spanOf(rgb) <= plainSpanLevels, isOnPaper: liesOnPaper(rgb, widthPx) }
}

/** Over the channels, the largest distance between two levels. */
function spanOf(rgb: Uint8Array): number {
  let span = 0
  for (let channel = 0; channel < 3; channel++) {
    let lowest = 255
    let highest = 0
    for (let at = channel; at < rgb.length; at += 3) {
      lowest = Math.min(lowest, rgb[at]!)
      highest = Math.max(highest, rgb[at]!)
    }
    span = Math.max(span, highest - lowest)
  }
  return span
}

function liesOnPaper(rgb: Uint8Array, widthPx: number): boolean {
  const ground = mostFrequentColour(rgb)
  const luma = 0.299 * ground[0] + 0.587 * ground[1] + 0.114 * ground[2]
  if (luma < paperLuma) return false
  const pixels = rgb.length / 3
  let onGround = 0
  let even = 0
  for (let pixel = 0; pixel < pixels; pixel++) {
    if (!isNear(rgb, pixel, ground)) continue
    onGround++
    const right = pixel + 1
    if (right % widthPx !== 0 && isAlike(rgb, pixel, right)) even++
  }
  return onGround / pixels >= paperShare && even / pixels >= evenShare
}

function mostFrequentColour(rgb: Uint8Array): [number, number, number] {
  const side = 256 / cellLevels
  const counts = new Uint32Array(side ** 3)
  for (let at = 0; at < rgb.length; at += 3) {
    let index = 0
    for (let channel = 0; channel < 3; channel++) {
      index = index * side + Math.floor(rgb[at + channel]! / cellLevels)
    }
    counts[index]!++
  }
  const cell = counts.indexOf(counts.reduce((a, b) => Math.max(a, b)))
  const middle = (index: number) => (index + 0.5) * cellLevels
  return [middle(Math.floor(cell / side ** 2)), middle(Math.floor(cell / side) % side), middle(cell % side)]
}

function isNear(rgb: Uint8Array, pixel: number, colour: readonly number[]): boolean {
  for (let channel = 0; channel < 3; channel++) {
    if (Math.abs(rgb[pixel * 3 + channel]! - colour[channel]!) > groundLevels) return false
  }
  return true
}

function isAlike(rgb: Uint8Array, pixel: number, other: number): boolean {
  for (let channel = 0; channel < 3; channel++) {
    if (Math.abs(rgb[pixel * 3 + channel]! - rgb[other * 3 + channel]!) > evenLevels) return false
  }
  return true
}
