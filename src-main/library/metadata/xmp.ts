import type { CaptionDoubt } from '../../contract/records.ts'
import { checkedPosition } from './exif.ts'
import {
  type CaptionProvenance,
  emptyMetadata,
  type FoundCaption,
  type Person,
  type PhotoMetadata,
  type PlaceKind,
  type Region,
  takeDates,
} from './photo-metadata.ts'
import { isStemSidecar } from './sidecar-names.ts'
import { type DateKind, parseTakenTime } from './taken-time.ts'
import {
  cameraName,
  cleanName,
  cleanText,
  isBoilerplate,
  lensName,
  lensOfRange,
  readableText,
  starsOfPercent,
} from './words.ts'
import { contentOfMarks, sentenceOf, turnBackMarks } from './xmp-marks.ts'
import { captionRecord, type Prefix, readXmp, type XmpProperties, type XmpValue } from './xmp-tree.ts'

type Name = readonly [prefix: Prefix, local: string]

const captionFields: Name[] = [
  ['dc', 'description'],
  ['acdsee', 'notes'],
  ['acdsee', 'caption'],
  ['exif', 'UserComment'],
  ['tiff', 'ImageDescription'],
  ['Iptc4xmpCore', 'AltTextAccessibility'],
  ['Iptc4xmpCore', 'ExtDescrAccessibility'],
]

const placeFields: [kind: PlaceKind, ...names: Name[]][] = [
  ['sublocation', ['Iptc4xmpCore', 'Location']],
  ['city', ['photoshop', 'City']],
  ['state', ['photoshop', 'State']],
  ['country', ['photoshop', 'Country']],
]

const locationFields: [kind: PlaceKind, local: string][] = [
  ['sublocation', 'Sublocation'],
  ['city', 'City'],
  ['state', 'ProvinceState'],
  ['country', 'CountryName'],
]

const dateFields: [...Name, kind: DateKind, isOfContent?: true][] = [
  ['exif', 'DateTimeOriginal', 'original'],
  ['photoshop', 'DateCreated', 'original', true],
  ['xmp', 'CreateDate', 'digitized'],
  ['exif', 'DateTimeDigitized', 'digitized'],
]

/** No program writes more tags, or tags deeper in a hierarchy. */
const maxKeywords = 10_000
const maxTagDepth = 64

/** Where a hierarchy of tags begins with a word that only says what the rest are. */
const peopleRoots = /^(people|persons?|personen|menschen|personnes|gente|faces?)$/i

/**
 * Reads an XMP packet or sidecar.
 * @throws XmlError where the text is not well-formed, or no XMP.
 */
