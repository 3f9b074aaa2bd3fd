import type { DerivedPlace } from './records.ts'

/** From the smallest to the largest. */
export function placeNames({ town, city, country }: DerivedPlace): string[] {
  return [town, city, country].filter((name) => name !== null)
}
