/** A word from its end to its beginning: what ends so is found by what that begins with. */
export function reverse(word: string): string {
  return [...word].reverse().join('')
}
