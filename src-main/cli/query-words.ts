import { LensloreError } from '../contract/errors.ts'

/**
 * The words of a query as they were typed. Commands that take one allow what begins with a dash, for `-dog` is a word of it.
 * @throws LensloreError `INVALID_ARGUMENT` for what begins with two
 */
export function toQuery(words: readonly string[]): string {
  const unknown = words.find((word) => word.startsWith('--'))
  if (unknown) throw new LensloreError('INVALID_ARGUMENT', `There is no option ${unknown}.`)
  return words.join(' ')
}
