import { onceAsked } from './once-asked.ts'

const list = onceAsked(() => new Intl.ListFormat('en', { type: 'conjunction' }))

/** In one list: kite and dog. */
export const listed = (parts: readonly string[]): string => list().format(parts)

/** Words as they were said, in one list: “kite” and “dog”. */
export function quoted(words: readonly string[]): string {
  return listed(words.map((word) => `“${word}”`))
}
