import { labelsForOneSplit } from '../../contract/label-kinds.ts'
import type { AdapterComparison, HeldOutPhoto, MeasuredChange } from '../../contract/training.ts'
import { createRandom } from './random.ts'

/** What was measured of one held-out photo; `group` holds near duplicates together. */
export interface JudgedPhoto extends Omit<HeldOutPhoto, 'comparison'> {
  group: number
}

/** Below so many groups chance decides too much for any interval. */
const fewestGroups = 8
const resamples = 2000
/** CIDEr that is nearer is the same: half a point of a hundred. */
const sameWithin = 0.5

/**
 * Compares two adapters over the photos that neither learned from. A photo is better, worse or the same by its CIDEr; the
 * interval is the middle 95 % of a bootstrap over groups, for near duplicates say the same thing twice.
 */
export function judge(photos: readonly JudgedPhoto[], seed: number): Omit<AdapterComparison, 'scores'> {
  const told = photos.map(({ group: _group, ...photo }): HeldOutPhoto => {
    const gain = photo.ciderAfter - photo.ciderBefore
    const comparison = Math.abs(gain) < sameWithin ? 'same' : gain > 0 ? 'better' : 'worse'
    return { ...photo, comparison }
  })
  const count = (comparison: HeldOutPhoto['comparison']) =>
    told.filter((photo) => photo.comparison === comparison).length
  const groups = groupPhotos(photos)
  const cider = measureChange(groups, seed, ({ ciderBefore, ciderAfter }) => [ciderBefore, ciderAfter])
  const loss = measureChange(groups, seed, ({ lossBefore, lossAfter }) => [lossBefore, lossAfter])
  return {
    verdict: cider ? decide(cider.difference, groups) : 'too-few',
    cider,
    loss,
    photos: told,
    better: count('better'),
    worse: count('worse'),
    same: count('same'),
  }
}

/**
 * Of few photos some have a CIDEr far above the others', which makes the interval of a bootstrap too narrow for gains. So more
 * groups must have become better than worse, beyond chance, as well. The loss has no say: it falls where words become likely that
 * are still not said. A gain that may be chance is `too-few` where more photos could tell, and no gain
 * where there were many.
 */
function decide(
  cider: MeasuredChange['difference'],
  groups: readonly (readonly JudgedPhoto[])[],
): AdapterComparison['verdict'] {
  if (groups.length < fewestGroups) return 'too-few'
  if (cider.mean <= 0) return 'not-better'
  if (cider.low > 0 && probabilityOfSigns(groups) < 0.05) return 'better'
  return groups.length >= labelsForOneSplit ? 'not-better' : 'too-few'
}

/** That as many groups or more became better if each were as likely to become worse (the sign test). */
function probabilityOfSigns(groups: readonly (readonly JudgedPhoto[])[]): number {
  const gains = groups.map((group) =>
    group.reduce((sum, { ciderBefore, ciderAfter }) => sum + ciderAfter - ciderBefore, 0),
  )
  const changed = gains.filter((gain) => Math.abs(gain) >= sameWithin)
  const better = changed.filter((gain) => gain > 0).length
  // Logarithms: of a thousand coins each single outcome is too small for a number.
  let [logTerm, probability] = [changed.length * Math.log(0.5), 0]
  for (let count = 0; count <= changed.length; count++) {
    if (count >= better) probability += Math.exp(logTerm)
    logTerm += Math.log((changed.length - count) / (count + 1))
  }
  return probability
}

function groupPhotos(photos: readonly JudgedPhoto[]): JudgedPhoto[][] {
  return [...Map.groupBy(photos, ({ group }) => group).values()]
}

function measureChange(
  groups: readonly (readonly JudgedPhoto[])[],
  seed: number,
  read: (photo: JudgedPhoto) => [before: number, after: number],
): MeasuredChange | null {
  if (groups.length === 0) return null
  const pairs = groups.flat().map(read)
  const sums = groups.map((group) => ({
    count: group.length,
    gain: group.reduce((sum, photo) => sum + read(photo)[1] - read(photo)[0], 0),
  }))
  const random = createRandom(seed)
  const means = Array.from({ length: resamples }, () => {
    let [count, gain] = [0, 0]
    for (let draw = 0; draw < sums.length; draw++) {
      const drawn = sums[Math.floor(random() * sums.length)]!
      count += drawn.count
      gain += drawn.gain
    }
    return gain / count
  }).sort((a, b) => a - b)
  return {
    before: spreadOf(pairs.map(([before]) => before)),
    after: spreadOf(pairs.map(([, after]) => after)),
    difference: {
      mean: pairs.reduce((sum, [before, after]) => sum + after - before, 0) / pairs.length,
      low: means[Math.floor(0.025 * resamples)]!,
      high: means[Math.ceil(0.975 * resamples) - 1]!,
    },
  }
}

function spreadOf(numbers: readonly number[]): { mean: number; deviation: number } {
  const mean = numbers.reduce((sum, each) => sum + each, 0) / numbers.length
  const squares = numbers.reduce((sum, each) => sum + (each - mean) ** 2, 0)
  return { mean, deviation: numbers.length < 2 ? 0 : Math.sqrt(squares / (numbers.length - 1)) }
}
