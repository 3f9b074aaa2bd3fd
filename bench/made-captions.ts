/** What captions of made photos are made of. */
export const words = 'dog cat child boat house red green snow beach street two runs'.split(' ')

/** The same for the same photo in every library that is made. */
export function captionOf(id: number): string {
  const word = (n: number) => words[(id * (2 * n + 7) + (id >> n)) % words.length]
  return `a ${word(1)} ${word(2)} and a ${word(3)} on the ${word(4)} number ${id % 30_000}`
}
