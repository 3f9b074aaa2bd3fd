import { fold, tokenize } from '../../contract/words.ts'

/** A name from the beginning of each of its words on, folded: what may be typed of it. */
export function beginningsOf(name: string): string[] {
  const words = tokenize(name).map((token) => token.text)
  const beginnings = words.map((_, at) => words.slice(at).join(' '))
  // Typing goes on with what a name begins with, also where that is a sign.
  return beginnings.length > 0 ? [...new Set(beginnings)] : [fold(name)]
}
