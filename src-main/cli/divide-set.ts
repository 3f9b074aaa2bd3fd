import { createHash } from 'node:crypto'
import type { TrainingExample } from '../contract/training.ts'
import type { SetExample } from './set-examples.ts'

/** Of a set that says nothing of its parts, to be judged by; as much again tells when to stop. */
const heldOutShare = 0.05

/**
 * What of a set is learned, what tells when to stop (fold 1) and what it is judged by (fold 0). The set's own parts count where
 * it has them; else chance decides, by content, the same for the same seed.
 * @param judged other photos to judge by; those of the set that have the same content are not learned
 */
export function divideSet(
  examples: readonly SetExample[],
  judged: readonly SetExample[] | null,
  seed: number,
): TrainingExample[] {
  const known = new Set(judged?.map(({ contentHash }) => contentHash))
  const hasParts = examples.some(({ split }) => split === 'validation')
  const hasTest = examples.some(({ split }) => split === 'test')
  const foldOf = ({ split, contentHash }: SetExample): number | null => {
    const chance = chanceOf(contentHash, seed)
    if (!hasParts) {
      if (chance < heldOutShare) return judged ? 1 : 0
      return chance < 2 * heldOutShare && !judged ? 1 : null
    }
    if (split === 'test') return 0
    if (split !== 'validation') return null
    return hasTest || judged || chance < 0.5 ? 1 : 0
  }
  const own = examples
    .filter(({ contentHash, split }) => !known.has(contentHash) && !(judged && split === 'test'))
    .map((example) => place(example, foldOf(example)))
  return [...own, ...(judged ?? []).map((example) => place(example, 0))]
}

function place({ split: _split, ...example }: SetExample, fold: number | null): TrainingExample {
  return { ...example, fold }
}

/** From 0 to 1. */
function chanceOf(contentHash: string, seed: number): number {
  const digest = createHash('sha256').update(`${seed} ${contentHash}`).digest()
  return digest.readUInt32BE(0) / 2 ** 32
}
