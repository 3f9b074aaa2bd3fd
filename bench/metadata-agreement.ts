/**
 * Reads every file of the folders given (default: the shared corpus beside the project) with our reader and
 * with exiftool, and prints a table file × field: `=` both say the same, `-` neither says anything, `x` they
 * differ; then each difference in full and the sums of each folder. Rules about what is a caption, a camera's
 * name or a clock's zone are ours and applied to both sides: what is compared is what was read. The ratio at the end is our time against exiftool's for all files in
 * one process, Perl's start included.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PhotoMetadata, Region } from '../src-main/library/metadata/photo-metadata.ts'
import { readMetadata } from '../src-main/library/metadata/read.ts'
import { readSidecar } from '../src-main/library/metadata/sidecars.ts'
import {
  chooseDate,
  type DateKind,
  type FoundDate,
  offsetFromSatelliteTime,
  parseTakenTime,
} from '../src-main/library/metadata/taken-time.ts'
import {
  cameraName,
  cleanName,
  isBoilerplate,
  lensName,
  lensOfRange,
  readableText,
} from '../src-main/library/metadata/words.ts'

type ExifToolTags = Record<string, unknown>

const fields = [
  'size',
  'orient',
  'taken',
  'offset',
  'camera',
  'lens',
  'gps',
  'title',
  'captions',
  'keywords',
  'rating',
  'people',
  'regions',
  'places',
  'creators',
  'copyright',
] as const
type Field = (typeof fields)[number]

/** exiftool's names of fields, and ours. */
const plainCaptionFields: [name: string, field: string][] = [
  ['XMP-exif:UserComment', 'xmp:exif:UserComment'],
  ['XMP-tiff:ImageDescription', 'xmp:tiff:ImageDescription'],
  ['XMP-acdsee:Notes', 'xmp:acdsee:notes'],
  ['XMP-acdsee:Caption', 'xmp:acdsee:caption'],
  ['XMP-iptcCore:AltTextAccessibility', 'xmp:Iptc4xmpCore:AltTextAccessibility'],
  ['XMP-iptcCore:ExtDescrAccessibility', 'xmp:Iptc4xmpCore:ExtDescrAccessibility'],
  ['IPTC:Caption-Abstract', 'iptc:Caption-Abstract'],
  ['IFD0:ImageDescription', 'exif:ImageDescription'],
  ['ExifIFD:UserComment', 'exif:UserComment'],
  ['IFD0:XPComment', 'exif:XPComment'],
  ['IFD0:XPSubject', 'exif:XPSubject'],
  ['PNG:Description', 'png:Description'],
  ['PNG:Comment', 'png:Comment'],
]
/** Where nothing else is a caption. */
const lastCaptionFields: [name: string, field: string][] = [
  ['File:Comment', 'jpeg:Comment'],
  ['GIF:Comment', 'gif:Comment'],
]

const corpus = fileURLToPath(new URL('../../shared/corpus/', import.meta.url))
const folders = process.argv.slice(2)
if (folders.length === 0) {
  for (const name of ['sidecars', 'formats', 'camera', 'orientation', 'broken'])
    folders.push(join(corpus, name))
}
const files = folders
  .filter(existsSync)
  .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
if (files.length === 0) throw new Error('No files: name the folders to compare.')

const ours = new Map<string, PhotoMetadata>()
const started = performance.now()
for (const file of files) {
  const metadata = file.endsWith('.xmp') ? await readSidecar(file) : await readMetadata(file)
  if (metadata) ours.set(file, metadata)
}
const oursMs = performance.now() - started
const theirs = readWithExifTool(files)

type Counts = Record<'=' | '-' | 'x', number>
const total: Counts = { '=': 0, '-': 0, x: 0 }
const byFolder = new Map<string, Counts>()
const differences: string[] = []
console.log(`${'file'.padEnd(58)}${fields.map((field) => field.padStart(9)).join('')}`)
for (const file of files) {
  const us = ourValues(ours.get(file)!)
  const them = theirValues(theirs.tags.get(file) ?? {})
  const folder = basename(dirname(file))
  const counts = byFolder.get(folder) ?? { '=': 0, '-': 0, x: 0 }
  byFolder.set(folder, counts)
  const marks = fields.map((field) => {
    const [a, b] = [us[field], them[field]]
    const mark = a !== b ? 'x' : a === '' ? '-' : '='
    counts[mark]++
    total[mark]++
    if (mark === 'x')
      differences.push(
        `${file.split(/[\\/]/).slice(-2).join('/')}  ${field}\n    ours      ${a}\n    exiftool  ${b}`,
      )
    return mark.padStart(9)
  })
  console.log(`${file.split(/[\\/]/).slice(-2).join('/').slice(-57).padEnd(58)}${marks.join('')}`)
}
console.log(`\n${differences.join('\n')}\n`)
for (const [folder, counts] of byFolder) console.log(`${folder}: ${inWords(counts)}`)
console.log(`${files.length} files, ${inWords(total)}`)
console.log(
  `ours ${oursMs.toFixed(0)} ms, exiftool ${theirs.elapsedMs.toFixed(0)} ms: ratio ${(oursMs / theirs.elapsedMs).toFixed(3)}`,
)