export function metadataFromXmp(text: string): PhotoMetadata {
  const whole = readXmp(text)
  const { xmp, marks } = turnBackMarks(whole)
  const metadata = emptyMetadata()
  if (marks.length > 0) metadata.marks = { said: marks, contentHash: contentOfMarks(whole) }
  const first = (...names: Name[]) => {
    for (const [prefix, local] of names) {
      const found = xmp.get(prefix, local)
      const words = found && cleanText(plainText(found))
      if (words) return words
    }
    return null
  }

  metadata.orientation = integerIn(first(['tiff', 'Orientation']), 1, 8)
  metadata.camera = cameraName(first(['tiff', 'Make']), first(['tiff', 'Model']))
  metadata.lens = lensName(first(['exifEX', 'LensModel'], ['aux', 'Lens'])) ?? lensOfRange(lensRangeOf(xmp))
  metadata.title = cleanName(first(['dc', 'title'], ['photoshop', 'Headline'], ['acdsee', 'caption']))
  metadata.rating =
    integerIn(first(['xmp', 'Rating']), -1, 5) ??
    starsOfPercent(Number(first(['MicrosoftPhoto', 'Rating']) ?? Number.NaN))
  metadata.creators = textsOf(xmp.get('dc', 'creator'))
  metadata.copyright = cleanName(first(['dc', 'rights']))
  const latitude = coordinate(first(['exif', 'GPSLatitude']), first(['exif', 'GPSLatitudeRef']))
  const longitude = coordinate(first(['exif', 'GPSLongitude']), first(['exif', 'GPSLongitudeRef']))
  const position = checkedPosition(latitude?.degrees ?? null, longitude?.degrees ?? null)
  Object.assign(metadata, position)
  metadata.isUnsignedPosition = position !== null && !(latitude?.isSigned && longitude?.isSigned)
  takeDates(
    metadata,
    dateFields.flatMap(([prefix, local, kind, isOfContent]) => {
      const taken = parseTakenTime(xmp.get(prefix, local)?.text ?? '')
      return taken ? [{ ...taken, kind, ...(isOfContent && { isOfContent }) }] : []
    }),
  )
  Object.assign(metadata, captionsOf(xmp))
  metadata.people = peopleOf(xmp)
  metadata.keywords = keywordsOf(xmp)
  for (const [kind, ...names] of placeFields) {
    const name = cleanName(first(...names))
    if (name) metadata.places.push({ kind, name })
  }
  for (const local of ['LocationShown', 'LocationCreated']) {
    for (const location of xmp.get('Iptc4xmpExt', local)?.items ?? []) {
      for (const [kind, field] of locationFields) {
        const name = cleanName(plainText(location.fields.get('Iptc4xmpExt', field)))
        if (name) metadata.places.push({ kind, name })
      }
    }
  }
  return metadata
}

/**
 * Whether a sidecar that is named after a stem says for which extension it is, and that is not the photo's. One
 * that has a photo's whole name is that photo's.
 * @throws XmlError where the text is not well-formed, or no XMP.
 */
export function isForOtherExtension(text: string, sidecarName: string, photoName: string): boolean {
  if (!isStemSidecar(sidecarName, photoName) || !text.includes('SidecarForExtension')) return false
  const extension = readXmp(text).get('photoshop', 'SidecarForExtension')?.text.trim().toLowerCase()
  return !!extension && !photoName.toLowerCase().endsWith(`.${extension.replace(/^\./, '')}`)
}

/** The sentence of a lang-alt (its default, else its first), the first of a list, or the text itself. */
function plainText(value: XmpValue | undefined): string {
  return sentenceOf(value) ?? ''
}

function captionsOf(xmp: XmpProperties): Pick<PhotoMetadata, 'captions' | 'boilerplate'> {
  const captions = new Map<string, FoundCaption>()
  const boilerplate = new Set<string>()
  const provenance = provenanceOf(xmp)
  for (const [prefix, local] of captionFields) {
    const value = xmp.get(prefix, local)
    if (!value) continue
    const items = value.items.length > 0 ? value.items : [value]
    // The default first, then the languages as they stand.
    const ordered = [...items].sort((a, b) => Number(isDefault(b)) - Number(isDefault(a)))
    for (const item of ordered) {
      const field = `xmp:${prefix}:${local}`
      const isOurs = field === 'xmp:dc:description' && cleanText(item.text) === provenance?.caption
      const text = isOurs ? cleanText(item.text) : readableText(item.text)
      if (text === null) continue
      if (!isOurs && isBoilerplate(text, field)) {
        boilerplate.add(text)
        continue
      }
      const language = isDefault(item) ? null : item.language
      // The default is a copy of one of the languages, which says which it is in.
      const same = captions.get(`${field}\n${text}`)
      if (same) {
        same.language ??= language
        continue
      }
      const caption = {
        text,
        language,
        field,
        ...(isOurs && provenance && { provenance: provenance.provenance }),
      }
      captions.set(`${field}\n${text}`, caption)
    }
  }
  return { captions: [...captions.values()], boilerplate: [...boilerplate] }
}

function isDefault(item: XmpValue): boolean {
  return item.language === null || item.language === 'x-default'
}

