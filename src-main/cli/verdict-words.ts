import type { AdapterFigures } from '../contract/rooms/adapters.ts'
import type { HeldOut } from '../contract/rooms/teaching.ts'
import { printable } from './output.ts'

const shownPhotos = 20

/** What came of a comparison, in sentences that claim no more than was measured. */
export function verdictSentences({ verdict, better, worse, same, cider }: AdapterFigures): string[] {
  const compared = better + worse + same
  if (compared === 0) {
    return ['There are too few labels to hold any out: nobody can tell whether it is better.']
  }
  const sentences = [`Better on ${better}, worse on ${worse}, same on ${same} of the photos held out.`]
  if (cider) {
    const { low, high } = cider.difference
    sentences.push(
      `CIDEr ${cider.before.mean.toFixed(1)} before, ${cider.after.mean.toFixed(1)} after; the difference is ${signed(cider.difference.mean)}, with 95 % certainty between ${signed(low)} and ${signed(high)}.`,
    )
  }
  const last = {
    better: 'That is better, beyond chance.',
    'not-better': 'That is not better.',
    'too-few': 'These are too few labels to tell that from chance.',
  }
  return [...sentences, last[verdict]]
}

/** Before, after, and the person's own words of the first held-out photos, and the figures of all. */
export function verdictTable(photos: readonly HeldOut[], figures: AdapterFigures): string {
  const signs = { better: '+', worse: '-', same: '=' }
  const lines = photos
    .slice(0, shownPhotos)
    .flatMap(({ photo, before, after, own, comparison, ciderBefore, ciderAfter }) => [
      `${signs[comparison]} ${photo === null ? 'A photo that is gone' : `Photo ${photo}`}\tCIDEr ${ciderBefore.toFixed(0)} → ${ciderAfter.toFixed(0)}`,
      `\tbefore\t${printable(before)}`,
      `\tafter\t${printable(after)}`,
      ...own.map((text) => `\tyours\t${printable(text)}`),
    ])
  if (photos.length > shownPhotos) lines.push(`… and ${photos.length - shownPhotos} more`)
  const { loss } = figures
  if (loss) {
    lines.push(
      `Loss on your words: ${loss.before.mean.toFixed(3)} before, ${loss.after.mean.toFixed(3)} after.`,
    )
  }
  return lines.join('\n')
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`
}
