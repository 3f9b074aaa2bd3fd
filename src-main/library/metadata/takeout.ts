import { z } from 'zod'
import { checkedPosition } from './exif.ts'
import { emptyMetadata, type PhotoMetadata, takeDates } from './photo-metadata.ts'
import { cleanName, takeCaption } from './words.ts'

const position = z.object({ latitude: z.number(), longitude: z.number() }).optional().catch(undefined)

/** What Google Takeout writes beside each photo; only what we use, and each field may be missing or odd. */
const takeoutFile = z.object({
  description: z.string().optional().catch(undefined),
  photoTakenTime: z.object({ timestamp: z.coerce.number() }).optional().catch(undefined),
  geoData: position,
  geoDataExif: position,
  people: z
    .array(z.object({ name: z.string().catch('') }))
    .optional()
    .catch(undefined),
  favorited: z.boolean().optional().catch(undefined),
})

/** Real ones have a few thousand characters; parsed, JSON takes up to 50 times its length. */
const maxLength = 2 ** 21

/** Its names are the file's own, so `title` (the file name at upload) is no title of the picture. */
const signs = ['photoTakenTime', 'googlePhotosOrigin', 'creationTime', 'url', 'description']

/**
 * Reads the JSON file that Google Takeout writes beside a photo.
 * @returns undefined for JSON that is something else, or longer than any such file.
 * @throws SyntaxError where it is no JSON.
 */
export function metadataFromTakeout(text: string): PhotoMetadata | undefined {
  if (text.length > maxLength) return undefined
  const json: unknown = JSON.parse(text)
  if (typeof json !== 'object' || json === null || !('title' in json)) return undefined
  if (!signs.some((sign) => sign in json)) return undefined
  const file = takeoutFile.parse(json)
  const metadata = emptyMetadata()

  takeCaption(metadata, withoutEntities(file.description ?? ''), 'takeout:description')
  const seconds = file.photoTakenTime?.timestamp
  if (seconds !== undefined && seconds !== 0) {
    const moment = new Date(seconds * 1000)
    if (!Number.isNaN(moment.getTime()) && moment.getUTCFullYear() >= 1800) {
      // Google keeps the moment and forgets the clock: the time is in UTC.
      takeDates(metadata, [{ takenAt: moment.toISOString().slice(0, 19), offsetMinutes: 0, kind: 'upload' }])
    }
  }
  const found = [file.geoData, file.geoDataExif]
    .map((place) => place && checkedPosition(place.latitude, place.longitude))
    .find((place) => place)
  Object.assign(metadata, found)
  for (const { name } of file.people ?? []) {
    const cleaned = cleanName(withoutEntities(name))
    if (cleaned) metadata.people.push({ name: cleaned, region: null })
  }
  metadata.isFavorite = file.favorited ?? false
  return metadata
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

/** Google writes texts as if for a page: `Rex &amp; the ball`, `Mia&#39;s`. Once, for a person may have typed the rest. */
function withoutEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi,
    (whole, decimal, hex, name: string | undefined) => {
      if (name !== undefined) return entities[name.toLowerCase()] ?? whole
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )
}
