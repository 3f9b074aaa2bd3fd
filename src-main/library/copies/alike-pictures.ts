import { unpackMiniature } from '../../contract/miniature.ts'
import { dot } from '../meaning/dot.ts'
import { toUnitLength } from '../meaning/unit-length.ts'
import { toVector } from '../store/embeddings.ts'
import { align, type Pyramid, pyramidOf } from './alignment.ts'

/** What is known of a picture, as far as anybody looked. */
export interface SeenPicture {
  /** `[32, 32]` */
  grey: Float32Array | undefined
  pyramid: Pyramid | undefined
  isFromCamera: boolean
  /** Its embedding, of unit length, and the number of its space. */
  unit: Float32Array | undefined
  space: number | null
}

/** Where each of these comes from: `docs/decisions/copies.md`. */
const leastShades = 0.85
const leastDetail = 0.55
/** In grey levels squared: a picture of one colour is like any other of that. */
const leastDetailPower = 4
const leastDetailOfGraphics = 0.98
/** Of a photo of a page, or one that is mostly sky. */
const leastDetailOfPale = 0.9
/** So much of white or black, or of any other level. */
const shareOfGraphics = 0.2
const shareOfGround = 0.5
const white = 240
const black = 15
/** Of one camera within seconds. */
const leastCosineOfBurst = 0.75
const leastShadesOfBurst = 0.8
const leastDetailOfBurst = 0.35

/** @returns undefined where nobody looked at it yet. */
export function seePicture({
  picture,
  vector,
  space,
  camera,
}: {
  picture: Uint8Array | null
  vector: Uint8Array | null
  space: number | null
  camera: string | null
}): SeenPicture | undefined {
  const grey = picture ? unpackMiniature(picture) : undefined
  const unit = vector ? toUnitLength(toVector(vector)) : undefined
  if (!grey && !unit) return undefined
  const pyramid = grey && pyramidOf(grey)
  const saysEnough = pyramid !== undefined && pyramid.detailPower >= leastDetailPower
  return {
    grey: saysEnough ? grey : undefined,
    pyramid: saysEnough ? pyramid : undefined,
    isFromCamera: camera !== null,
    unit,
    space,
  }
}

/** Whether one was made of the other. @returns how well they lie on each other; null: it is another. */
export function likenessOfCopies(one: SeenPicture, other: SeenPicture): number | null {
  return judge(one, other, leastShades, leastDetail)
}

/** Whether they show nearly the same, of photos that one camera took within seconds; null: they do not. */
export function likenessOfBurst(one: SeenPicture, other: SeenPicture): number | null {
  const cosine = one.space === other.space && one.unit && other.unit ? dot(one.unit, other.unit) : -1
  const likeness = judge(one, other, leastShadesOfBurst, leastDetailOfBurst)
  return likeness ?? (cosine >= leastCosineOfBurst ? cosine - 1 : null)
}

function judge(
  one: SeenPicture,
  other: SeenPicture,
  leastOfShades: number,
  leastOfDetail: number,
): number | null {
  if (!one.pyramid || !other.pyramid) return null
  const { shades, detail } = align(one.pyramid, other.pyramid)
  if (shades < leastOfShades || detail < leastOfDetail) return null
  const isPhoto = one.isFromCamera || other.isFromCamera
  const ofGraphics = isPhoto ? leastDetailOfPale : leastDetailOfGraphics
  const least = isGraphic(one.grey!) && isGraphic(other.grey!) ? ofGraphics : leastOfDetail
  return detail >= least ? detail : null
}

/** On one ground, as pages, screens and drawings are: they resemble each other as a whole, and differ in what is small. */
function isGraphic(grey: Float32Array): boolean {
  const counts = new Map<number, number>()
  for (const level of grey) counts.set(level, (counts.get(level) ?? 0) + 1)
  return counts
    .entries()
    .some(
      ([level, count]) =>
        count >= (level >= white || level <= black ? shareOfGraphics : shareOfGround) * grey.length,
    )
}
