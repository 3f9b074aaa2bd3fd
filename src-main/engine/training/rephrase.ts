import type { Prediction } from './batch-feeds.ts'
import { type Manner, type Said, sayIn } from './manner.ts'
import type { Material } from './material.ts'
import type { Replayed } from './replay.ts'
import { encodeCaption } from './texts.ts'

/**
 * Has what the model said of photos said in a person's manner: the manner's own words are told, for they are the same whatever is in the
 * picture, and of the rest the model is held to what it expected before, when it said the same words in its own manner. Without a
 * manner that is what was noted.
 */
export function rephrase(
  replayed: readonly Replayed[],
  manner: Manner,
  material: Pick<Material, 'toText' | 'tokenizer'>,
): Replayed[] {
  const has = { opening: spread(manner.opening.share), closing: spread(manner.closing.share) }
  return replayed.map((each, index) => {
    const said = sayIn(
      {
        ...manner,
        opening: has.opening(index) ? manner.opening : none,
        closing: has.closing(index) ? manner.closing : none,
      },
      material.tokenizer.decode(each.text.tokens.slice(1)),
    )
    return said.before === '' && said.after === '' && manner.leftOut.length === 0
      ? each
      : rephraseOne(each, said, material)
  })
}

const none = { text: '', share: 0 }

/** Says of as many photos as the share of captions is, far from each other. */
function spread(share: number): (index: number) => boolean {
  return (index) => Math.floor((index + 1) * share) > Math.floor(index * share)
}

function rephraseOne(
  { text, prediction }: Replayed,
  { before, caption, after }: Said,
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
    prediction: movePrediction(prediction, sources),
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
    ids: new BigInt64Array(sources.length * count),
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
