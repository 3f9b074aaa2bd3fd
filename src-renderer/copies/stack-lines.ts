import type { Stack, StackPhoto } from '../../src-main/contract/records.ts'
import { copiesText } from '../text/english-copies.ts'

/** What is said of one photo beside the others of its stack, the most telling first; of equals the same. */
export function stackLines(stack: Stack, photo: StackPhoto): string[] {
  const rank = sharpnessRank(stack, photo)
  const ranked = stack.photos.filter(({ sharpness }) => sharpness !== null).length
  return [
    photo.id === stack.best && (photo.isChosen ? copiesText.chosen : copiesText.best),
    photo.kind !== null && copiesText.likeBest[photo.kind],
    pixelsOf(photo) === Math.max(...stack.photos.map(pixelsOf)) && copiesText.largest,
    rank !== null && (rank === 1 ? copiesText.sharpest : copiesText.sharpnessOf(rank, ranked)),
  ].filter((line) => line !== false)
}

/** The one that stands for all first, then the largest. */
export function inOrder({ best, photos }: Stack): StackPhoto[] {
  return photos.toSorted(
    (a, b) => Number(b.id === best) - Number(a.id === best) || pixelsOf(b) - pixelsOf(a) || a.id - b.id,
  )
}

/** 1 for the sharpest; null where nobody looked yet. */
function sharpnessRank({ photos }: Stack, { sharpness }: StackPhoto): number | null {
  if (sharpness === null) return null
  return 1 + photos.filter((other) => other.sharpness !== null && other.sharpness > sharpness).length
}

function pixelsOf({ widthPx, heightPx }: StackPhoto): number {
  return (widthPx ?? 0) * (heightPx ?? 0)
}
