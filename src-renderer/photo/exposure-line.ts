import type { Exposure } from '../../src-main/contract/records.ts'
import { formatDecimal, text } from '../text/text.ts'

/** From here on cameras show seconds, and not parts of one. */
const shortestInSeconds = 0.3

/** As photographers write it: `1/250 s, f/4, 35 mm, ISO 100`, as far as it is known. */
export function exposureLine({ seconds, aperture, focalLengthMm, iso }: Exposure): string {
  const { facts } = text.photo
  const said = [
    seconds === null ? null : facts.seconds(formatSeconds(seconds)),
    aperture === null ? null : facts.aperture(formatDecimal(aperture)),
    focalLengthMm === null ? null : facts.focalLength(formatDecimal(focalLengthMm)),
    // A number that is set on a camera: it has no signs between its digits there.
    iso === null ? null : facts.iso(String(iso)),
  ]
  return said.filter((part) => part !== null).join(', ')
}

function formatSeconds(seconds: number): string {
  return seconds < shortestInSeconds
    ? `1/${Math.round(1 / seconds)}`
    : formatDecimal(Math.round(seconds * 10) / 10)
}
