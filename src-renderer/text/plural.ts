import { onceAsked } from './once-asked.ts'

/** Of English, as all that the catalogues in English are made of. */
const rules = onceAsked(() => new Intl.PluralRules('en'))
const digits = onceAsked(() => new Intl.NumberFormat('en'))
export const numbers = { format: (value: number): string => digits().format(value) }

/** `plural(3, 'photo', 'photos')` is `3 photos`. */
export function plural(count: number, one: string, other: string): string {
  return `${numbers.format(count)} ${rules().select(count) === 'one' ? one : other}`
}