function readWithExifTool(paths: string[]): { tags: Map<string, ExifToolTags>; elapsedMs: number } {
  const start = performance.now()
  const args = [
    '-j',
    '-n',
    '-G1',
    '-a',
    '-struct',
    '-charset',
    'iptc=UTF8',
    '-api',
    'LargeFileSupport=1',
    '-@',
    '-',
  ]
  let output: string
  try {
    output = execFileSync('exiftool', args, {
      input: paths.join('\n'),
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
      maxBuffer: 1 << 28,
    })
  } catch (thrown) {
    // It answers with a failure when any file is damaged, and has still printed what it read.
    output = String((thrown as { stdout?: string }).stdout ?? '')
    if (output === '') throw thrown
  }
  const list = JSON.parse(output) as ExifToolTags[]
  return {
    tags: new Map(list.map((tags) => [String(tags.SourceFile), nameExif(tags)])),
    elapsedMs: performance.now() - start,
  }
}

/** In BigTIFF exiftool calls the EXIF directory by the name of its pointer. */
function nameExif(tags: ExifToolTags): ExifToolTags {
  return Object.fromEntries(
    Object.entries(tags).map(([name, value]) => [name.replace(/^ExifOffset:/, 'ExifIFD:'), value]),
  )
}

function ourValues(metadata: PhotoMetadata): Record<Field, string> {
  return {
    size: metadata.widthPx ? `${metadata.widthPx}x${metadata.heightPx}` : '',
    orient: String(metadata.orientation ?? ''),
    taken: metadata.takenAt ?? '',
    offset: metadata.takenAt === null ? '' : String(metadata.takenOffsetMinutes ?? ''),
    camera: metadata.camera ?? '',
    lens: metadata.lens ?? '',
    gps:
      metadata.latitude === null ? '' : `${metadata.latitude.toFixed(5)},${metadata.longitude!.toFixed(5)}`,
    title: metadata.title ?? '',
    captions: list(metadata.captions.map(({ text, language }) => inLanguage(text, language))),
    keywords: list(metadata.keywords),
    rating: String(metadata.rating ?? ''),
    people: list(metadata.people.map((person) => person.name)),
    regions: list(metadata.people.flatMap(({ name, region }) => (region ? [inPlace(name, region)] : []))),
    places: list(metadata.places.map((place) => place.name)),
    creators: list(metadata.creators),
    copyright: metadata.copyright ?? '',
  }
}

