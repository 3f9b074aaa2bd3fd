import {
  bestRate,
  isSameWay,
  type ProviderAttempt,
  type ProviderTrial,
  type Way,
} from '../contract/providers.ts'
import { counted } from './counted.ts'

const nameOf = ({ provider, precision }: Way) =>
  precision === 'fp32' ? provider : `${provider} in ${precision}`

/** In one line: what a model runs on here, and why. */
export function formatChoice(trial: ProviderTrial | null): string {
  if (!trial) return 'the processor: not measured on this machine yet'
  if (trial.finishedMs === null) return 'the processor: the trial of this machine is not over'
  const { chosen, attempts } = trial
  if (!chosen) return 'the processor: nothing could be measured'
  const { threads, batchSize } = chosen
  const others = attempts.filter((attempt) => nameOf(attempt) !== nameOf(chosen))
  const reasons = others.map((attempt) => `${nameOf(attempt)} ${formatOutcome(attempt)}`)
  const rate = bestRate(attempts.find((each) => isSameWay(each, chosen))!)
  const facts = [counted(threads, 'thread'), `batches of ${batchSize}`, `${rate.toFixed(1)} photos/s`]
  return [`${nameOf(chosen)} (${facts.join(', ')})`, ...reasons].join('; ')
}

/** All that was tried, a line each. */
export function formatAttempts({ attempts, chosen }: ProviderTrial): string[] {
  return attempts.map((attempt) => {
    const isChosen = chosen !== null && isSameWay(chosen, attempt)
    const rates = attempt.rates.map(
      ({ batchSize, photosPerSecond }) => `${photosPerSecond.toFixed(1)} at batch ${batchSize}`,
    )
    const figures = rates.length > 0 ? `: photos/s ${rates.join(', ')}` : ''
    const opened = attempt.openMs === null ? '' : `, open in ${(attempt.openMs / 1000).toFixed(1)} s`
    const outcome = attempt.state === 'measured' ? '' : `, ${formatOutcome(attempt)}`
    const way = `${nameOf(attempt)}, ${counted(attempt.threads, 'thread')}`
    return `${way}${opened}${figures}${outcome}${isChosen ? ' (in use)' : ''}`
  })
}

function formatOutcome(attempt: ProviderAttempt): string {
  const { state, message } = attempt
  if (state === 'measured') return `does ${bestRate(attempt).toFixed(1)}`
  if (state === 'trying') return 'is being tried'
  const verdict = {
    unavailable: 'is not available',
    disagrees: 'is not right',
    unproven: 'is not taken',
    died: 'died',
  }[state]
  return message ? `${verdict} (${message.replace(/\.$/, '')})` : verdict
}
