import { onceAsked } from './once-asked.ts'

const list = onceAsked(() => new Intl.ListFormat('en', { type: 'conjunction' }))

/** Words as they were said, in one list: “kite” and “dog”. */
export function quoted(words: readonly string[]): string {
  return list().format(words.map((word) => `“${word}”`))
}
