import { Best } from './best.ts'
import { type Block, hasPlace, photosPerBlock, type Tables } from './codes.ts'

/** Columns that are read of every photo, and of those that may still be among the best then. */
const columnsRead = 8
const columnsReadNext = 8
/**
 * A photo is left out when the columns that were not read would have to add more than so many standard deviations of theirs for it
 * to be among the best.
 */
const deviationsAllowed = 3.2
/** Of a block with no more photos that are asked for, each is looked up. */
const fewInBlock = 64
const blocksPerTurn = 16

/** Photos by id: bit `id % 32` of word `id / 32`; what is beyond is not among them. */
export type Among = Uint32Array

export const isAmong = (among: Among, id: number): boolean =>
  (((among[Math.floor(id / 32)] ?? 0) >>> (id % 32)) & 1) === 1

/**
 * The photos whose codes promise the highest cosines.
 * @param blocks with their numbers
 * @param most how many of them
 * @param turn lets others have theirs
 */
export async function scanCodes(
  blocks: readonly (readonly [number, Block])[],
  tables: Tables,
  most: number,
  among: Among | undefined,
  turn: () => Promise<void>,
): Promise<Best> {
  const best = new Best(most)
  const columns = tables.order.length
  const read = Array.from({ length: columnsRead }, (_, at) => tables.order[at] ?? columns)
  const slackAfter = (read: number) => deviationsAllowed * tables.restDeviations[Math.min(read, columns)]!
  const stages: Stages = {
    slack: slackAfter(columnsRead),
    next: Uint8Array.from(tables.order.slice(columnsRead, columnsRead + columnsReadNext)),
    nextSlack: slackAfter(columnsRead + columnsReadNext),
    last: Uint8Array.from(tables.order.slice(columnsRead + columnsReadNext)),
  }
  const sums = new Float32Array(photosPerBlock)
  const asked = new Uint32Array(photosPerBlock / 32)
  let scanned = 0
  for (const [number, block] of blocks) {
    if (scanned++ % blocksPerTurn === 0) await turn()
    const firstId = number * photosPerBlock
    let candidates = block.present
    if (among) {
      const count = intersectInto(asked, block.present, among, firstId / 32)
      if (count === 0) continue
      candidates = asked
      if (count <= fewInBlock) {
        addEach(best, block, candidates, tables, firstId)
        continue
      }
    }
    sumColumns(sums, block.codes, tables.gains, read, columns)
    addBest(best, sums, { present: candidates, codes: block.codes }, stages, tables.gains, firstId)
  }
  return best
}

/**
 * The photos whose codes promise a cosine of at least so much.
 * @param least less what all photos share of the cosine
 * @param into where they are added
 * @param turn lets others have theirs
 */
export async function scanCodesWithin(
  blocks: readonly (readonly [number, Block])[],
  { order, gains }: Tables,
  least: number,
  into: (firstId: number) => Among,
  turn: () => Promise<void>,
): Promise<void> {
  const columns = Uint8Array.from(order)
  let scanned = 0
  for (const [number, block] of blocks) {
    if (scanned++ % blocksPerTurn === 0) await turn()
    const found = into(number * photosPerBlock)
    for (let place = 0; place < photosPerBlock; place++) {
      if (!hasPlace(block, place) || sumOf(block.codes, gains, columns, place) < least) continue
      found[place >>> 5]! |= 1 << place
    }
  }
}

/** Columns behind the first, and how far below the bound a sum may be before each. */
interface Stages {
  slack: number
  next: Uint8Array
  nextSlack: number
  last: Uint8Array
}

/** @returns how many there are in both. */
function intersectInto(into: Uint32Array, present: Uint32Array, among: Among, firstWord: number): number {
  let count = 0
  for (let at = 0; at < present.length; at++) {
    const word = present[at]! & (among[firstWord + at] ?? 0)
    into[at] = word
    for (let rest = word; rest !== 0; rest &= rest - 1) count++
  }
  return count
}

/** Written out, for it is nearly all the time that a search takes. A column that there is not reads another, and adds nothing. */
function sumColumns(
  sums: Float32Array,
  codes: Uint8Array,
  gains: Float32Array,
  read: readonly number[],
  columns: number,
): void {
  const placeOf = (at: number) => (read[at] === columns ? 0 : read[at]! * photosPerBlock)
  const [c0, c1, c2, c3] = [placeOf(0), placeOf(1), placeOf(2), placeOf(3)]
  const [c4, c5, c6, c7] = [placeOf(4), placeOf(5), placeOf(6), placeOf(7)]
  const tableOf = (at: number) => read[at]! * 256
  const [t0, t1, t2, t3] = [tableOf(0), tableOf(1), tableOf(2), tableOf(3)]
  const [t4, t5, t6, t7] = [tableOf(4), tableOf(5), tableOf(6), tableOf(7)]
  for (let place = 0; place < photosPerBlock; place++) {
    sums[place] =
      gains[t0 + codes[c0 + place]!]! +
      gains[t1 + codes[c1 + place]!]! +
      gains[t2 + codes[c2 + place]!]! +
      gains[t3 + codes[c3 + place]!]! +
      gains[t4 + codes[c4 + place]!]! +
      gains[t5 + codes[c5 + place]!]! +
      gains[t6 + codes[c6 + place]!]! +
      gains[t7 + codes[c7 + place]!]!
  }
}

function addBest(
  best: Best,
  sums: Float32Array,
  block: Block,
  { slack, next, nextSlack, last }: Stages,
  gains: Float32Array,
  firstId: number,
): void {
  let bound = best.bound
  for (let place = 0; place < photosPerBlock; place++) {
    if (sums[place]! <= bound - slack || !hasPlace(block, place)) continue
    const half = sums[place]! + sumOf(block.codes, gains, next, place)
    if (half <= bound - nextSlack) continue
    const score = half + sumOf(block.codes, gains, last, place)
    if (score <= bound) continue
    best.add(firstId + place, score)
    bound = best.bound
  }
}

function addEach(best: Best, { codes }: Block, asked: Uint32Array, tables: Tables, firstId: number): void {
  const every = Uint8Array.from(tables.order)
  for (let at = 0; at < asked.length; at++) {
    for (let rest = asked[at]!; rest !== 0; rest &= rest - 1) {
      const place = at * 32 + 31 - Math.clz32(rest & -rest)
      best.add(firstId + place, sumOf(codes, tables.gains, every, place))
    }
  }
}

function sumOf(codes: Uint8Array, gains: Float32Array, columns: Uint8Array, place: number): number {
  let sum = 0
  for (let at = 0; at < columns.length; at++) {
    const column = columns[at]!
    sum += gains[column * 256 + codes[column * photosPerBlock + place]!]!
  }
  return sum
}
