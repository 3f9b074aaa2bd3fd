import type { Api } from '../connection.ts'
import { type Chip, chipOf, datesOf, dropChips, readChips } from './query-chips.ts'

/** Another query that finds photos where this one finds none. */
export type WayOut =
  | { kind: 'correction'; query: string; photos: number; word: string }
  /** Without one filter, or where `chip` is null without any. */
  | { kind: 'without'; query: string; photos: number; chip: Chip | null }
  /** At another time. */
  | { kind: 'before' | 'after'; query: string; photos: number; boundMs: number }

/** Looks for queries near one that finds nothing, and counts what they find; those that find nothing are left out. */
export async function findWaysOut(api: Api, query: string, signal: AbortSignal): Promise<WayOut[]> {
  const parts = readChips(query)
  const { chips } = parts
  const count = async (query: string) =>
    (await api.search({ query, limit: 1, countAll: true }, { signal })).total
  const dates = chipOf(parts, 'dates')
  const corrections = (await api.suggest({ query, limit: 8 }, { signal })).filter(
    ({ kind }) => kind === 'correction',
  )
  const ways: Promise<WayOut>[] = [
    ...corrections.map(
      async ({ text, query }): Promise<WayOut> => ({
        kind: 'correction',
        query,
        photos: await count(query),
        word: text,
      }),
    ),
    ...(dates ? otherTimes(query, dates) : []).map(
      async (way): Promise<WayOut> => ({ ...way, photos: await count(way.query) }),
    ),
    ...chips
      .filter((chip) => chip !== dates)
      .map(async (chip): Promise<WayOut> => {
        const rest = dropChips(query, [chip])
        return { kind: 'without', query: rest, photos: rest.trim() === '' ? 0 : await count(rest), chip }
      }),
  ]
  const found = (await Promise.all(ways)).filter((way) => way.photos > 0)
  const bare = dropChips(query, chips)
  if (found.length > 0 || chips.length < 2 || bare.trim() === '') return found
  const photos = await count(bare)
  return photos > 0 ? [{ kind: 'without', query: bare, photos, chip: null }] : []
}

/** The same search before and after the time that it is bound to. */
function otherTimes(
  query: string,
  dates: Chip,
): { kind: 'before' | 'after'; query: string; boundMs: number }[] {
  const { fromMs, beforeMs } = datesOf(dates)
  const rest = dropChips(query, [dates])
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  return [
    ...(beforeMs === null
      ? []
      : [{ kind: 'after' as const, query: `after:${dayOf(beforeMs)} ${rest}`, boundMs: beforeMs }]),
    ...(fromMs === null
      ? []
      : [{ kind: 'before' as const, query: `before:${dayOf(fromMs)} ${rest}`, boundMs: fromMs }]),
  ]
}
