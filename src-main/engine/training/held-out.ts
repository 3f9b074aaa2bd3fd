import type { AdapterComparison, TrainingExample } from '../../contract/training.ts'
import type { Look } from './course.ts'
import { createCider, scoreCaptions, wordsOf } from './metrics.ts'
import { type JudgedPhoto, judge } from './verdict.ts'

type Said = Look['photos'][number]

/**
 * Puts what two adapters said of the same photos side by side. How rare words are is counted in the captions of all labels
 * and in what was said of them before: a manner that all of a person's captions have is worth something where the model
 * had it not.
 */
export function compareSaid(
  examples: readonly TrainingExample[],
  before: readonly Said[],
  after: readonly Said[],
  seed: number,
): AdapterComparison {
  const labelled = examples.filter(({ kind, captions }) => kind === 'label' && captions.length > 0)
  const score = createCider([
    ...labelled.map(({ captions }) => captions.map(({ text }) => wordsOf(text))),
    ...before.map(({ caption }) => [wordsOf(caption ?? '')]),
  ])
  const saidAfter = new Map(after.map((said) => [said.example, said]))
  const photos = before.map((said): JudgedPhoto => {
    const { contentHash, captions, group } = examples[said.example]!
    const now = saidAfter.get(said.example)!
    const own = captions.map(({ text }) => text)
    const ciderOf = (caption: string) =>
      100 * score({ candidate: wordsOf(caption), references: own.map(wordsOf) })
    return {
      contentHash,
      group,
      before: said.caption ?? '',
      after: now.caption ?? '',
      own,
      ciderBefore: ciderOf(said.caption ?? ''),
      ciderAfter: ciderOf(now.caption ?? ''),
      lossBefore: said.loss,
      lossAfter: now.loss,
    }
  })
  return {
    ...judge(photos, seed),
    scores:
      photos.length === 0 ? null : { before: scoreAll(photos, 'before'), after: scoreAll(photos, 'after') },
  }
}

/** Over the set as a whole, as the COCO evaluation does. */
function scoreAll(photos: readonly JudgedPhoto[], side: 'before' | 'after') {
  const { bleu, rougeL, cider } = scoreCaptions(
    photos.map((photo) => ({ candidate: wordsOf(photo[side]), references: photo.own.map(wordsOf) })),
  )
  return { cider: 100 * cider, bleu4: 100 * bleu[3], rougeL: 100 * rougeL }
}
