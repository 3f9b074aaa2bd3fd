import type { Replacement, ReplacementOptions } from '../../contract/rooms/captions.ts'
import type { CaptionStore } from '../store/captions.ts'
import type { PhotoStore } from '../store/photos.ts'

/** Every place in `text` where `find` stands, replaced; `replace` is taken literally. */
export function replaceInText(text: string, options: ReplacementOptions): string {
  return text.replaceAll(patternOf(options), () => options.replace)
}

function patternOf({ find, matchCase, wholeWords }: ReplacementOptions): RegExp {
  // What begins or ends with a sign has no word's edge there.
  const before = wholeWords && /^[\p{L}\p{N}]/u.test(find) ? '(?<![\\p{L}\\p{N}])' : ''
  const after = wholeWords && /[\p{L}\p{N}]$/u.test(find) ? '(?![\\p{L}\\p{N}])' : ''
  return new RegExp(before + RegExp.escape(find) + after, matchCase ? 'gu' : 'giu')
}

/**
 * What a replacement would do to the current captions, without doing it. A caption that would become empty
 * is left out: nothing is a worse caption than the one there is. So is one of which only the beginning is here.
 */
export function planReplacement(
  captions: CaptionStore,
  photos: PhotoStore,
  options: ReplacementOptions,
): Replacement[] {
  const changed = new Map<number, { before: string; after: string }>()
  for (const { photoId, text } of captions.eachWhole()) {
    const after = replaceInText(text, options).trim()
    if (after !== text && after !== '') changed.set(photoId, { before: text, after })
  }
  return photos
    .byIds([...changed.keys()])
    .map(({ id, path }) => ({ photoId: id, path, ...changed.get(id)! }))
    .sort((a, b) => a.photoId - b.photoId)
}
