/** To 1, 2 or 5 times a power of ten: where the scale of a drawing ends. */
export function roundUp(value: number): number {
  if (value <= 0) return 0
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((times) => times * power).find((round) => round >= value)!
}
