import { hasTime, spanOfDate, type TakenDate } from '../../contract/taken-date.ts'

export interface TakenTime {
  /** The wall clock, as much of it as is said. */
  takenAt: TakenDate
  offsetMinutes: number | null
  /** Of a second that is said more exactly: only what order photos come in. */
  fractionMs?: number
}

/**
 * What a date is of: the moment in the picture; when the picture became a file (a scan, an export of a program); or when a program
 * saved the file last, which is the least that a file can say. `upload` is Google's, by the clock of Greenwich.
 */
export type DateKind = 'original' | 'digitized' | 'saved' | 'upload'

export interface FoundDate extends TakenTime {
  kind: DateKind
  /**
   * Of a field that is for what is in the picture alone, whoever or whatever made the file: of a scan, where the camera's fields
   * have the scanner's clock.
   */
  isOfContent?: true
}

const maxOffsetMinutes = 14 * 60
const minutesADegree = 4
/** Legal time is up to three and a half hours from the sun's: Gambell in Alaska, in summer. */
const maxMinutesFromSun = 4 * 60
const earliestYear = 1800
/** What was in a picture before there were cameras that wrote a date into files was scanned. */
const firstDigitalYear = 1990

const separated = /^\s*(\d{4})(?:\s*[:\-/.]\s*(\d{0,2})(?:\s*[:\-/.]\s*(\d{0,2}))?)?(?=[T\s]|$)(.*)$/s
const compact = /^\s*(\d{4})(\d\d)(\d\d)(?=[T\s\d]|$)(.*)$/s
const clock =
  /^[T\s]*(\d{1,2})(?:\s*:\s*|(?=\d\d))(\d{1,2})(?:(?:\s*:\s*|(?=\d\d))(\d{1,2})(?:[.,](\d*))?)?\s*([ap])?\.?(?:m\.?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?\s*$/i

/**
 * A date and time as EXIF (`2004:04:26 13:55:57`), XMP and ISO 8601 (`2004-04-26T13:55:57.12+02:00`) or IPTC
 * (`20040426` and `135557+0200` joined by a space) write it, and as odd writers do: blanks for zeros, twelve hours with "pm". Of a
 * date whose month or day is zero or blank the rest is kept, of one whose time no clock shows (24:00:00) the day. A zeroed date and
 * one that no calendar has are null.
 */
export function parseTakenTime(text: string): TakenTime | null {
  const said = text.replaceAll('\0', '')
  const match = compact.exec(said) ?? separated.exec(said)
  if (!match) return null
  const [, year = '', month, day, rest = ''] = match
  const [ofMonth, ofDay] = [Number(month ?? 0), Number(day ?? 0)]
  if (Number(year) < earliestYear) return null
  if (ofMonth === 0) return { takenAt: year, offsetMinutes: null }
  const whole = `${year}-${twoDigits(ofMonth)}`
  if (ofDay === 0) return ofMonth <= 12 ? { takenAt: whole, offsetMinutes: null } : null
  const takenAt = `${whole}-${twoDigits(ofDay)}`
  const midnight = new Date(`${takenAt}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(takenAt)) return null
  return timeOf(takenAt, rest)
}

function timeOf(day: TakenDate, text: string): TakenTime {
  const match = clock.exec(text)
  if (!match) return { takenAt: day, offsetMinutes: null }
  const [, hours, minutes, seconds = '0', fraction, half, zone] = match
  const noon = half?.toLowerCase() === 'p' ? 12 : 0
  const hour = half ? (Number(hours) % 12) + noon : Number(hours)
  const [minute, second] = [Number(minutes), Number(seconds)]
  if (hour > 23 || minute > 59 || second > 60 || (half && Number(hours) > 12)) {
    return { takenAt: day, offsetMinutes: null }
  }
  // A leap second is none of any calendar's.
  const time = [hour, minute, Math.min(second, 59)].map(twoDigits).join(':')
  return {
    takenAt: `${day}T${time}`,
    offsetMinutes: zone ? parseOffset(zone) : null,
    ...parseFraction(fraction),
  }
}

/** The digits behind a second's point, as EXIF has them in a field of their own. */
export function parseFraction(digits: string | null | undefined): { fractionMs?: number } {
  const fraction = /^\s*(\d{1,9})\s*$/.exec(digits ?? '')?.[1]
  const fractionMs = fraction ? Math.floor(Number(`0.${fraction}`) * 1000) : 0
  return fractionMs > 0 ? { fractionMs } : {}
}

/** Of the second that was chosen, what the dates say of its fraction. */
export function fractionOf(takenAt: TakenDate | null, dates: readonly FoundDate[]): number {
  return dates.find((date) => date.takenAt === takenAt && date.fractionMs !== undefined)?.fractionMs ?? 0
}

const twoDigits = (part: number) => String(part).padStart(2, '0')

/**
 * When the picture was taken, of all that says so.
 * @param dates the most trusted first.
 */
export function chooseDate(dates: readonly FoundDate[]): TakenTime | null {
  const first = (...kinds: DateKind[]) => dates.find(({ kind }) => kinds.includes(kind))
  const saved = first('saved')
  const made = first('digitized')
  const uploaded = first('upload')
  const chosen =
    dates.find(isOfScan) ??
    first('original') ??
    (made && (!saved || isEarlier(made, saved)) ? made : undefined) ??
    (saved && uploaded && isEarlier(uploaded, saved, maxOffsetMinutes) ? uploaded : saved) ??
    uploaded
  if (!chosen) return null
  // What another field says more of the same: of a day its time, of a year its month.
  const finer = dates.find(
    ({ takenAt, kind }) =>
      kind !== 'saved' &&
      kind !== 'upload' &&
      takenAt.length > chosen.takenAt.length &&
      takenAt.startsWith(chosen.takenAt),
  )
  const { takenAt, offsetMinutes } = finer ?? chosen
  const sameTime = dates.find((date) => date.takenAt === takenAt && date.offsetMinutes !== null)
  return { takenAt, offsetMinutes: offsetMinutes ?? sameTime?.offsetMinutes ?? null }
}

/** A person who knows the year alone, or one before any digital camera, speaks of what was scanned. */
function isOfScan({ takenAt, isOfContent }: FoundDate): boolean {
  if (!isOfContent) return false
  return takenAt.length < 'YYYY-MM-DD'.length || Number(takenAt.slice(0, 'YYYY'.length)) < firstDigitalYear
}

function isEarlier(one: FoundDate, other: FoundDate, byMinutes = 0): boolean {
  const [a, b] = [spanOfDate(one.takenAt), spanOfDate(other.takenAt)]
  return a !== null && b !== null && a.fromMs + byMinutes * 60_000 < b.fromMs
}

/** `+02:00`, `-0530`, `+02` or `Z` → minutes east of UTC. */
export function parseOffset(text: string): number | null {
  const zone = text.replaceAll('\0', '').trim()
  if (zone === 'Z') return 0
  const match = /^([+-])(\d\d)(?::?(\d\d))?$/.exec(zone)
  if (!match) return null
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0)
  if (minutes > maxOffsetMinutes) return null
  return match[1] === '-' && minutes > 0 ? -minutes : minutes
}

/**
 * The zone that a camera's clock was set to, from the satellites' time of the same moment. Zones are whole
 * quarters of an hour; what is not within 90 seconds of one is a stale fix or a clock set wrong. So may be
 * what is further from the sun's time there than any zone is.
 * @param takenAt says nothing of a zone where it is without a time.
 * @param longitude degrees east; null where it is not known.
 */
export function offsetFromSatelliteTime(
  takenAt: string,
  utc: string,
  longitude: number | null,
): number | null {
  if (!hasTime(takenAt) || !hasTime(utc)) return null
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

/** A camera writes the two files of one picture within this time. */
const apartMs = 10_000

/** Whether two files that both tell when they were taken, to the second, are of two moments. */
export function areTakenApart(one: TakenDate | null, other: TakenDate | null): boolean {
  if (one === null || other === null || !hasTime(one) || !hasTime(other)) return false
  const [first, second] = [spanOfDate(one), spanOfDate(other)]
  return first !== null && second !== null && Math.abs(first.fromMs - second.fromMs) > apartMs
}
