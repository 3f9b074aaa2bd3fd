import type { TextAttention } from './records.ts'

export const lookPlaces = [
  'upper left',
  'upper middle',
  'upper right',
  'middle left',
  'middle',
  'middle right',
  'lower left',
  'lower middle',
  'lower right',
] as const

/** Where in a picture a word was looked for most, to be said in words: the ninth of it with the greatest weight. */
export function lookPlace(
  { rows, columns }: Pick<TextAttention, 'rows' | 'columns'>,
  weights: Float32Array,
): (typeof lookPlaces)[number] {
  const ninths = new Float64Array(9)
  for (const [at, weight] of weights.entries()) {
    const row = Math.floor((3 * (Math.floor(at / columns) + 0.5)) / rows)
    const column = Math.floor((3 * ((at % columns) + 0.5)) / columns)
    ninths[3 * row + column]! += weight
  }
  return lookPlaces[ninths.indexOf(Math.max(...ninths))]!
}
