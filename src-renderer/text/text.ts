import { hasTime, spanOfDate } from '../../src-main/contract/taken-date.ts'
import { english } from './english.ts'
import { onceAsked } from './once-asked.ts'

/** Every sentence of the window, in one language. */
export type Catalogue = typeof english

/** One so far; another language is one more file like `english.ts`. */
export const text: Catalogue = english
const locale = text.language

/** Made when it is first of use: what makes them reads tables of many languages, which takes longer than to draw a view. */
const numbers = onceAsked(() => new Intl.NumberFormat(locale))
const days = onceAsked(() => new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }))
const months = onceAsked(
  () => new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric', timeZone: 'UTC' }),
)
const moments = onceAsked(() => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }))
const bytes = onceAsked(
  () => new Intl.NumberFormat(locale, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 }),
)

export const formatNumber = (value: number): string => numbers().format(value)
/** A day on a camera's clock, which is kept as if it were UTC. */
export const formatDay = (sortMs: number): string => days().format(sortMs)
/** @param month `YYYY-MM` */
export const formatMonth = (month: string): string => formatMonths([month])
/** @param months `YYYY-MM`, of which only the first and the last are told, the newest first */
export const formatMonths = (given: readonly string[]): string =>
  months().formatRange(firstOfMonth(given.at(-1)!), firstOfMonth(given[0]!))
const firstOfMonth = (month: string) => Date.parse(`${month}-01T00:00:00Z`)
/** A moment of this machine's own clock. */
export const formatMoment = (ms: number): string => moments().format(ms)
export const formatMegabytes = (size: number): string => bytes().format(size / 1e6)

const times = onceAsked(() => new Intl.DateTimeFormat(locale, { timeStyle: 'short' }))
/** The same without its day. */
export const formatTime = (ms: number): string => times().format(ms)

const percents = onceAsked(
  () => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }),
)
export const formatPercent = (share: number): string => percents().format(share)

const degrees = onceAsked(
  () => new Intl.NumberFormat(locale, { minimumFractionDigits: 3, maximumFractionDigits: 5 }),
)
export const formatDegrees = (value: number): string => degrees().format(value)

const scores = onceAsked(
  () => new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
)
/** Of a model: small differences are told apart. */
export const formatScore = (score: number): string => scores().format(score)

const lists = onceAsked(() => new Intl.ListFormat(locale))
export const formatList = (parts: readonly string[]): string => lists().format(parts)

const names = onceAsked(() => new Intl.Collator(locale, { numeric: true }))
/** The order of names, where `2` comes before `10`. */
export const compareNames = (one: string, other: string): number => names().compare(one, other)

const rates = onceAsked(() => new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 }))
export const formatDecimal = (value: number): string => rates().format(value)
export const formatRate = (photosPerSecond: number): string => text.rate(rates().format(photosPerSecond))

/** As long as one waits for something: rounded to what matters then. */
export function formatDuration(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 1) return text.duration.lessThanAMinute
  if (minutes < 60) return text.duration.minutes(minutes)
  const hours = Math.round(minutes / 6) / 10
  return hours < 48
    ? text.duration.hours(hours < 10 ? hours : Math.round(hours))
    : text.duration.days(Math.round(hours / 24))
}

const cameraTimes = onceAsked(
  () => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }),
)
const sizes = onceAsked(() =>
  (['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const).map(
    (unit) => new Intl.NumberFormat(locale, { style: 'unit', unit, maximumSignificantDigits: 3 }),
  ),
)

/** @param takenAt in the form of `taken-date.ts`: of a year, a month or a day no more is said than that; as it stands where it is none. */
export function formatCameraTime(takenAt: string): string {
  const fromMs = spanOfDate(takenAt)?.fromMs
  if (fromMs === undefined || takenAt.length === 4) return takenAt
  if (takenAt.length === 7) return formatMonth(takenAt)
  return hasTime(takenAt) ? cameraTimes().format(fromMs) : formatDay(fromMs)
}

/** In the largest unit of which there is one. */
export function formatBytes(bytes: number): string {
  const power = Math.min(sizes().length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return sizes()[power]!.format(bytes / 1000 ** power)
}