function theirValues(tags: ExifToolTags): Record<Field, string> {
  const all = (...names: string[]) =>
    names
      .flatMap((name) => (Array.isArray(tags[name]) ? (tags[name] as unknown[]) : [tags[name]]))
      .filter((value) => value !== undefined && value !== '')
      .map(String)
  const first = (...names: string[]) => all(...names)[0] ?? ''
  const orientation = Number(first('IFD0:Orientation', 'XMP-tiff:Orientation'))
  const sound = orientation >= 1 && orientation <= 8
  const size = [
    first(
      'File:ImageWidth',
      'PNG:ImageWidth',
      'RIFF:ImageWidth',
      'GIF:ImageWidth',
      'Meta:ImageSpatialExtent',
      'Jpeg2000:ImageWidth',
      'IFD0:ImageWidth',
    ),
    first('File:ImageHeight', 'PNG:ImageHeight', 'RIFF:ImageHeight', 'GIF:ImageHeight', 'IFD0:ImageHeight'),
  ]
  // In raw files the first directory describes a thumbnail, and one below it the picture.
  const full = ['SubIFD', 'SubIFD1', 'SubIFD2'].find((group) => tags[`${group}:SubfileType`] === 0)
  if (tags['IFD0:SubfileType'] === 1 && full) {
    size.splice(0, 2, first(`${full}:ImageWidth`), first(`${full}:ImageHeight`))
  }
  if (size[0]?.includes(' ')) size.splice(0, 2, ...size[0].split(' '))
  const dates: [field: string, offsetField: string | null, kind: DateKind, isOfContent?: true][] = [
    ['ExifIFD:DateTimeOriginal', 'ExifIFD:OffsetTimeOriginal', 'original'],
    ['ExifIFD:CreateDate', 'ExifIFD:OffsetTimeDigitized', 'digitized'],
    ['IFD0:ModifyDate', 'ExifIFD:OffsetTime', 'saved'],
    ['XMP-exif:DateTimeOriginal', null, 'original'],
    ['XMP-photoshop:DateCreated', null, 'original', true],
    ['XMP-xmp:CreateDate', null, 'digitized'],
    ['XMP-exif:DateTimeDigitized', null, 'digitized'],
    ['IPTC:DateCreated', 'IPTC:TimeCreated', 'original', true],
    ['IPTC:DigitalCreationDate', 'IPTC:DigitalCreationTime', 'digitized'],
    ['PNG:CreationTime', null, 'digitized'],
  ]
  const found = dates.flatMap(
    ([field, offsetField, kind, isOfContent]): (FoundDate & { field: string })[] => {
      const isIptc = field.startsWith('IPTC')
      const taken = parseTakenTime(
        `${first(field)}${isIptc ? ' ' : ''}${offsetField ? first(offsetField) : ''}`,
      )
      if (!taken) return []
      // +00:00 in IPTC says nothing: the format cannot leave the zone out.
      const offsetMinutes = isIptc ? taken.offsetMinutes || null : taken.offsetMinutes
      return [{ field, ...taken, offsetMinutes, kind, ...(isOfContent && { isOfContent }) }]
    },
  )
  const date = chooseDate(found)
  const [latitude, longitude] = [
    first('Composite:GPSLatitude', 'XMP-exif:GPSLatitude'),
    first('Composite:GPSLongitude', 'XMP-exif:GPSLongitude'),
  ].map(Number)
  const satellites = parseTakenTime(first('Composite:GPSDateTime').replace(/\.\d+/, ''))
  const measured =
    date && satellites
      ? offsetFromSatelliteTime(
          date.takenAt,
          satellites.takenAt,
          isPosition(latitude, longitude) ? longitude! : null,
        )
      : null
  const exifDate = chooseDate(found.filter(({ field }) => /^(ExifIFD|IFD0):/.test(field)))
  const own = exifDate?.takenAt === date?.takenAt ? exifDate?.offsetMinutes : null
  const regions = regionsOf(tags)
  const names = (texts: string[]) =>
    list(texts.map((text) => cleanName(text)).filter((text) => text !== null))
  return {
    size:
      size[0] && size[1]
        ? orientation >= 5 && sound
          ? `${size[1]}x${size[0]}`
          : `${size[0]}x${size[1]}`
        : '',
    orient: sound ? String(orientation) : '',
    taken: date?.takenAt ?? '',
    offset: String(own ?? measured ?? date?.offsetMinutes ?? ''),
    camera: cameraName(first('IFD0:Make', 'XMP-tiff:Make'), first('IFD0:Model', 'XMP-tiff:Model')) ?? '',
    lens:
      lensName(first('ExifIFD:LensModel', 'XMP-exifEX:LensModel', 'XMP-aux:Lens')) ??
      lensOfRange(
        first('ExifIFD:LensInfo', 'XMP-exifEX:LensInfo', 'XMP-aux:LensInfo').split(' ').map(Number),
      ) ??
      '',
    gps: isPosition(latitude, longitude) ? `${latitude!.toFixed(5)},${longitude!.toFixed(5)}` : '',
    title:
      cleanName(
        first(
          'XMP-dc:Title',
          'XMP-photoshop:Headline',
          'IPTC:ObjectName',
          'IPTC:Headline',
          'IFD0:XPTitle',
          'PNG:Title',
        ),
      ) ?? '',
    captions: list(captionsOf(tags, all)),
    keywords: names([
      ...all('XMP-dc:Subject', 'IPTC:Keywords'),
      ...all('IFD0:XPKeywords').flatMap((text) => text.split(';')),
      ...all('XMP-lr:HierarchicalSubject').flatMap((text) => text.split('|')),
      ...all('XMP-digiKam:TagsList', 'XMP-microsoft:LastKeywordXMP').flatMap((text) => text.split('/')),
    ]),
    rating: first('XMP-xmp:Rating', 'IFD0:Rating'),
    people: names([
      ...regions.map(({ name }) => name),
      ...all('XMP-iptcExt:PersonInImage'),
      ...all('XMP-lr:HierarchicalSubject', 'XMP-digiKam:TagsList', 'XMP-microsoft:LastKeywordXMP')
        .map((path) => path.split(/[|/]/))
        .flatMap(([root, ...names]) => (root === 'People' ? names.slice(-1) : [])),
    ]),
    regions: list(regions.flatMap(({ name, region }) => (region ? [inPlace(name, region)] : []))),
    places: names([
      ...all(
        'XMP-iptcCore:Location',
        'XMP-photoshop:City',
        'XMP-photoshop:State',
        'XMP-photoshop:Country',
        'IPTC:Sub-location',
        'IPTC:City',
        'IPTC:Province-State',
        'IPTC:Country-PrimaryLocationName',
      ),
      ...['XMP-iptcExt:LocationShown', 'XMP-iptcExt:LocationCreated']
        .flatMap((name) => (tags[name] ?? []) as Record<string, unknown>[])
        .flatMap((place) => [place.Sublocation, place.City, place.ProvinceState, place.CountryName])
        .flatMap((name) => (name === undefined ? [] : [String(name)])),
    ]),
    creators: names(
      [
        all('XMP-dc:Creator'),
        all('IPTC:By-line'),
        all('IFD0:Artist').flatMap((text) => text.split(';')),
        all('IFD0:XPAuthor').flatMap((text) => text.split(';')),
        all('PNG:Author').flatMap((text) => text.split(';')),
      ].find((texts) => names(texts) !== '') ?? [],
    ),
    copyright:
      [...all('XMP-dc:Rights', 'IPTC:CopyrightNotice'), ...all('IFD0:Copyright'), ...all('PNG:Copyright')]
        .map((text) => cleanName(text.replace(/\n/g, ', ')))
        .find((text) => text !== null) ?? '',
  }
}

