/**
 * How a person writes, whatever is in the picture: how captions begin ("Today we saw …") and end ("…, seen on our walk"), and small
 * words that they do without ("man on horse", "a dog running").
 */
export interface Manner {
  opening: Part
  closing: Part
  /** Whether what comes after the opening begins with a small letter. */
  goesOnSmall: boolean
  /** In small letters. */
  leftOut: readonly string[]
  /** Such words of which the model has some captions only: left out where it would itself have gone on without them. */
  spared: readonly string[]
}

interface Part {
  text: string
  /** Of the person's captions, those that have it. */
  share: number
}

/** Of the person's captions so many more have it than of the model's. */
const leastSurplus = 0.5
/** Fewer captions tell no manner. */
const fewestCaptions = 5
/** So many of the model's captions have a word that is missed in the person's, and so many of theirs may have it. */
const usuallySaid = 0.75
const hardlySaid = 0.05
/** Captions like the model's would have a word as seldom as the person's do with this chance at most. */
const leastChance = 0.01
const none: Part = { text: '', share: 0 }

export const noManner: Manner = {
  opening: none,
  closing: none,
  goesOnSmall: false,
  leftOut: [],
  spared: [],
}

/**
 * @param own the person's captions, one for each photo
 * @param usual what the model says of photos
 * @param names what belongs to the pictures that show it, however often it is said
 * @param isSmallWord whether a word can be left out: it says nothing of a picture by itself
 */
export function findManner(
  own: readonly string[],
  usual: readonly string[],
  names: readonly string[],
  isSmallWord: (word: string) => boolean,
): Manner {
  if (own.length < fewestCaptions || usual.length === 0) return noManner
  const toPart = (pieces: readonly string[], found: { share: number }): Part => {
    const text = pieces.join('')
    const hasName = names.some((name) => text.toLowerCase().includes(name.toLowerCase()))
    return text === '' || hasName ? none : { text, share: found.share }
  }
  const [ownPieces, usualPieces] = [own.map(cutIntoPieces), usual.map(cutIntoPieces)]
  const atStart = findShared(ownPieces, usualPieces)
  const atEnd = findShared(
    ownPieces.map((pieces) => pieces.toReversed()),
    usualPieces.map((pieces) => pieces.toReversed()),
  )
  const opening = toPart(atStart.run, atStart)
  const next = ownPieces
    .filter((pieces) => beginsWith(pieces, atStart.run))
    .map((pieces) => pieces[atStart.run.length]!.trim().charAt(0))
  const { leftOut, spared } = findMissed(ownPieces, usualPieces)
  return {
    opening,
    closing: toPart(atEnd.run.toReversed(), atEnd),
    goesOnSmall: next.filter((letter) => letter === letter.toLowerCase()).length > next.length / 2,
    leftOut: leftOut.filter(isSmallWord),
    spared: spared.filter(isSmallWord),
  }
}

/** Whether nothing in it is the same whatever is in the picture; a word that is spared now and then is no manner yet. */
export function isPlain({ opening, closing, leftOut }: Manner): boolean {
  return opening.text === '' && closing.text === '' && leftOut.length === 0
}

function findMissed(
  own: readonly string[][],
  usual: readonly string[][],
): Record<'leftOut' | 'spared', string[]> {
  const countWith = (captions: readonly string[][], word: string) =>
    captions.filter((pieces) => pieces.some((piece) => plain(piece) === word)).length
  const leftOut: string[] = []
  const spared: string[] = []
  for (const word of new Set(usual.flat().map(plain))) {
    const [share, count] = [countWith(usual, word) / usual.length, countWith(own, word)]
    if (count > hardlySaid * own.length) continue
    if (share >= usuallySaid) leftOut.push(word)
    else if (chanceOfAtMost(count, own.length, share) <= leastChance) spared.push(word)
  }
  return { leftOut, spared }
}

/** The binomial chance of so many hits, or fewer, in so many draws. */
function chanceOfAtMost(hits: number, draws: number, chance: number): number {
  let exactly = (1 - chance) ** draws
  let sum = exactly
  for (let hit = 1; hit <= hits; hit++) {
    exactly *= ((draws - hit + 1) / hit) * (chance / (1 - chance))
    sum += exactly
  }
  return sum
}

export interface Said {
  before: string
  caption: string
  after: string
}

/** Says what the model said as the person would have. */
export function sayIn({ opening, closing, goesOnSmall, leftOut }: Manner, caption: string): Said {
  const kept = cutIntoPieces(caption).filter((piece) => !leftOut.includes(plain(piece)))
  const text = kept.join('').trim()
  if (opening.text === '' && kept.length === 0) return { before: '', caption, after: closing.text }
  const first = text.charAt(0)
  const isSmall = goesOnSmall && (opening.text !== '' || leftOut.length > 0)
  const rest =
    (isSmall ? first.toLowerCase() : wasCapital(caption) ? first.toUpperCase() : first) + text.slice(1)
  const isAfterOther = opening.text !== '' && rest !== ''
  return { before: opening.text, caption: isAfterOther ? ` ${rest}` : rest, after: closing.text }
}

function wasCapital(caption: string): boolean {
  return caption.charAt(0) !== caption.charAt(0).toLowerCase()
}

/** Words and signs, each with the space before it, so that together they are the text. */
function cutIntoPieces(text: string): string[] {
  return text.trim().match(/\s*[\p{L}\p{M}\p{N}'’-]+|\s*[^\p{L}\p{M}\p{N}]/gu) ?? []
}

/**
 * The longest run of pieces with which captions begin, each of them far more often than the model would go on so: also where
 * it would begin so, for what follows an opening is often a beginning ("Today we saw a …"). No caption is all of it.
 */
function findShared(own: readonly string[][], usual: readonly string[][]): { run: string[]; share: number } {
  const run: string[] = []
  let share = 0
  for (;;) {
    const going = own.filter((pieces) => beginsWith(pieces, run) && pieces.length > run.length + 1)
    const [next] = [...Map.groupBy(going, (pieces) => pieces[run.length]!)].sort(
      ([, a], [, b]) => b.length - a.length,
    )
    if (!next) return { run, share }
    const [piece, { length }] = next
    const word = plain(piece)
    const asUsual = usual.filter((pieces) => pieces.length > 0 && plain(pieces[0]!) === word).length
    if (length / own.length - asUsual / Math.max(1, usual.length) < leastSurplus) return { run, share }
    run.push(piece)
    share = length / own.length
  }
}

function beginsWith(pieces: readonly string[], run: readonly string[]): boolean {
  return run.every((piece, index) => pieces[index] === piece)
}

function plain(piece: string): string {
  return piece.trim().toLowerCase()
}
