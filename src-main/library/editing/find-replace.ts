import type { ReplacementOptions } from '../../contract/rooms/captions.ts'
import type { CaptionStore } from '../store/captions.ts'

/** What a replacement makes of one current caption. */
export interface ReplacedCaption {
  photoId: number
  captionId: number
  before: string
  after: string
}

/**
 * Every place in `text` where `find` stands, replaced; `replace` is taken literally. Where words are taken out, what is left stands
 * together as if they had never been there; other spaces stay as they were.
 */
export function replaceInText(text: string, options: ReplacementOptions): string {
  const { replace } = options
  let replaced = ''
  let at = 0
  for (const { index, 0: found } of text.matchAll(patternOf(options))) {
    replaced = putTogether(putTogether(replaced, text.slice(at, index)), replace)
    at = index + found.length
  }
  return at === 0 ? text : putTogether(replaced, text.slice(at))
}

/** One space where both have some, and none at the beginning or end of a line, before a comma or behind a bracket. */
function putTogether(before: string, after: string): string {
  const [left, right] = [before.replace(/[ \t]+$/, ''), after.replace(/^[ \t]+/, '')]
  if (right !== after && /(^|[\n([{«“‘])$/.test(left)) return left + right
  if (left !== before && (right.startsWith('\n') || /^[,.;:!?)\]}»”’…]/.test(after))) return left + right
  return left !== before && right !== after ? `${left} ${right}` : before + after
}

function patternOf({ find, matchCase, wholeWords }: ReplacementOptions): RegExp {
  // What begins or ends with a sign has no word's edge there.
  const before = wholeWords && /^[\p{L}\p{N}]/u.test(find) ? '(?<![\\p{L}\\p{N}])' : ''
  const after = wholeWords && /[\p{L}\p{N}]$/u.test(find) ? '(?![\\p{L}\\p{N}])' : ''
  return new RegExp(before + RegExp.escape(find) + after, matchCase ? 'gu' : 'giu')
}

/** Whole current captions, a slice after the other: how many photos were looked at, none at the end, and those that have one. */
export type NextCaptions = (limit: number) => {
  looked: number
  whole: ReturnType<CaptionStore['wholeAfter']>
}

/** All captions, in the order of the photos' ids. */
export function allCaptions(captions: Pick<CaptionStore, 'wholeAfter'>): NextCaptions {
  let last = 0
  return (limit) => {
    const whole = captions.wholeAfter(last, limit)
    last = whole.at(-1)?.photoId ?? last
    return { looked: whole.length, whole }
  }
}

/**
 * What a replacement would do to current captions, without doing it. A caption that would become empty is left out: nothing is a
 * worse caption than the one there is. So is one of which only the beginning is here.
 * @param take told of every caption that would change.
 * @returns what does it in slices: it gets how many captions to look at, and answers with how many it did.
 */
export function planReplacement(
  next: NextCaptions,
  options: ReplacementOptions,
  take: (replaced: ReplacedCaption) => void,
): (limit: number) => number {
  return (limit) => {
    const { looked, whole } = next(limit)
    for (const { photoId, id: captionId, text: before } of whole) {
      const after = replaceInText(before, options).trim()
      if (after !== before && after !== '') take({ photoId, captionId, before, after })
    }
    return looked
  }
}