/** A caption for each field, and of XMP's lists one for each language, which exiftool adds to the field's name. */
function captionsOf(tags: ExifToolTags, all: (...names: string[]) => string[]): string[] {
  const caption = (said: string, field: string) => {
    const text = readableText(said)
    return text === null || isBoilerplate(text, field) ? null : text
  }
  const plain = plainCaptionFields.flatMap(([name, field]) =>
    all(name).map((said) => [caption(said, field), null] as const),
  )
  const inLanguages = Object.keys(tags)
    .filter((name) => /^XMP-dc:Description(-|$)/.test(name))
    .map((name) => {
      const language = name.split('-').slice(2).join('-') || null
      return [caption(String(tags[name]), 'xmp:dc:description'), language] as const
    })
  // The same words once, in the language of whichever copy names one.
  const byText = new Map<string, string | null>()
  for (const [text, language] of [...inLanguages, ...plain]) {
    if (text !== null) byText.set(text, byText.get(text) ?? language)
  }
  if (byText.size === 0) {
    for (const [name, field] of lastCaptionFields) {
      for (const text of all(name).map((said) => caption(said, field)))
        if (text !== null) byText.set(text, null)
    }
  }
  return [...byText].map(([text, language]) => inLanguage(text, language))
}

interface NamedRegion {
  name: string
  region: Region | null
}

/** Faces of MWG (middle and size) and Microsoft (corner and size) as fractions from the corner. */
function regionsOf(tags: ExifToolTags): NamedRegion[] {
  const mwg = tags['XMP-mwg-rs:RegionInfo'] as { RegionList?: MwgRegion[] } | undefined
  const microsoft = tags['XMP-MP:RegionInfoMP'] as { Regions?: MicrosoftRegion[] } | undefined
  const faces = (mwg?.RegionList ?? [])
    .filter(({ Type }) => Type === undefined || /^(face|pet)$/i.test(Type))
    .map(({ Name, Area }) => ({
      name: String(Name ?? ''),
      region: Area && { left: Area.X - Area.W / 2, top: Area.Y - Area.H / 2, width: Area.W, height: Area.H },
    }))
  const others = (microsoft?.Regions ?? []).map(({ PersonDisplayName, Rectangle }) => {
    const [left, top, width, height] = String(Rectangle ?? '')
      .split(',')
      .map(Number)
    const region = height === undefined ? null : { left: left!, top: top!, width: width!, height }
    return { name: String(PersonDisplayName ?? ''), region }
  })
  const named = [...faces, ...others]
    .map(({ name, region }) => ({ name: cleanName(name) ?? '', region: region ?? null }))
    .filter(({ name }) => name !== '')
  // Whom both vocabularies name is one person, as the first of them saw it.
  return named.filter(({ name }, index) => named.findIndex((other) => other.name === name) === index)
}

interface MwgRegion {
  Name?: unknown
  Type?: string
  Area?: { X: number; Y: number; W: number; H: number }
}

interface MicrosoftRegion {
  PersonDisplayName?: unknown
  Rectangle?: unknown
}

function inLanguage(text: string, language: string | null): string {
  return language === null ? text : `${text} (${language})`
}

function inPlace(name: string, { left, top, width, height }: Region): string {
  return `${name} ${[left, top, width, height].map((part) => part.toFixed(4)).join(',')}`
}

function inWords(counts: Counts): string {
  return `${counts['=']} fields equal, ${counts['-']} in neither, ${counts.x} different`
}

/** exiftool prints a fix of 0/0 as zero or as nothing. */
function isPosition(latitude: number | undefined, longitude: number | undefined): boolean {
  return Number.isFinite(latitude) && Number.isFinite(longitude) && (latitude !== 0 || longitude !== 0)
}

function list(values: string[]): string {
  return [...new Set(values)].sort().join(' | ')
}
