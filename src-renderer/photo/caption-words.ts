import { onceAsked } from '../text/once-asked.ts'

/** A part of a caption, in order: words and what lies between them. */
export interface CaptionPart {
  text: string
  start: number
  end: number
  isWord: boolean
  isDoubtful: boolean
}

const segmenter = onceAsked(() => new Intl.Segmenter(undefined, { granularity: 'word' }))

/** Takes a caption apart into its words, also where none are spaced. @param doubtful UTF-16 offsets of words */
export function partsOfCaption(
  text: string,
  doubtful: readonly (readonly [start: number, end: number])[] = [],
): CaptionPart[] {
  return [...segmenter().segment(text)].map(({ segment, index, isWordLike }) => {
    const end = index + segment.length
    return {
      text: segment,
      start: index,
      end,
      isWord: isWordLike ?? false,
      isDoubtful: doubtful.some(([from, to]) => index < to && end > from),
    }
  })
}

/** Of words with offsets, the one that has or touches the part from `start` to `end`. */
export function wordAt<Word extends { start: number; end: number }>(
  words: readonly Word[],
  start: number,
  end: number,
): number {
  return words.findIndex((word) => word.start < end && word.end > start)
}
