import type { CaptionDoubt } from '../contract/records.ts'

/** A model's caption for the terminal, with what it doubts. */
export function formatWords(text: string, { isUnsure, doubtfulWords }: CaptionDoubt): string {
  if (text === '') return '(nothing to see)'
  const doubtful = doubtfulWords.map(([start, end]) => text.slice(start, end))
  const doubts = [isUnsure ? 'unsure' : '', doubtful.length > 0 ? `doubtful: ${doubtful.join(', ')}` : '']
  const said = doubts.filter(Boolean).join('; ')
  return said === '' ? text : `${text} (${said})`
}
