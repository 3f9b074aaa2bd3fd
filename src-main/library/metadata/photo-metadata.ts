/** What photos and the files beside them say about a picture, each source read on its own. */

import type { CaptionDoubt, Exposure } from '../../contract/records.ts'
import type { TakenDate } from '../../contract/taken-date.ts'
import type { WrittenMark } from '../store/marks.ts'
import { chooseDate, type FoundDate } from './taken-time.ts'

/** Where words about a photo are read from, again and again. What a table says is an edit of the person who imports it. */
export const metadataKinds = ['sidecar', 'takeout', 'embedded'] as const
/**
 * In order of precedence for words: what a program wrote beside the photo, then what Google Photos exported, then what lies inside the file. Sidecars and Takeout files are
 * newer than the embedded words: the programs that write them leave the photo alone.
 */
export type MetadataKind = (typeof metadataKinds)[number]

export interface FoundCaption {
  text: string
  /** BCP 47; null where the source does not say (XMP's `x-default` says nothing). */
  language: string | null
  /** The field in its standard's own name, such as `xmp:dc:description`. */
  field: string
  /** The text is only the beginning of what stands there. */
  isCut?: true
  /** What Lenslore wrote about these words itself when it exported them; undefined for others' words. */
  provenance?: CaptionProvenance
}

/** Kept in the sidecar in fields of its own, never in the sentence. */
export interface CaptionProvenance {
  source: 'person' | 'imported' | 'model'
  modelId: string | null
  adapterId: string | null
  /** SHA-256 of the picture that the words are about, lower-case hex; null where it is not said. */
  contentHash: string | null
  /** ISO 8601, UTC. */
  writtenAt: string | null
  /** What the model doubts of its words, where it was calibrated. */
  doubt?: CaptionDoubt
}

/** Fractions of the picture's width and height, as the program that wrote them counted. */
export interface Region {
  left: number
  top: number
  width: number
  height: number
}

export interface Person {
  name: string
  region: Region | null
}

export const placeKinds = ['sublocation', 'city', 'state', 'country'] as const
export type PlaceKind = (typeof placeKinds)[number]

export interface Place {
  kind: PlaceKind
  name: string
}

/** A person's mark in a sidecar, as Lenslore wrote it, and what stood in its place. */
export interface RecordedMark extends WrittenMark {
  /** What the sidecar said before, in the form of its value. */
  before: WrittenMark['value']
}

/** Fields that are not there are null or empty. */
export interface PhotoMetadata {
  /** Of the upright picture. */
  widthPx: number | null
  heightPx: number | null
  /** EXIF's 1 to 8. */
  orientation: number | null
  /** All that say when it was taken, the most trusted first. */
  dates: FoundDate[]
  /** What `chooseDate` takes of them, in the form of `taken-date.ts`. */
  takenAt: TakenDate | null
  takenOffsetMinutes: number | null
  camera: string | null
  lens: string | null
  exposure: Exposure | null
  /** Degrees, north and east positive; both or neither. */
  latitude: number | null
  longitude: number | null
  /** Nothing says whether it is north or south, east or west: it is taken for north and east unless another source knows. */
  isUnsignedPosition: boolean
  title: string | null
  /** The first is the one to show. */
  captions: FoundCaption[]
  /** What stands in place of captions and is none, as cameras write it into every picture; only searched. */
  boilerplate: string[]
  keywords: string[]
  /** -1 (rejected) to 5. */
  rating: number | null
  isFavorite: boolean
  people: Person[]
  places: Place[]
  /** Who made the picture. */
  creators: string[]
  copyright: string | null
  /** What Lenslore wrote of a person's marks; the fields above are what stood there before. */
  marks?: { said: RecordedMark[]; contentHash: string | null }
  /** Sentences about what could not be read. */
  warnings: string[]
}

export function emptyMetadata(): PhotoMetadata {
  return {
    widthPx: null,
    heightPx: null,
    orientation: null,
    dates: [],
    takenAt: null,
    takenOffsetMinutes: null,
    camera: null,
    lens: null,
    exposure: null,
    latitude: null,
    longitude: null,
    isUnsignedPosition: false,
    title: null,
    captions: [],
    boilerplate: [],
    keywords: [],
    rating: null,
    isFavorite: false,
    people: [],
    places: [],
    creators: [],
    copyright: null,
    warnings: [],
  }
}

