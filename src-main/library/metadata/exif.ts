import type { Exposure } from '../../contract/records.ts'
import { hasTime } from '../../contract/taken-date.ts'
import { emptyMetadata, type PhotoMetadata, takeDates } from './photo-metadata.ts'
import { type DateKind, type FoundDate, parseFraction, parseOffset, parseTakenTime } from './taken-time.ts'
import { decodeBytes } from './text-encoding.ts'
import {
  cameraName,
  cleanName,
  cleanText,
  lensName,
  lensOfRange,
  namesInLine,
  starsOfPercent,
  takeCaption,
} from './words.ts'

/** Tags of exifreader's `exif` group: values only, in the shapes its typings give; a damaged file can hold any. */
export type ExifTags = Readonly<Record<string, { value: unknown } | undefined>>

const largestShort = 65_535

/** What exifreader gives for a value that lies outside the file. */
const outOfFile = '<faulty value>'

/** EXIF tags as metadata; `widthPx` and `heightPx` are the stored picture's, before it is turned upright. */
export function metadataFromExif(tags: ExifTags): PhotoMetadata {
  const text = (name: string) => asciiText(tags[name]?.value)
  const metadata = emptyMetadata()

  metadata.widthPx = count(tags.PixelXDimension?.value) ?? count(tags.ImageWidth?.value)
  metadata.heightPx = count(tags.PixelYDimension?.value) ?? count(tags.ImageLength?.value)
  const orientation = tags.Orientation?.value
  if (typeof orientation === 'number' && orientation >= 1 && orientation <= 8) {
    metadata.orientation = orientation
  }
  metadata.camera = cameraName(text('Make'), text('Model'))
  metadata.lens = lensName(text('LensModel')) ?? lensOfRange(rationals(tags.LensSpecification?.value))
  metadata.exposure = exposureOf(tags)
  takeDates(metadata, datesOf(text))
  Object.assign(metadata, position(text, tags))
  metadata.title = cleanName(utf16Text(tags.XPTitle?.value))
  metadata.keywords = (utf16Text(tags.XPKeywords?.value) ?? '')
    .split(';')
    .map(cleanName)
    .filter((keyword) => keyword !== null)
  metadata.rating = ratingOf(tags.Rating?.value, tags.RatingPercent?.value)
  metadata.creators = namesInLine(text('Artist') ?? utf16Text(tags.XPAuthor?.value))
  metadata.copyright = copyrightOf(tags.Copyright?.value)

  const fields: [field: string, found: string | null][] = [
    ['exif:ImageDescription', text('ImageDescription')],
    ['exif:UserComment', userComment(tags.UserComment?.value)],
    ['exif:XPComment', utf16Text(tags.XPComment?.value)],
    ['exif:XPSubject', utf16Text(tags.XPSubject?.value)],
  ]
  for (const [field, found] of fields) {
    const words = cleanText(found ?? '')
    if (words !== null && words !== metadata.camera && words !== text('Make')?.trim()) {
      takeCaption(metadata, found!, field)
    }
  }
  return metadata
}

/**
 * EXIF's UserComment: eight bytes that name the encoding, then the text. UNICODE has no byte order of its
 * own and writers disagree, so the bytes themselves tell it.
 */
export function userComment(value: unknown): string | null {
  if (!isByteArray(value) || value.length <= 8) return null
  const bytes = Uint8Array.from(value)
  const code = String.fromCharCode(...bytes.subarray(0, 8))
  const content = bytes.subarray(8)
  if (code === 'UNICODE\0') return utf16Content(content)
  if (code === 'JIS\0\0\0\0\0') return new TextDecoder('iso-2022-jp').decode(content)
  if (code === 'ASCII\0\0\0' || code === '\0\0\0\0\0\0\0\0') return untilNul(decodeBytes(content).text)
  // Some writers leave the prefix out.
  return untilNul(decodeBytes(bytes).text)
}

function datesOf(text: (name: string) => string | null): FoundDate[] {
  const fields: [date: string, suffix: string, kind: DateKind][] = [
    ['DateTimeOriginal', 'Original', 'original'],
    ['DateTimeDigitized', 'Digitized', 'digitized'],
    ['DateTime', '', 'saved'],
  ]
  return fields.flatMap(([dateTag, suffix, kind]) => {
    const taken = parseTakenTime(text(dateTag) ?? '')
    if (!taken) return []
    const offsetMinutes = taken.offsetMinutes ?? parseOffset(text(`OffsetTime${suffix}`) ?? '')
    const fraction = hasTime(taken.takenAt) ? parseFraction(text(`SubSecTime${suffix}`)) : {}
    return { ...taken, offsetMinutes, ...fraction, kind }
  })
}

/** Microsoft's two fields: stars, and per cent. */
function ratingOf(stars: unknown, percent: unknown): number | null {
  if (typeof stars === 'number' && stars <= 5) return stars
  return typeof percent === 'number' ? starsOfPercent(percent) : null
}

