export const width = 256

/** The same in every run. */
function createChance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Near enough to normal: the sum of four uniform numbers, of deviation 1. */
const scatter = (chance: () => number) => (chance() + chance() + chance() + chance() - 2) * Math.sqrt(3)

/** Of the pictures of Flickr8k train, along the n-th principal direction; it falls faster in the end. */
const deviationOf = (n: number) => Math.min(0.228 / (1 + n / 22), 0.0415 * Math.exp((96 - n) / 65))

function madeVector(chance: () => number): Float32Array {
  return Float32Array.from({ length: width }, (_, n) => deviationOf(n) * scatter(chance))
}

/** Turned (Walsh-Hadamard), so that no number of a vector tells more than another, and of unit length. */
function toDirection(made: Float32Array): Float32Array {
  for (let half = 1; half < width; half *= 2) {
    for (let n = 0; n < width; n++) {
      if (n & half) continue
      const [a, b] = [made[n]!, made[n + half]!]
      made[n] = a + b
      made[n + half] = a - b
    }
  }
  const length = Math.hypot(...made)
  return made.map((x) => x / length)
}

/** Vectors in groups, that scatter along their directions as the embeddings of photos by `lenslore-v1` do; the same in every run. */
export function createMadeVectors(groups: number) {
  const chance = createChance(1)
  const centres = Array.from({ length: groups }, () => madeVector(chance))
  return {
    chance,
    centres,
    /** Of unit length. @param share of it that is its own */
    vectorNear(centre: Float32Array, share = 0.6): Float32Array {
      const rest = Math.sqrt(1 - share * share)
      return toDirection(madeVector(chance).map((x, n) => share * x + rest * centre[n]!))
    },
  }
}
