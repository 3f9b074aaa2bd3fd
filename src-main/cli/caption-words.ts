import type { CaptionDoubt, CaptionSource } from '../contract/records.ts'

/** A caption for the terminal, with what its model doubts. */
export function formatWords(
  text: string,
  { isUnsure, doubtfulWords, source = 'model' }: CaptionDoubt & { source?: CaptionSource },
): string {
  if (text === '') return source === 'person' ? '(no caption)' : '(nothing to see)'
  const doubtful = doubtfulWords.map(([start, end]) => text.slice(start, end))
  const doubts = [isUnsure ? 'unsure' : '', doubtful.length > 0 ? `doubtful: ${doubtful.join(', ')}` : '']
  const said = doubts.filter(Boolean).join('; ')
  return said === '' ? text : `${text} (${said})`
}