/** What Lenslore wrote beside the caption it exported; holds as long as nobody changed that caption. */
function provenanceOf(xmp: XmpProperties): { caption: string; provenance: CaptionProvenance } | undefined {
  const record = recordOf(xmp)
  const caption = cleanText(record?.text ?? '')
  if (!record || caption === null) return undefined
  const { text, ...provenance } = record
  return { caption, provenance }
}

/** Lenslore's record of the caption that it wrote last. */
export function recordOf(xmp: XmpProperties): (CaptionProvenance & { text: string }) | undefined {
  const record = xmp.get('lenslore', captionRecord)?.fields
  const field = (local: string) => record?.get('lenslore', local)?.text || null
  const source = field('Source')
  const contentHash = field('Content')
  const text = field('Text') ?? ''
  if (source !== 'person' && source !== 'imported' && source !== 'model') return undefined
  const doubt = source === 'model' ? doubtOf(field, text) : undefined
  return {
    text,
    source,
    modelId: field('Model'),
    adapterId: field('Adapter'),
    contentHash: contentHash && /^[0-9a-f]{64}$/.test(contentHash) ? contentHash : null,
    writtenAt: field('Written'),
    ...(doubt && { doubt }),
  }
}

/** Undefined where the record says none, as those of before, or what cannot be. */
function doubtOf(field: (local: string) => string | null, text: string): CaptionDoubt | undefined {
  const confidence = Number(field('Confidence') ?? Number.NaN)
  if (!(confidence >= 0 && confidence <= 1)) return undefined
  const doubtfulWords: [start: number, end: number][] = []
  for (const [, start, end] of (field('Doubtful') ?? '').matchAll(/(\d{1,6})-(\d{1,6})/g)) {
    doubtfulWords.push([Number(start), Number(end)])
  }
  const areInText = doubtfulWords.every(
    ([start, end], at) => start >= (doubtfulWords[at - 1]?.[1] ?? 0) && start < end && end <= text.length,
  )
  return areInText ? { confidence, isUnsure: field('Unsure') === 'True', doubtfulWords } : undefined
}

/** Names with regions in the vocabularies of MWG (Lightroom, digiKam, Picasa, Apple) and Microsoft, and IPTC's names. */
function peopleOf(xmp: XmpProperties): Person[] {
  const people: Person[] = []
  const add = (name: string | undefined, region: Region | null) => {
    const cleaned = cleanName(name)
    if (cleaned) people.push({ name: cleaned, region })
  }
  const regionList = xmp.get('mwg-rs', 'Regions')?.fields.get('mwg-rs', 'RegionList')
  for (const { fields } of regionList?.items ?? []) {
    const type = fields.get('mwg-rs', 'Type')?.text
    if (type !== undefined && !/^(face|pet)$/i.test(type)) continue
    add(fields.get('mwg-rs', 'Name')?.text, centredRegion(fields.get('mwg-rs', 'Area')?.fields))
  }
  const microsoft = xmp.get('MP', 'RegionInfo')?.fields.get('MPRI', 'Regions')
  for (const { fields } of microsoft?.items ?? []) {
    add(
      fields.get('MPReg', 'PersonDisplayName')?.text,
      cornerRegion(fields.get('MPReg', 'Rectangle')?.text ?? ''),
    )
  }
  for (const person of xmp.get('Iptc4xmpExt', 'PersonInImage')?.items ?? []) add(person.text, null)
  for (const path of tagPaths(xmp)) {
    if (path.length > 1 && peopleRoots.test(path[0]!)) add(path.at(-1), null)
  }
  return people
}

function keywordsOf(xmp: XmpProperties): string[] {
  const subject = xmp.get('dc', 'subject')
  // A few writers give one text with separators instead of a list.
  const flat = subject?.items.length
    ? subject.items.map((item) => item.text)
    : (subject?.text.split(/[,;]/, maxKeywords) ?? [])
  const fromPaths = tagPaths(xmp).flat()
  const keywords = [...flat, ...fromPaths].slice(0, 2 * maxKeywords).map(cleanName)
  return [...new Set(keywords.filter((keyword) => keyword !== null))].slice(0, maxKeywords)
}

