import { miniatureSidePx } from '../../contract/miniature.ts'

/**
 * Signs of the lowest waves of a picture (a perceptual hash), in pieces by which those that have one in common are found. Turned by a
 * right angle, or mirrored, a picture has the same waves with other signs, or along the other side: all of them can be asked for.
 */
const waves = 8
const pieces = 4
const bitsOfPiece = 15

/** Which waves are the bits of each piece: every piece has some of the longest. */
const wavesOfPieces = Array.from({ length: waves * waves - 1 }, (_, at) => ({
  across: (at + 1) % waves,
  down: Math.floor((at + 1) / waves),
})).sort((a, b) => a.across + a.down - (b.across + b.down))

const cosines = Array.from({ length: waves }, (_, wave) =>
  Float32Array.from({ length: miniatureSidePx }, (_, at) =>
    Math.cos((Math.PI * wave * (2 * at + 1)) / (2 * miniatureSidePx)),
  ),
)

/** `[waves, waves]`, down and across. */
function wavesOf(grey: Float32Array): Float32Array {
  const side = miniatureSidePx
  const rows = new Float32Array(side * waves)
  for (let y = 0; y < side; y++) {
    for (let across = 0; across < waves; across++) {
      let sum = 0
      for (let x = 0; x < side; x++) sum += grey[y * side + x]! * cosines[across]![x]!
      rows[y * waves + across] = sum
    }
  }
  return Float32Array.from({ length: waves * waves }, (_, at) => {
    const down = Math.floor(at / waves)
    const across = at % waves
    let sum = 0
    for (let y = 0; y < side; y++) sum += rows[y * waves + across]! * cosines[down]![y]!
    return sum
  })
}

interface Turn {
  isOnItsSide: boolean
  isMirrored: boolean
  isUpsideDown: boolean
}

const upright: Turn = { isOnItsSide: false, isMirrored: false, isUpsideDown: false }
const turns: Turn[] = Array.from({ length: 8 }, (_, at) => ({
  isOnItsSide: (at & 4) > 0,
  isMirrored: (at & 1) > 0,
  isUpsideDown: (at & 2) > 0,
}))

/** What a picture is kept and asked for by. */
export interface PictureHash {
  /** Which piece, and its bits. */
  keys: number[]
  /** Of all bits, in two halves. */
  bits: [number, number]
}

const maskOfPiece = 2 ** bitsOfPiece - 1

function hashOf(spectrum: Float32Array, { isOnItsSide, isMirrored, isUpsideDown }: Turn): PictureHash {
  const keys = Array.from({ length: pieces }, (_, piece) => piece << bitsOfPiece)
  for (let at = 0; at < pieces * bitsOfPiece; at++) {
    const { across, down } = wavesOfPieces[at]!
    const value = isOnItsSide ? spectrum[across * waves + down]! : spectrum[down * waves + across]!
    const isTurned = (isMirrored && across % 2 === 1) !== (isUpsideDown && down % 2 === 1)
    if (isTurned ? value < 0 : value > 0) keys[at % pieces]! |= 1 << Math.floor(at / pieces)
  }
  const [a, b, c, d] = keys.map((key) => key & maskOfPiece) as [number, number, number, number]
  return { keys, bits: [(a << bitsOfPiece) | b, (c << bitsOfPiece) | d] }
}

/** @param grey as `unpackMiniature` has it */
export function hashPicture(grey: Float32Array): PictureHash {
  return hashOf(wavesOf(grey), upright)
}

/** Of all pictures that are this one, however it is turned. */
export function hashTurned(grey: Float32Array): PictureHash[] {
  const spectrum = wavesOf(grey)
  return turns.map((turn) => hashOf(spectrum, turn))
}

/** How many bits differ. */
export function bitsApart(one: PictureHash['bits'], other: PictureHash['bits']): number {
  return countOnes(one[0] ^ other[0]) + countOnes(one[1] ^ other[1])
}

function countOnes(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}
