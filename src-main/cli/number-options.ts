import { InvalidArgumentError } from 'commander'

export function toCount(text: string): number {
  return toWhole(text, 1, Number.MAX_SAFE_INTEGER)
}

export function toNumber(text: string): number {
  const number = Number(text)
  if (text !== '' && Number.isFinite(number)) return number
  throw new InvalidArgumentError('It is a number.')
}

/** How many photos one answer lists. */
export function toPageSize(text: string): number {
  return toWhole(text, 1, 1000)
}

/** Of a photo among others, from 0 on. */
export function toPlace(text: string): number {
  return toWhole(text, 0, Number.MAX_SAFE_INTEGER)
}

function toWhole(text: string, least: number, most: number): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isInteger(number) && number >= least && number <= most) return number
  const upTo = most < Number.MAX_SAFE_INTEGER ? `to ${most.toLocaleString('en')}` : 'on'
  throw new InvalidArgumentError(`It is a whole number from ${least} ${upTo}.`)
}
