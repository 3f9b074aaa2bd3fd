import { fitLogistic, type LinearRule, toRows } from './logistic-regression.ts'

/** How much a rule of few captions is held back. */
const ridge = 1

/**
 * Where in a caption a person says a name: a linear rule over what the decoder chooses its next word from. It is learned from the
 * words of the captions that have the name, up to it.
 * @param begins the decoder's last hidden rows `[d]` from which the name was said
 * @param others those before it, from which it was not
 * @returns its sums are log-odds, a little raised
 */
export function trainPlace(
  begins: readonly Float32Array[],
  others: readonly Float32Array[],
  width: number,
): LinearRule {
  // Captions that only ever begin with the name, or have it in quotes alone, show nothing to tell its place by.
  if (begins.length === 0) return { weight: new Float32Array(width), bias: hardly }
  if (others.length === 0) return { weight: new Float32Array(width), bias: surely }
  const labels = [...begins.map(() => 1), ...others.map(() => 0)]
  const counts = labels.map(() => 1)
  const { weight, bias } = fitLogistic(toRows([...begins, ...others]), labels, counts, ridge)
  return { weight, bias: bias + raise }
}

/** In nats: what a decoder says by itself comes past fewer such places than what a person says, and should not miss them. */
const raise = 1
/** As log-odds, 98 and 10 %. */
const surely = 4
const hardly = -2.2

/** Where in a caption's tokens a name begins, as it begins a text or goes on with one; -1 where it is not in it. */
export function findTokens(
  caption: readonly number[],
  { startTokens, tokens }: { startTokens: readonly number[]; tokens: readonly number[] },
): number {
  if (startTokens.every((token, at) => caption[at] === token)) return 0
  return caption.findIndex(
    (_, at) => at > 0 && tokens.every((token, offset) => caption[at + offset] === token),
  )
}

/**
 * Which of a name's tokens tells it from what is said anyway: the first that ends a beginning of it which nothing else has.
 * @param tokens of the name
 * @param others what else is said, and other names, each as tokens
 * @param isStart whether it is told as the beginning of a text
 * @returns null where even the whole of it is said
 */
export function findParting(
  tokens: readonly number[],
  others: readonly (readonly number[])[],
  isStart: boolean,
): number | null {
  let ways = others.flatMap((text) => (isStart ? [0] : [...text.keys()]).map((from) => ({ text, from })))
  for (const [at, token] of tokens.entries()) {
    ways = ways.filter(({ text, from }) => text[from + at] === token)
    if (ways.length === 0) return at
  }
  return null
}
