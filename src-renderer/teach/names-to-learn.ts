import type { NameKind } from '../../src-main/contract/adapters.ts'
import type { NameInLabels } from '../../src-main/contract/rooms/teaching.ts'

/** What a person said of names, by their texts; of the others nothing yet. */
export interface NameChoices {
  isLearned: ReadonlyMap<string, boolean>
  isPerson: ReadonlyMap<string, boolean>
}

export const noChoices: NameChoices = { isLearned: new Map(), isPerson: new Map() }

/** Without a word of the person's: what is surely a name, and no person's, and was not forgotten. */
export function isLearned(
  { text, isCertain, isPerson, isForgotten }: NameInLabels,
  choices: NameChoices,
): boolean {
  return choices.isLearned.get(text) ?? (isCertain && !isPerson && !isForgotten)
}

export function kindOf(name: NameInLabels, choices: NameChoices): NameKind {
  return (choices.isPerson.get(name.text) ?? name.isPerson) ? 'person' : 'other'
}

/** What a training is asked to learn. */
export function namesToLearn(
  found: readonly NameInLabels[],
  choices: NameChoices,
): { text: string; kind: NameKind }[] {
  return found
    .filter((name) => isLearned(name, choices))
    .map((name) => ({ text: name.text, kind: kindOf(name, choices) }))
}
