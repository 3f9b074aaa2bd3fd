import { maxCaptionLength } from '../../contract/library-calls.ts'

/** Rules for words found in files: what is one line, what is a caption, what is a camera's habit. */

const maxNameLength = 500
/** Characters of a field that are looked at, many times what is kept. */
const maxFieldLength = 2 ** 18

/**
 * Captions that cameras and editors write into every picture. Lower case, without punctuation at the ends.
 */
const habits = new Set([
  'olympus digital camera',
  'minolta digital camera',
  'konica minolta digital camera',
  'samsung digital camera',
  'kodak digital still camera',
  'digital still camera',
  'digital stillcamera',
  'digital camera',
  'hp photosmart',
  'jenoptik digital camera',
  'lead technologies inc. v1.01',
  'samsung',
  'samsung techwin',
  'sony dsc',
  'minolta dsc',
  'nikon dsc',
  'dsc',
  'dcim',
  'dcim\\100media',
  'exif_jpeg_picture',
  'exif_jpeg_420',
  'exif jpeg',
  'exif jpeg picture',
  'jpeg',
  'jpg',
  'jpeg image',
  'applemark',
  'ascii',
  'default',
  'untitled',
  'image',
  'image description',
  'user comment',
  'usercomment',
  'user comments',
  'comment',
  'description',
  'none',
  'null',
  'unknown',
  'n/a',
  'oplus_0',
  'oplus_32',
  'charset=ascii',
  'charset=unicode',
  'created with gimp',
  'created by picture editor',
  'menu',
])

const generatedBy =
  /^(file written by adobe photoshop|creator: gd-jpeg|lead technologies|processed (with|by) |created with |optimized by |\*{3,}|oplus_\d+$|hdrpl|kinkakuji$|edited with )/i

/** "SANYO DIGITAL CAMERA", "EPSON DSC picture", and the picture's own number: "DSC00019", "ICM107B", "000007". */
const cameraMark =
  /^([\w-]+ )+(digital (still ?)?camera|dsc|dsc picture)$|^[a-z]{2,4}[_-]?\d{3,}[a-z]?$|^\d{5,}$/i

/** Trimmed, without NULs, line ends as `\n`; null where nothing is left. */
export function cleanText(text: string, limit = maxCaptionLength): string | null {
  const cleaned = text
    .slice(0, maxFieldLength)
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what no text holds, but damaged fields do.
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
    .trim()
  if (cleaned === '') return null
  return cleaned.length <= limit ? cleaned : cleaned.slice(0, limit).toWellFormed()
}

/** A name, keyword, place or title: one line, bounded. */
export function cleanName(text: string | null | undefined): string | null {
  return text ? cleanText(text.slice(0, maxFieldLength).replace(/\s+/g, ' '), maxNameLength) : null
}

/**
 * What a person may have written: null for empty text, for bytes that are no language, and for what cameras
 * put into every picture.
 */
export function captionText(text: string): string | null {
  const cleaned = cleanText(text)
  if (cleaned === null || !/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(cleaned)) return null
  const controls = text
    .slice(0, maxFieldLength)
    .match(/[\p{Cc}\p{Co}\ufffd]/gu)
    ?.filter((found) => !/[\n\r\t\0]/.test(found)).length
  if (controls && controls * 8 > cleaned.length) return null
  const bare = cleaned.toLowerCase().replace(/^[\s<[("'-]+|[\s>\])"'.-]+$/g, '')
  if (habits.has(bare) || generatedBy.test(cleaned) || cameraMark.test(bare)) return null
  return cleaned
}

/** "Canon" and "Canon PowerShot S40" → "Canon PowerShot S40"; "OLYMPUS IMAGING CORP." and "E-P3" → "OLYMPUS E-P3". */
export function cameraName(make: string | null, model: string | null): string | null {
  const name = cleanName(model)
  const maker = cleanName(make)
    ?.replace(
      /[\s,]+(imaging corp\.?|corporation|corp\.?|optical co\.?|electric co\.?|co\.?|company|techwin|gmbh|ag|ltd\.?|inc\.?)(?=[\s,.]|$).*$/i,
      '',
    )
    .trim()
  if (!name) return maker || null
  if (!maker) return name
  const isNamed = maker.split(/[\s-]/).some((word) => name.toLowerCase().startsWith(word.toLowerCase()))
  if (isNamed) return name
  return `${maker} ${name}`
}

/** Null for the marks that cameras write where they do not know the lens. */
export function lensName(text: string | null): string | null {
  const name = cleanName(text)
  if (!name || !/[a-z1-9]/i.test(name) || /^(unknown|none|n\/a|manual lens)/i.test(name)) return null
  return /^0(\.0)?\s?mm f\/0(\.0)?$/i.test(name) ? null : name
}
