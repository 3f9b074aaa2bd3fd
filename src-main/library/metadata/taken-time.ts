export interface TakenTime {
  /** `YYYY-MM-DDTHH:MM:SS`, the wall clock. */
  takenAt: string
  offsetMinutes: number | null
}

const maxOffsetMinutes = 14 * 60
const minutesADegree = 4
/** Legal time is up to three and a half hours from the sun's: Gambell in Alaska, in summer. */
const maxMinutesFromSun = 4 * 60

/**
 * A date and time as EXIF (`2004:04:26 13:55:57`), XMP and ISO 8601 (`2004-04-26T13:55:57.12+02:00`) or IPTC
 * (`20040426` and `135557+0200` joined by a space) write it. A day without a time is midnight; a year or a
 * month alone, a zeroed date and one that no calendar has are null.
 */
export function parseTakenTime(text: string): TakenTime | null {
  const match =
    /^\s*(\d{4})[:\-/.]?(\d\d)[:\-/.]?(\d\d)(?:[T\s]+(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d*)?)?\s*(Z|[+-]\d\d:?\d\d)?)?\s*$/.exec(
      text.replaceAll('\0', ''),
    )
  if (!match) return null
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone] = match
  const takenAt = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  // A leap second is the only thing Date would refuse that a clock may show; no camera writes one.
  const moment = new Date(`${takenAt}Z`)
  if (Number.isNaN(moment.getTime()) || moment.toISOString().slice(0, 19) !== takenAt) return null
  if (Number(year) < 1800) return null
  return { takenAt, offsetMinutes: zone ? parseOffset(zone) : null }
}

/** `+02:00`, `-0530` or `Z` → minutes east of UTC. */
export function parseOffset(text: string): number | null {
  const zone = text.replaceAll('\0', '').trim()
  if (zone === 'Z') return 0
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone)
  if (!match) return null
  const minutes = Number(match[2]) * 60 + Number(match[3])
  if (minutes > maxOffsetMinutes) return null
  return match[1] === '-' && minutes > 0 ? -minutes : minutes
}

/**
 * The zone that a camera's clock was set to, from the satellites' time of the same moment. Zones are whole
 * quarters of an hour; what is not within 90 seconds of one is a stale fix or a clock set wrong. So may be
 * what is further from the sun's time there than any zone is.
 * @param longitude degrees east; null where it is not known.
 */
export function offsetFromSatelliteTime(
  takenAt: string,
  utc: string,
  longitude: number | null,
): number | null {
  const minutes = (Date.parse(`${takenAt}Z`) - Date.parse(`${utc}Z`)) / 60_000
  const offset = Math.round(minutes / 15) * 15
  if (Number.isNaN(minutes) || Math.abs(minutes - offset) > 1.5 || Math.abs(offset) > maxOffsetMinutes) {
    return null
  }
  if (longitude !== null) {
    const apart = Math.abs(offset - longitude * minutesADegree)
    // East and west of the date line are a day apart on the calendar, not in the sky.
    if (Math.min(apart, 24 * 60 - apart) > maxMinutesFromSun) return null
  }
  return offset + 0
}