/** EXIF's Copyright has the photographer's, a NUL, and the editor's (CIPA DC-008, 4.6.4). */
function copyrightOf(value: unknown): string | null {
  const parts = (Array.isArray(value) ? value : [value]).flatMap((part: unknown) =>
    typeof part === 'string' && part !== outOfFile ? part.split('\0') : [],
  )
  return cleanName([...new Set(parts.map((part) => part.trim()).filter(Boolean))].join(', '))
}

/** The satellites' time of the last fix, `YYYY-MM-DDTHH:MM:SS` in UTC; null where EXIF has none. */
export function satelliteTime(tags: ExifTags): string | null {
  const [hours, minutes, seconds] = rationals(tags.GPSTimeStamp?.value)
  const date = asciiText(tags.GPSDateStamp?.value)
  if (!date || hours === undefined || minutes === undefined) return null
  const clock = [hours, minutes, Math.floor(seconds ?? 0)].map((part) => String(part).padStart(2, '0'))
  return parseTakenTime(`${date} ${clock.join(':')}`)?.takenAt ?? null
}

function position(text: (name: string) => string | null, tags: ExifTags) {
  const latitude = degrees(tags.GPSLatitude?.value, text('GPSLatitudeRef'), 'S')
  const longitude = degrees(tags.GPSLongitude?.value, text('GPSLongitudeRef'), 'W')
  return checkedPosition(latitude, longitude) ?? {}
}

/** Null for what is not on Earth, and for 0°, 0°: no photo was taken there, but many lack a fix. */
export function checkedPosition(
  latitude: number | null,
  longitude: number | null,
): { latitude: number; longitude: number } | null {
  if (latitude === null || longitude === null) return null
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return null
  return latitude === 0 && longitude === 0 ? null : { latitude, longitude }
}

/** Degrees, minutes and seconds; null where any part is 0/0, as in a fix that never came. */
function degrees(value: unknown, reference: string | null, negative: 'S' | 'W'): number | null {
  const parts = rationals(value)
  if (parts.length === 0 || parts.length > 3 || !parts.every(Number.isFinite)) return null
  const [whole = 0, minutes = 0, seconds = 0] = parts
  const total = whole + minutes / 60 + seconds / 3600
  return reference?.trim().toUpperCase().startsWith(negative) ? -total + 0 : total
}

/** CIPA DC-008, 4.6.5: ExposureTime in seconds, FNumber, PhotographicSensitivity, FocalLength in millimetres. */
function exposureOf(tags: ExifTags): Exposure | null {
  const positive = (name: string) => {
    const [value = Number.NaN] = rationals([tags[name]?.value])
    return Number.isFinite(value) && value > 0 ? value : null
  }
  const isoTag: unknown = tags.ISOSpeedRatings?.value
  const iso = count(Array.isArray(isoTag) ? isoTag[0] : isoTag)
  const exposure = {
    seconds: positive('ExposureTime'),
    aperture: positive('FNumber'),
    // Above that the field has no room, and another one says it.
    iso: iso === largestShort ? count(tags.RecommendedExposureIndex?.value) : iso,
    focalLengthMm: positive('FocalLength'),
  }
  return Object.values(exposure).some((value) => value !== null) ? exposure : null
}

function rationals(value: unknown): number[] {
  if (!Array.isArray(value) || value.length > 16) return []
  return value.map((part) =>
    Array.isArray(part) && typeof part[0] === 'number' && typeof part[1] === 'number'
      ? part[0] / part[1]
      : Number.NaN,
  )
}

/** exifreader decodes ASCII as UTF-8 where that is valid; otherwise it is a byte a character. */
function asciiText(value: unknown): string | null {
  const text: unknown = Array.isArray(value) ? value[0] : value
  return typeof text === 'string' && text !== outOfFile ? text : null
}

function utf16Text(value: unknown): string | null {
  if (!isByteArray(value)) return null
  return untilNul(new TextDecoder('utf-16le').decode(Uint8Array.from(value)))
}

function utf16Content(content: Uint8Array): string | null {
  const marked = content[0] === 0xfe || (content[0] === 0xff && content[1] === 0xfe)
  const bigEndian = marked ? content[0] === 0xfe : looksBigEndian(content)
  return untilNul(new TextDecoder(bigEndian ? 'utf-16be' : 'utf-16le').decode(content))
}

/** The first bytes of big-endian characters name the script: zero in Latin text, few in any other. */
function looksBigEndian(content: Uint8Array): boolean {
  const zeros = [0, 0]
  const seen = [new Set<number>(), new Set<number>()]
  content.forEach((byte, index) => {
    if (byte === 0) zeros[index % 2]!++
    seen[index % 2]!.add(byte)
  })
  return zeros[0] === zeros[1] ? seen[0]!.size < seen[1]!.size : zeros[0]! > zeros[1]!
}

function untilNul(text: string): string {
  const end = text.indexOf('\0')
  return end === -1 ? text : text.slice(0, end)
}

function isByteArray(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.length < 1_000_000 && typeof value[0] === 'number'
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null
}
