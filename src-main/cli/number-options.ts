import { InvalidArgumentError } from 'commander'

export function toCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new InvalidArgumentError('It is a whole number from 1 on.')
}

export function toNumber(text: string): number {
  const number = Number(text)
  if (text !== '' && Number.isFinite(number)) return number
  throw new InvalidArgumentError('It is a number.')
}
