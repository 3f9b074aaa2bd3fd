/** Words with a stop at their end, so that what is said after them is heard apart. */
export function asSentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`
}
