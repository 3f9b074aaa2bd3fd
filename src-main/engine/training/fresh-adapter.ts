import type { FrozenDecoder } from './step-graph.ts'
import { describeTensors } from './step-graph.ts'

/**
 * An adapter that changes nothing yet: what it adds (`o_proj`) is zero, the rest uniform within `±1/√in`, biases zero.
 * @param random numbers from 0 to 1
 */
export function makeFreshAdapter(frozen: FrozenDecoder, random: () => number): Map<string, Float32Array> {
  const tensors = new Map<string, Float32Array>()
  for (const [name, shape] of describeTensors(frozen)) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
    const [, width] = shape
    if (width !== undefined && !name.includes('.o_proj.')) {
      const bound = 1 / Math.sqrt(width)
      for (let index = 0; index < data.length; index++) data[index] = bound * (2 * random() - 1)
    }
    tensors.set(name, data)
  }
  return tensors
}
