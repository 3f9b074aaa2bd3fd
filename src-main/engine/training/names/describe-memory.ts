/**
 * The first row of a visual memory, which stands for the whole picture, then the mean and the maximum of all its rows. The
 * caption graph computes the same (`model/names.ts`).
 * @param memory `[1+N, dv]`
 * @returns `[3·dv]`
 */
export function describeMemory(memory: Float32Array, width: number): Float32Array {
  const rows = memory.length / width
  const description = new Float32Array(3 * width)
  description.set(memory.subarray(0, width))
  const means = description.subarray(width, 2 * width)
  const largest = description.subarray(2 * width).fill(Number.NEGATIVE_INFINITY)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      const value = memory[row * width + column]!
      means[column]! += value / rows
      if (value > largest[column]!) largest[column] = value
    }
  }
  return description
}