const singleFields = [
  'widthPx',
  'heightPx',
  'orientation',
  'camera',
  'lens',
  'exposure',
  'title',
  'rating',
  'copyright',
] as const

/**
 * Joins sources, the most trusted first: of single fields the first source that has one decides; captions,
 * keywords, people and places are the union. A latitude comes with its longitude; which date counts, `chooseDate` says.
 */
export function joinMetadata(sources: readonly PhotoMetadata[]): PhotoMetadata {
  const joined = emptyMetadata()
  for (const source of sources) {
    for (const field of singleFields) Object.assign(joined, { [field]: joined[field] ?? source[field] })
    joined.isFavorite ||= source.isFavorite
    if (joined.creators.length === 0) joined.creators = source.creators
  }
  takeDates(
    joined,
    sources.flatMap((source) => source.dates),
  )
  takePosition(joined, sources)
  joined.captions = sources.flatMap((source) => source.captions)
  joined.boilerplate = [...new Set(sources.flatMap((source) => source.boilerplate))]
  joined.keywords = sources.flatMap((source) => source.keywords)
  joined.people = sources.flatMap((source) => source.people)
  joined.places = sources.flatMap((source) => source.places)
  joined.warnings = sources.flatMap((source) => source.warnings)
  joined.captions = distinctCaptions(joined.captions)
  joined.keywords = [...new Set(joined.keywords)]
  joined.people = distinctPeople(joined.people)
  joined.places = distinctBy(joined.places, (place) => `${place.kind}\n${place.name}`)
  return joined
}

/** When and where. */
export function occasionOf(metadata: PhotoMetadata) {
  const { dates, takenAt, takenOffsetMinutes, latitude, longitude, isUnsignedPosition } = metadata
  return { dates, takenAt, takenOffsetMinutes, latitude, longitude, isUnsignedPosition }
}

export function takeDates(metadata: PhotoMetadata, dates: readonly FoundDate[]): void {
  const { takenAt = null, offsetMinutes = null } = chooseDate(dates) ?? {}
  Object.assign(metadata, { dates: [...dates], takenAt, takenOffsetMinutes: offsetMinutes })
}

/** Of one place, with its signs and without, that are within a degree, what has them goes first. */
function takePosition(joined: PhotoMetadata, sources: readonly PhotoMetadata[]): void {
  const placed = sources.filter((source) => source.latitude !== null)
  const [first] = placed
  if (!first) return
  const isNear = (one: number | null, other: number | null) =>
    Math.abs(Math.abs(one ?? Number.NaN) - Math.abs(other ?? Number.NaN)) <= 1
  const signed = placed.find(
    (source) =>
      !source.isUnsignedPosition &&
      isNear(source.latitude, first.latitude) &&
      isNear(source.longitude, first.longitude),
  )
  const signs = first.isUnsignedPosition ? signed : undefined
  const withSign = (value: number | null, of: number | null | undefined) =>
    value !== null && of != null && of < 0 ? -Math.abs(value) : value
  joined.latitude = withSign(first.latitude, signs?.latitude)
  joined.longitude = withSign(first.longitude, signs?.longitude)
  joined.isUnsignedPosition = first.isUnsignedPosition && !signs
}

/** The same words from several fields once; IPTC's copy, cut at 2,000 bytes, gives way to the whole. */
function distinctCaptions(captions: readonly FoundCaption[]): FoundCaption[] {
  return distinctBy(captions, ({ text }) => text).filter(
    (caption) =>
      caption.field !== 'iptc:Caption-Abstract' ||
      caption.text.length < 500 ||
      !captions.some(({ text }) => text.length > caption.text.length && text.startsWith(caption.text)),
  )
}

/** A person named by two vocabularies is one; a name without a region adds nothing to one with. */
function distinctPeople(people: readonly Person[]): Person[] {
  const byName = new Map<string, Person>()
  for (const person of people) {
    const known = byName.get(person.name)
    if (!known?.region) byName.set(person.name, known && !person.region ? known : person)
  }
  return [...byName.values()]
}

function distinctBy<T>(values: readonly T[], key: (value: T) => string): T[] {
  return [...new Map(values.toReversed().map((value) => [key(value), value])).values()].reverse()
}
