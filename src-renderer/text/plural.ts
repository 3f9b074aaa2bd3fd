/** Of English, as all that the catalogues in English are made of. */
const rules = new Intl.PluralRules('en')
export const numbers = new Intl.NumberFormat('en')

/** `plural(3, 'photo', 'photos')` is `3 photos`. */
export function plural(count: number, one: string, other: string): string {
  return `${numbers.format(count)} ${rules.select(count) === 'one' ? one : other}`
}
