import { emptyMetadata, type PhotoMetadata, type PlaceKind, takeDates } from './photo-metadata.ts'
import { type DateKind, type FoundDate, parseTakenTime } from './taken-time.ts'
import { decodeBytes } from './text-encoding.ts'
import { cleanName, takeCaption } from './words.ts'

/** Tags of exifreader's `iptc` group: one data set, or several for repeatable ones, each with its bytes. */
export type IptcTags = Readonly<Record<string, unknown>>

const utf8Mark = '\u001b%G'

const placeTags: [tag: string, kind: PlaceKind][] = [
  ['Sub-location', 'sublocation'],
  ['City', 'city'],
  ['Province/State', 'state'],
  ['Country/Primary Location Name', 'country'],
]

/** IPTC-IIM data sets as metadata. Text is UTF-8 where the record says so or it is valid, else Windows-1252. */
export function metadataFromIptc(tags: IptcTags): PhotoMetadata {
  const isUtf8 = byteText(valuesOf(tags['Coded Character Set'])[0] ?? [], false).startsWith(utf8Mark)
  const texts = (tag: string) => valuesOf(tags[tag]).map((bytes) => byteText(bytes, isUtf8))
  const metadata = emptyMetadata()

  metadata.title = cleanName(texts('Object Name')[0]) ?? cleanName(texts('Headline')[0])
  metadata.keywords = texts('Keywords')
    .map(cleanName)
    .filter((keyword) => keyword !== null)
  for (const [tag, kind] of placeTags) {
    const name = cleanName(texts(tag)[0])
    if (name) metadata.places.push({ kind, name })
  }
  takeCaption(metadata, texts('Caption/Abstract')[0] ?? '', 'iptc:Caption-Abstract')
  metadata.creators = texts('By-line')
    .map(cleanName)
    .filter((creator) => creator !== null)
  metadata.copyright = cleanName(texts('Copyright Notice')[0])
  const dateIn = (day: string, time: string, kind: DateKind): FoundDate[] => {
    const taken = parseTakenTime(`${texts(day)[0] ?? ''} ${texts(time)[0] ?? ''}`)
    // The format has no way to leave the zone out, so those who do not know it write +0000.
    return taken ? [{ ...taken, offsetMinutes: taken.offsetMinutes || null, kind }] : []
  }
  takeDates(metadata, [
    ...dateIn('Date Created', 'Time Created', 'original').map((date) => ({
      ...date,
      isOfContent: true as const,
    })),
    ...dateIn('Digital Creation Date', 'Digital Creation Time', 'digitized'),
  ])
  return metadata
}

function valuesOf(tag: unknown): number[][] {
  const sets = Array.isArray(tag) ? tag : [tag]
  return sets
    .map((set) => (set as { value?: unknown } | undefined)?.value)
    .filter((value): value is number[] => Array.isArray(value))
}

function byteText(values: number[], isUtf8: boolean): string {
  const bytes = Uint8Array.from(values)
  return isUtf8 ? new TextDecoder('utf-8').decode(bytes) : decodeBytes(bytes).text
}
