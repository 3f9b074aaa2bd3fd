/**
 * When a photo was taken, as the camera's or a person's calendar had it: `YYYY-MM-DDTHH:MM:SS`, or as much of it as is known,
 * `YYYY-MM-DD`, `YYYY-MM` or `YYYY` (ISO 8601, reduced precision).
 */
export type TakenDate = string

/** Of wall-clock time as if it were UTC: at or after, and before. */
export interface TimeSpan {
  fromMs: number
  beforeMs: number
}

const form = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(T\d\d:\d\d:\d\d)?)?)?$/

/** All the time that a date may mean: a second, or a day, month or year; null for what is none. */
export function spanOfDate(date: TakenDate): TimeSpan | null {
  const match = form.exec(date)
  if (!match) return null
  const [, year, month, day, time] = match
  const fromMs = Date.parse(`${year}-${month ?? '01'}-${day ?? '01'}${time ?? 'T00:00:00'}Z`)
  if (Number.isNaN(fromMs)) return null
  if (time !== undefined) return { fromMs, beforeMs: fromMs + 1000 }
  const [ofYear, ofMonth, ofDay] = [Number(year), Number(month ?? 1) - 1, Number(day ?? 1)]
  if (day !== undefined) return { fromMs, beforeMs: Date.UTC(ofYear, ofMonth, ofDay + 1) }
  return {
    fromMs,
    beforeMs: month === undefined ? Date.UTC(ofYear + 1, 0, 1) : Date.UTC(ofYear, ofMonth + 1, 1),
  }
}

/** Whether more is known than the day. */
export function hasTime(date: TakenDate): boolean {
  return date.includes('T')
}
