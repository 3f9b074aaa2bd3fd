import { labelsForOneSplit } from '../../contract/label-kinds.ts'
import { type TrainingPlan, usualFolds } from '../../contract/training.ts'

/** Of fewer groups none can be held out: what is left says too little, and what is held out, too. */
export const fewestGroups = 4
/** From so many labels on, a tenth of them is enough to judge by. */
const labelsForTenths = 500

export interface Split {
  heldOut: TrainingPlan['heldOut']
  folds: number
  /** Of each group; a group that is not there is never held out. */
  foldOf: Map<number, number>
}

/**
 * Divides labelled photos, by their groups, into parts that are held out: near duplicates are in one part.
 * @param groups of each labelled photo that may be held out.
 * @param random from 0 to below 1
 */
export function splitByGroups(groups: readonly number[], random: () => number): Split {
  const sizes = [...Map.groupBy(groups, (group) => group)].map(([group, photos]) => ({
    group,
    photos: photos.length,
    turn: random(),
  }))
  if (sizes.length < fewestGroups) return { heldOut: 'none', folds: 0, foldOf: new Map() }
  const isOne = groups.length >= labelsForOneSplit
  const folds = Math.min(groups.length >= labelsForTenths ? 2 * usualFolds : usualFolds, sizes.length)
  const filled = new Array<number>(folds).fill(0)
  const foldOf = new Map<number, number>()
  // The largest first, each to the part with the fewest photos: the parts are about equal.
  for (const { group, photos } of sizes.sort((a, b) => b.photos - a.photos || a.turn - b.turn)) {
    const fold = filled.indexOf(Math.min(...filled))
    foldOf.set(group, fold)
    filled[fold]! += photos
  }
  return { heldOut: isOne ? 'one' : 'each', folds, foldOf }
}
