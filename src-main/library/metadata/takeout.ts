import { z } from 'zod'
import { checkedPosition } from './exif.ts'
import { emptyMetadata, type PhotoMetadata } from './photo-metadata.ts'
import { captionText, cleanName } from './words.ts'

const position = z.object({ latitude: z.number(), longitude: z.number() }).optional().catch(undefined)

/** What Google Takeout writes beside each photo; only what we use, and each field may be missing or odd. */
const takeoutFile = z.object({
  description: z.string().optional().catch(undefined),
  photoTakenTime: z.object({ timestamp: z.coerce.number() }).optional().catch(undefined),
  geoData: position,
  geoDataExif: position,
  people: z
    .array(z.object({ name: z.string() }))
    .max(10_000)
    .optional()
    .catch(undefined),
  favorited: z.boolean().optional().catch(undefined),
})

/** Its names are the file's own, so `title` (the file name at upload) is no title of the picture. */
const signs = ['photoTakenTime', 'googlePhotosOrigin', 'creationTime', 'url', 'description']

/**
 * Reads the JSON file that Google Takeout writes beside a photo.
 * @returns undefined for JSON that is something else.
 * @throws SyntaxError where it is no JSON.
 */
export function metadataFromTakeout(text: string): PhotoMetadata | undefined {
  const json: unknown = JSON.parse(text)
  if (typeof json !== 'object' || json === null || !('title' in json)) return undefined
  if (!signs.some((sign) => sign in json)) return undefined
  const file = takeoutFile.parse(json)
  const metadata = emptyMetadata()

  const caption = captionText(file.description ?? '')
  if (caption) metadata.captions.push({ text: caption, language: null, field: 'takeout:description' })
  const seconds = file.photoTakenTime?.timestamp
  if (seconds !== undefined && seconds !== 0) {
    const moment = new Date(seconds * 1000)
    if (!Number.isNaN(moment.getTime()) && moment.getUTCFullYear() >= 1800) {
      // Google keeps the moment and forgets the clock: the time is in UTC.
      metadata.takenAt = moment.toISOString().slice(0, 19)
      metadata.takenOffsetMinutes = 0
    }
  }
  const found = [file.geoData, file.geoDataExif]
    .map((place) => place && checkedPosition(place.latitude, place.longitude))
    .find((place) => place)
  Object.assign(metadata, found)
  for (const { name } of file.people ?? []) {
    const cleaned = cleanName(name)
    if (cleaned) metadata.people.push({ name: cleaned, region: null })
  }
  metadata.isFavorite = file.favorited ?? false
  return metadata
}

const suffix = '.supplemental-metadata'
/** Google cuts the name before `.json` here, counted in its own way for characters beyond ASCII. */
const cutLengths = [45, 46, 47]

/**
 * Whether a JSON file of this name may belong to a photo of that one, both without their folder. Takeout
 * writes `IMG.JPG.json`, `IMG.JPG.supplemental-metadata.json`, either cut off after 46 characters, numbers a
 * second `IMG.JPG` as `IMG(1).JPG` with `IMG.JPG(1).json`, and gives an edited copy no file of its own.
 */
export function isTakeoutName(jsonName: string, photoName: string): boolean {
  const json = /^(.*?)(\(\d+\))?\.json$/is.exec(jsonName)
  const photo = /^(.*?)(\(\d+\))?(\.[^.]*)?$/s.exec(photoName)
  if (!json || !photo) return false
  const [, base = '', jsonNumber = ''] = json
  const [, stem = '', photoNumber = '', extension = ''] = photo
  const matches = (name: string) => {
    const full = `${name}${suffix}`
    if (base === name || base === full) return true
    if (base.length > name.length + 1 && full.startsWith(base)) return true
    return cutLengths.includes(base.length) && full.startsWith(base)
  }
  if (matches(photoName) && jsonNumber === '') return true
  if (photoNumber !== jsonNumber) return false
  const original = stem.replace(/-(edited|bearbeitet|modifié|editado|modificato|bewerkt)$/, '')
  return matches(stem + extension) || matches(original + extension)
}
