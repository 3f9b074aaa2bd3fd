import type { Prediction } from './batch-feeds.ts'
import { type Manner, type Said, sayIn } from './manner.ts'
import type { Material } from './material.ts'
import type { Replayed } from './replay.ts'
import { encodeCaption } from './texts.ts'

/**
 * Has what the model said of photos said in a person's manner: the manner's own words are told, for they are the same whatever is in the
 * picture, and of the rest the model is held to what it expected before, when it said the same words in its own manner, less what
 * the person spares. Without a manner that is what was noted.
 */
export function rephrase(
  replayed: readonly Replayed[],
  manner: Manner,
  material: Pick<Material, 'toText' | 'tokenizer'>,
): Replayed[] {
  const spared = tokensOf(manner.spared, material)
  const has = { opening: spread(manner.opening.share), closing: spread(manner.closing.share) }
  return replayed.map((each, index) => {
    const said = sayIn(
      {
        ...manner,
        opening: has.opening(index) ? manner.opening : none,
        closing: has.closing(index) ? manner.closing : none,
      },
      material.tokenizer.decode(spare(each, spared)),
    )
    return said.before === '' && said.after === '' && manner.leftOut.length + spared.size === 0
      ? each
      : rephraseOne(each, said, spared, material)
  })
}

/** Of words that are one token each, as they are written within a sentence. */
function tokensOf(words: readonly string[], { tokenizer }: Pick<Material, 'tokenizer'>): ReadonlySet<number> {
  const encoded = words.map((word) => tokenizer.encode(` ${word}`))
  return new Set(encoded.filter(({ length }) => length === 1).flat())
}

/** So likely at least the model would have said at once what follows a word. */
const leastLikely = 0.02

/** @returns the caption's tokens without those words in whose place the model might as well have gone on at once */
function spare({ text, prediction }: Replayed, spared: ReadonlySet<number>): number[] {
  const said = text.tokens.slice(1)
  if (!prediction) return said
  return said.filter((token, at) => {
    const next = text.targets[at + 1]
    return !spared.has(token) || next === undefined || chanceOf(next, prediction, at) < leastLikely
  })
}

function chanceOf(token: number, { ids, probabilities, count }: Prediction, at: number): number {
  const place = ids.subarray(at * count, (at + 1) * count).indexOf(token)
  return place < 0 ? 0 : probabilities[at * count + place]!
}

/** Less than that says nothing of what else might follow. */
const leastOfOthers = 1e-3

/** What would be expected of one who never says some words, but where one of them was said or hardly another one expected. */
function withhold(
  { ids, probabilities, count }: Prediction,
  said: readonly number[],
  unsaid: ReadonlySet<number>,
): Prediction {
  const left = probabilities.slice()
  for (const [at, token] of said.entries()) {
    if (unsaid.has(token)) continue
    const row = left.subarray(at * count, (at + 1) * count)
    const isUnsaid = Array.from(row, (_, place) => unsaid.has(Number(ids[at * count + place])))
    const others = row.reduce((rest, chance, place) => (isUnsaid[place] ? rest - chance : rest), 1)
    if (others < leastOfOthers) continue
    for (const [place, chance] of row.entries()) row[place] = isUnsaid[place] ? 0 : chance / others
  }
  return { ids, probabilities: left, count }
}

const none = { text: '', share: 0 }

/** Says of as many photos as the share of captions is, far from each other. */
function spread(share: number): (index: number) => boolean {
  return (index) => Math.floor((index + 1) * share) > Math.floor(index * share)
}

function rephraseOne(
  { text, prediction }: Replayed,
  { before, caption, after }: Said,
  spared: ReadonlySet<number>,
  { toText, tokenizer }: Pick<Material, 'toText' | 'tokenizer'>,
): Replayed {
  const encode = (caption: string) => encodeCaption(tokenizer, caption)
  const rephrased = toText(text.example, encode(before + caption + after))
  if (!prediction) return { text: rephrased, prediction, isTold: () => true }
  const first = before === '' ? 0 : encode(before).length
  // Its end is the caption's own where nothing comes after it.
  const last = after === '' ? rephrased.targets.length : encode(before + caption).length
  const sources = alignTargets(
    text.targets,
    rephrased.targets,
    first,
    Math.min(last, rephrased.targets.length),
  )
  return {
    text: rephrased,
    prediction: movePrediction(withhold(prediction, text.targets, spared), sources),
    isTold: (at) => sources[at] === undefined,
  }
}

/**
 * @param first and `last` (without it): where what was said before may be
 * @returns of each target the place that it had before; undefined: it was not there. The most that are in the same order.
 */
function alignTargets(
  was: readonly number[],
  is: readonly number[],
  first: number,
  last: number,
): (number | undefined)[] {
  // Of what is left from there on, the longest common subsequence.
  const longest = Array.from({ length: is.length + 1 }, () => new Array<number>(was.length + 1).fill(0))
  for (let to = last - 1; to >= first; to--) {
    for (let from = was.length - 1; from >= 0; from--) {
      longest[to]![from] =
        was[from] === is[to]
          ? longest[to + 1]![from + 1]! + 1
          : Math.max(longest[to + 1]![from]!, longest[to]![from + 1]!)
    }
  }
  const sources = new Array<number | undefined>(is.length).fill(undefined)
  for (let to = first, from = 0; to < last && from < was.length; ) {
    if (was[from] === is[to]) sources[to++] = from++
    else if (longest[to + 1]![from]! >= longest[to]![from + 1]!) to++
    else from++
  }
  return sources
}

function movePrediction(
  { ids, probabilities, count }: Prediction,
  sources: readonly (number | undefined)[],
): Prediction {
  const moved = {
    ids: new Int32Array(sources.length * count),
    probabilities: new Float32Array(sources.length * count),
    count,
  }
  for (const [at, source] of sources.entries()) {
    if (source === undefined) continue
    moved.ids.set(ids.subarray(source * count, (source + 1) * count), at * count)
    moved.probabilities.set(probabilities.subarray(source * count, (source + 1) * count), at * count)
  }
  return moved
}
