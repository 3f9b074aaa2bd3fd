import type { CaptionResult, EngineInfo, ModelInput } from '../contract/engine-calls.ts'
import { LensloreError } from '../contract/errors.ts'
import type { Announcement } from '../contract/worker-messages.ts'
import { readCaption } from './answers.ts'

/** Enough to tell models apart; each costs both sides one caption. */
const provingPictures = 8

/** On the processor in fp32, of which the last bits differ from one make to another. */
const exact = { captions: provingPictures, cosine: 0.999 }
/** Of other ways to run a model, so many captions may be others: near ties of beams fall to another side. */
const tolerant = { captions: provingPictures / 2, cosine: 0.99 }

/** The pixels that a model gets. */
export function inputSize({ resize, crop }: ModelInput): { widthPx: number; heightPx: number } {
  if (crop) return crop
  if (resize.kind === 'squash') return resize
  return { widthPx: resize.px, heightPx: resize.px }
}

/**
 * Pictures that every machine makes alike, for there is nothing but whole numbers in them: shapes over a gradient.
 * @returns each `[heightPx, widthPx, 3]`
 */
export function makeProvingPictures(input: ModelInput): Uint8Array<ArrayBuffer>[] {
  const { widthPx, heightPx } = inputSize(input)
  return Array.from({ length: provingPictures }, (_, at) => drawPicture(widthPx, heightPx, at + 1))
}

function drawPicture(widthPx: number, heightPx: number, seed: number): Uint8Array<ArrayBuffer> {
  const below = randomBelow(seed)
  const colour = () => [below(256), below(256), below(256)]
  const [top, bottom] = [colour(), colour()]
  const shapes = Array.from({ length: 6 }, () => ({
    isRound: below(2) === 0,
    x: below(widthPx),
    y: below(heightPx),
    radius: 8 + below(Math.max(1, widthPx >> 2)),
    colour: colour(),
  }))
  const pixels = new Uint8Array(3 * widthPx * heightPx)
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const shape = shapes.findLast(({ isRound, x: middleX, y: middleY, radius }) => {
        const [dx, dy] = [Math.abs(x - middleX), Math.abs(y - middleY)]
        return isRound ? dx * dx + dy * dy < radius * radius : dx < radius && 2 * dy < radius
      })
      for (let channel = 0; channel < 3; channel++) {
        const shade = Math.floor((top[channel]! * (heightPx - y) + bottom[channel]! * y) / heightPx)
        pixels[3 * (y * widthPx + x) + channel] = shape ? shape.colour[channel]! : shade
      }
    }
  }
  return pixels
}

/** A xorshift of 32 bits. */
function randomBelow(seed: number): (bound: number) => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1
  return (bound) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
}

/**
 * Whether an engine says of the proving pictures what the library's says.
 * @throws LensloreError `WORKER_DIFFERS` with a sentence that tells in what
 */
export function checkProof(
  { modelId, adapterId, spaceId, proof }: Announcement,
  info: EngineInfo,
  answers: readonly CaptionResult[],
): void {
  if (info.modelId !== modelId) throw differs(`its model is ${info.modelId}, and the library's is ${modelId}`)
  if (info.adapterId !== adapterId) throw differs('its adapter is another one than the library’s')
  if (info.spaceId !== spaceId) throw differs('its space for pictures and texts is another one')
  const isPlain = (way: Pick<EngineInfo, 'provider' | 'precision'>) =>
    way.provider === 'cpu' && way.precision === 'fp32'
  const { captions, cosine } = isPlain(info) && isPlain(proof) ? exact : tolerant
  if (answers.length !== proof.answers.length) throw differs('it was asked of other pictures')
  const equal = answers.filter(({ caption }, at) => caption === proof.answers[at]!.caption).length
  if (equal < captions) {
    throw differs(
      `it gives other words to ${answers.length - equal} of ${answers.length} pictures that the library gave it to prove itself`,
    )
  }
  const least = Math.min(
    ...answers.map(({ embedding }, at) => cosineOf(embedding, readCaption(proof.answers[at]!).embedding)),
  )
  if (least < cosine) throw differs(`it sees pictures otherwise (a cosine of ${least.toFixed(4)})`)
}

function differs(how: string): LensloreError {
  return new LensloreError('WORKER_DIFFERS', `This worker gets no pictures: ${how}.`)
}

function cosineOf(a: Int8Array | null, b: Int8Array | null): number {
  if (!a || !b) return a === b ? 1 : 0
  if (a.length !== b.length) return 0
  let [product, squaresA, squaresB] = [0, 0, 0]
  for (let at = 0; at < a.length; at++) {
    product += a[at]! * b[at]!
    squaresA += a[at]! ** 2
    squaresB += b[at]! ** 2
  }
  return squaresA > 0 && squaresB > 0
    ? product / Math.sqrt(squaresA * squaresB)
    : Number(squaresA === squaresB)
}
