import { hash } from 'node:crypto'

/**
 * What is left to chance, the same for the same seed.
 * @returns numbers from 0 to below 1, one a call.
 */
export function createChance(seed: number | string): () => number {
  let drawn = 0
  return () => Number.parseInt(hash('sha256', `${seed} ${drawn++}`, 'hex').slice(0, 8), 16) / 2 ** 32
}
