/** By two sums, which the processor does side by side. @param rows of which one begins at `first`, as long as the vector */
export function dot(vector: Float32Array, rows: Float32Array, first = 0): number {
  let [even, odd] = [0, 0]
  let n = 0
  for (; n + 1 < vector.length; n += 2) {
    even += rows[first + n]! * vector[n]!
    odd += rows[first + n + 1]! * vector[n + 1]!
  }
  if (n < vector.length) even += rows[first + n]! * vector[n]!
  return even + odd
}
