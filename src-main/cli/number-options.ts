import { InvalidArgumentError } from 'commander'

/** What reads a whole number from one to another, both included. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const upTo = most < Number.MAX_SAFE_INTEGER ? `to ${most.toLocaleString('en')}` : 'on'
  return (text) => {
    const number = Number(text)
    if (text.trim() !== '' && Number.isInteger(number) && number >= least && number <= most) return number
    throw new InvalidArgumentError(`It is a whole number from ${least} ${upTo}.`)
  }
}

export const toCount = wholeNumber(1)

export function toNumber(text: string): number {
  const number = Number(text)
  if (text !== '' && Number.isFinite(number)) return number
  throw new InvalidArgumentError('It is a number.')
}