/** Tags that stand in a hierarchy: `Places|Norway|Oslo` of Lightroom, `Places/Norway/Oslo` of digiKam. */
function tagPaths(xmp: XmpProperties): string[][] {
  const split = (value: XmpValue | undefined, separator: string) =>
    (value?.items ?? []).map((item) =>
      item.text.split(separator, maxTagDepth).filter((part) => part.trim() !== ''),
    )
  return [
    ...split(xmp.get('lr', 'hierarchicalSubject'), '|'),
    ...split(xmp.get('digiKam', 'TagsList'), '/'),
    ...split(xmp.get('MicrosoftPhoto', 'LastKeywordXMP'), '/'),
  ]
}

/** MWG gives the middle and the size. */
function centredRegion(area: XmpProperties | undefined): Region | null {
  const number = (local: string) => Number.parseFloat(area?.get('stArea', local)?.text ?? '')
  const [x, y, width, height] = [number('x'), number('y'), number('w'), number('h')]
  const unit = area?.get('stArea', 'unit')?.text ?? 'normalized'
  return unit === 'normalized' ? checkedRegion(x - width / 2, y - height / 2, width, height) : null
}

/** Microsoft gives `left, top, width, height`. */
function cornerRegion(text: string): Region | null {
  const [left, top, width, height] = text.split(',').map(Number.parseFloat)
  return checkedRegion(left ?? Number.NaN, top ?? Number.NaN, width ?? Number.NaN, height ?? Number.NaN)
}

function checkedRegion(left: number, top: number, width: number, height: number): Region | null {
  const sane = [left, top, width, height].every((part) => part >= -1 && part <= 2)
  return sane && width > 0 && height > 0 ? { left, top, width, height } : null
}

/**
 * XMP's `39,6.9N`, `39,6,54N`, or decimal degrees as some programs write them, with their sign or with the letter of EXIF's field
 * beside them (Apple's exports).
 */
function coordinate(
  text: string | null,
  reference: string | null,
): { degrees: number; isSigned: boolean } | null {
  const match = /^\s*([+-]?)([\d.]+)(?:,([\d.]+))?(?:,([\d.]+))?\s*([NSEW])?\s*$/i.exec(text ?? '')
  if (!match) return null
  const [, sign, whole, minutes = '0', seconds = '0', letter] = match
  const total = Number(whole) + Number(minutes) / 60 + Number(seconds) / 3600
  if (!Number.isFinite(total)) return null
  const side = letter ?? (sign === '' ? /^\s*([NSEW])/i.exec(reference ?? '')?.[1] : undefined)
  const isNegative = sign === '-' || /[SW]/i.test(side ?? '')
  return { degrees: isNegative ? -total + 0 : total, isSigned: sign !== '' || side !== undefined }
}

function textsOf(value: XmpValue | undefined): string[] {
  const texts = value?.items.length ? value.items.map((item) => item.text) : [value?.text ?? '']
  return [...new Set(texts.map(cleanName).filter((text) => text !== null))]
}

/** `24/1 70/1 28/10 28/10`, or the four in a list. */
function lensRangeOf(xmp: XmpProperties): number[] {
  const value = xmp.get('exifEX', 'LensSpecification') ?? xmp.get('aux', 'LensInfo')
  const parts = value?.items.length ? value.items.map((item) => item.text) : (value?.text ?? '').split(/\s+/)
  return parts.slice(0, 4).map((part) => {
    const [above, below = '1'] = part.trim().split('/')
    return above ? Number(above) / Number(below) : Number.NaN
  })
}

function integerIn(text: string | null, least: number, most: number): number | null {
  const value = Math.round(Number.parseFloat(text ?? ''))
  return value >= least && value <= most ? value : null
}
