import { emptyMetadata, type PhotoMetadata } from './photo-metadata.ts'
import { offsetFromSatelliteTime, parseOffset, parseTakenTime } from './taken-time.ts'
import { decodeBytes } from './text-encoding.ts'
import { cameraName, captionText, cleanName, lensName } from './words.ts'

/** Tags of exifreader's `exif` group: values only, in the shapes its typings give; a damaged file can hold any. */
export type ExifTags = Readonly<Record<string, { value: unknown } | undefined>>

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
  metadata.lens = lensName(text('LensModel'))
  Object.assign(metadata, takenTime(text, tags), position(text, tags))
  metadata.title = cleanName(utf16Text(tags.XPTitle?.value))
  metadata.keywords = (utf16Text(tags.XPKeywords?.value) ?? '')
    .split(';')
    .map(cleanName)
    .filter((keyword) => keyword !== null)
  const rating = tags.Rating?.value
  if (typeof rating === 'number' && rating <= 5) metadata.rating = rating

  const fields: [field: string, found: string | null][] = [
    ['exif:ImageDescription', text('ImageDescription')],
    ['exif:UserComment', userComment(tags.UserComment?.value)],
    ['exif:XPComment', utf16Text(tags.XPComment?.value)],
    ['exif:XPSubject', utf16Text(tags.XPSubject?.value)],
  ]
  for (const [field, found] of fields) {
    const caption = found === null ? null : captionText(found)
    if (caption !== null && caption !== metadata.camera && caption !== text('Make')?.trim()) {
      metadata.captions.push({ text: caption, language: null, field })
    }
  }
  return metadata
}

/**
 * EXIF's UserComment: eight bytes that name the encoding, then the text. UNICODE has no byte order of its
 * own and writers disagree, so the zero bytes of Latin text tell it.
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

function takenTime(text: (name: string) => string | null, tags: ExifTags) {
  const choices = [
    ['DateTimeOriginal', 'OffsetTimeOriginal'],
    ['DateTimeDigitized', 'OffsetTimeDigitized'],
    ['DateTime', 'OffsetTime'],
  ] as const
  for (const [dateTag, offsetTag] of choices) {
    const taken = parseTakenTime(text(dateTag) ?? '')
    if (!taken) continue
    const takenOffsetMinutes =
      taken.offsetMinutes ?? parseOffset(text(offsetTag) ?? '') ?? satelliteOffset(taken.takenAt, text, tags)
    return { takenAt: taken.takenAt, takenOffsetMinutes }
  }
  return {}
}

function satelliteOffset(takenAt: string, text: (name: string) => string | null, tags: ExifTags) {
  const [hours, minutes, seconds] = rationals(tags.GPSTimeStamp?.value)
  const date = text('GPSDateStamp')
  if (!date || hours === undefined || minutes === undefined) return null
  const clock = [hours, minutes, Math.floor(seconds ?? 0)].map((part) => String(part).padStart(2, '0'))
  const utc = parseTakenTime(`${date} ${clock.join(':')}`)
  return utc && offsetFromSatelliteTime(takenAt, utc.takenAt)
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
  if (!Array.isArray(value)) return typeof value === 'string' ? value : null
  return typeof value[0] === 'string' ? value[0] : null
}

function utf16Text(value: unknown): string | null {
  if (!isByteArray(value)) return null
  return untilNul(new TextDecoder('utf-16le').decode(Uint8Array.from(value)))
}

function utf16Content(content: Uint8Array): string | null {
  const zeros = [0, 0]
  content.forEach((byte, index) => {
    if (byte === 0) zeros[index % 2]!++
  })
  const marked = content[0] === 0xfe || (content[0] === 0xff && content[1] === 0xfe)
  const bigEndian = marked ? content[0] === 0xfe : zeros[0]! > zeros[1]!
  return untilNul(new TextDecoder(bigEndian ? 'utf-16be' : 'utf-16le').decode(content))
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
