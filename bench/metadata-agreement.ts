/**
 * Reads every file of the folders given (default: the shared corpus beside the project) with our reader and
 * with exiftool, and prints a table file × field: `=` both say the same, `-` neither says anything, `x` they
 * differ; then each difference in full. The ratio at the end is our time against exiftool's for all files in
 * one process, Perl's start included.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PhotoMetadata } from '../src-main/library/metadata/photo-metadata.ts'
import { readMetadata } from '../src-main/library/metadata/read.ts'
import { readSidecar } from '../src-main/library/metadata/sidecars.ts'
import { parseTakenTime } from '../src-main/library/metadata/taken-time.ts'
import { cameraName, captionText, cleanName } from '../src-main/library/metadata/words.ts'

type ExifToolTags = Record<string, unknown>

const fields = [
  'size',
  'orient',
  'taken',
  'offset',
  'camera',
  'gps',
  'title',
  'captions',
  'keywords',
  'rating',
  'people',
  'places',
] as const
type Field = (typeof fields)[number]

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

const counts = { '=': 0, '-': 0, x: 0 }
const differences: string[] = []
console.log(`${'file'.padEnd(58)}${fields.map((field) => field.padStart(9)).join('')}`)
for (const file of files) {
  const us = ourValues(ours.get(file)!)
  const them = theirValues(theirs.tags.get(file) ?? {})
  const marks = fields.map((field) => {
    const [a, b] = [us[field], them[field]]
    const mark = a !== b ? 'x' : a === '' ? '-' : '='
    counts[mark]++
    if (mark === 'x')
      differences.push(
        `${file.split(/[\\/]/).slice(-2).join('/')}  ${field}\n    ours      ${a}\n    exiftool  ${b}`,
      )
    return mark.padStart(9)
  })
  console.log(`${file.split(/[\\/]/).slice(-2).join('/').slice(-57).padEnd(58)}${marks.join('')}`)
}
console.log(`\n${differences.join('\n')}\n`)
console.log(
  `${files.length} files, ${counts['=']} fields equal, ${counts['-']} in neither, ${counts.x} different`,
)
console.log(
  `ours ${oursMs.toFixed(0)} ms, exiftool ${theirs.elapsedMs.toFixed(0)} ms: ratio ${(oursMs / theirs.elapsedMs).toFixed(3)}`,
)

function readWithExifTool(paths: string[]): { tags: Map<string, ExifToolTags>; elapsedMs: number } {
  const start = performance.now()
  const args = ['-j', '-n', '-G1', '-a', '-charset', 'iptc=UTF8', '-api', 'LargeFileSupport=1', '-@', '-']
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
    tags: new Map(list.map((tags) => [String(tags.SourceFile), tags])),
    elapsedMs: performance.now() - start,
  }
}

function ourValues(metadata: PhotoMetadata): Record<Field, string> {
  return {
    size: metadata.widthPx ? `${metadata.widthPx}x${metadata.heightPx}` : '',
    orient: String(metadata.orientation ?? ''),
    taken: metadata.takenAt ?? '',
    offset: metadata.takenAt === null ? '' : String(metadata.takenOffsetMinutes ?? ''),
    camera: metadata.camera ?? '',
    gps:
      metadata.latitude === null ? '' : `${metadata.latitude.toFixed(5)},${metadata.longitude!.toFixed(5)}`,
    title: metadata.title ?? '',
    captions: list(metadata.captions.map((caption) => caption.text)),
    keywords: list(metadata.keywords),
    rating: String(metadata.rating ?? ''),
    people: list(metadata.people.map((person) => person.name)),
    places: list(metadata.places.map((place) => place.name)),
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
  if (size[0]?.includes(' ')) size.splice(0, 2, ...size[0].split(' '))
  const dates = [
    'ExifIFD:DateTimeOriginal',
    'ExifIFD:CreateDate',
    'IFD0:ModifyDate',
    'XMP-exif:DateTimeOriginal',
    'XMP-photoshop:DateCreated',
    'XMP-xmp:CreateDate',
    'Composite:DateTimeCreated',
    'IPTC:DateCreated',
  ]
  const date = dates.map((name) => [name, parseTakenTime(first(name))] as const).find(([, found]) => found)
  const offsetOf: Record<string, string> = {
    'ExifIFD:DateTimeOriginal': 'ExifIFD:OffsetTimeOriginal',
    'ExifIFD:CreateDate': 'ExifIFD:OffsetTimeDigitized',
    'IFD0:ModifyDate': 'ExifIFD:OffsetTime',
  }
  const zoned = date && parseTakenTime(`${first(date[0])}${first(offsetOf[date[0]] ?? '')}`)
  const [latitude, longitude] = [
    first('Composite:GPSLatitude', 'XMP-exif:GPSLatitude'),
    first('Composite:GPSLongitude', 'XMP-exif:GPSLongitude'),
  ].map(Number)
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
    taken: date?.[1]?.takenAt ?? '',
    offset: String(zoned?.offsetMinutes ?? ''),
    camera: cameraName(first('IFD0:Make', 'XMP-tiff:Make'), first('IFD0:Model', 'XMP-tiff:Model')) ?? '',
    gps: isPosition(latitude, longitude) ? `${latitude!.toFixed(5)},${longitude!.toFixed(5)}` : '',
    title:
      cleanName(
        first('XMP-dc:Title', 'XMP-photoshop:Headline', 'IPTC:ObjectName', 'IPTC:Headline', 'IFD0:XPTitle'),
      ) ?? '',
    captions: list(
      all(
        'XMP-dc:Description',
        'XMP-exif:UserComment',
        'XMP-tiff:ImageDescription',
        'IPTC:Caption-Abstract',
        'IFD0:ImageDescription',
        'ExifIFD:UserComment',
        'IFD0:XPComment',
        'IFD0:XPSubject',
        'PNG:Description',
        'PNG:Comment',
      )
        .map(captionText)
        .filter((text) => text !== null),
    ),
    keywords: names([
      ...all('XMP-dc:Subject', 'IPTC:Keywords'),
      ...all('IFD0:XPKeywords').flatMap((text) => text.split(';')),
      ...all('XMP-lr:HierarchicalSubject').flatMap((text) => text.split('|')),
      ...all('XMP-digiKam:TagsList', 'XMP-microsoft:LastKeywordXMP').flatMap((text) => text.split('/')),
    ]),
    rating: first('XMP-xmp:Rating', 'IFD0:Rating'),
    people: names(
      all('XMP-mwg-rs:RegionName', 'XMP-MP:RegionPersonDisplayName', 'XMP-iptcExt:PersonInImage'),
    ),
    places: names(
      all(
        'XMP-iptcCore:Location',
        'XMP-photoshop:City',
        'XMP-photoshop:State',
        'XMP-photoshop:Country',
        'IPTC:Sub-location',
        'IPTC:City',
        'IPTC:Province-State',
        'IPTC:Country-PrimaryLocationName',
      ),
    ),
  }
}

/** exiftool prints a fix of 0/0 as zero or as nothing. */
function isPosition(latitude: number | undefined, longitude: number | undefined): boolean {
  return Number.isFinite(latitude) && Number.isFinite(longitude) && (latitude !== 0 || longitude !== 0)
}

function list(values: string[]): string {
  return [...new Set(values)].sort().join(' | ')
}
