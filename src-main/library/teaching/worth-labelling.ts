import { tokenize } from '../../contract/words.ts'
import type { Candidate } from '../store/labels.ts'

/** Of a model that was not calibrated. */
const unknownDoubt = 0.5
/** What a photo loses that is described as one before it, where the doubt of it is 1 at most. */
const sameness = 0.7

/**
 * Which photos are most worth a person's words: captions that are likely to be wrong, and such as say other things than those
 * before them, for ten photos of one beach teach less than ten of ten places.
 * @returns at most `limit`, the most worth first.
 */
export function chooseWorthLabelling(candidates: readonly Candidate[], limit: number): Candidate[] {
  const left = candidates.map((candidate) => ({
    candidate,
    words: new Set(tokenize(candidate.text).map(({ stem }) => stem)),
    doubt: 1 - (candidate.confidence ?? 1 - unknownDoubt),
    likeness: 0,
  }))
  const chosen: Candidate[] = []
  while (chosen.length < limit && left.length > 0) {
    let best = 0
    for (const [at, each] of left.entries()) if (worthOf(each) > worthOf(left[best]!)) best = at
    const [next] = left.splice(best, 1)
    chosen.push(next!.candidate)
    for (const each of left) each.likeness = Math.max(each.likeness, likenessOf(each.words, next!.words))
  }
  return chosen
}

function worthOf({ doubt, likeness }: { doubt: number; likeness: number }): number {
  return doubt - sameness * likeness
}

/** Words in common, of all words. */
function likenessOf(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 && b.size === 0) return 1
  return a.intersection(b).size / a.union(b).size
}
