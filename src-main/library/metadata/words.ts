import type { PhotoMetadata } from './photo-metadata.ts'

/** Rules for words found in files: what is one line, what is a caption, what is a camera's habit. */

/** Of the camera's and the lens's. */
const maxDeviceNameLength = 500
/** Characters of a field that are looked at, many times what is kept. */
const maxFieldLength = 2 ** 18

/**
 * What cameras and programs write into the caption of every picture, character for character: one place for all
 * of it. A sentence that only resembles these is somebody's.
 */
const boilerplate = new Set([
  'OLYMPUS DIGITAL CAMERA',
  'MINOLTA DIGITAL CAMERA',
  'KONICA MINOLTA DIGITAL CAMERA',
  'Konica Minolta Digital Camera',
  'SAMSUNG DIGITAL CAMERA',
  'Samsung Digital Camera',
  'SANYO DIGITAL CAMERA',
  'JENOPTIK DIGITAL CAMERA',
  'KODAK DIGITAL STILL CAMERA',
  'KODAK Digital Still Camera',
  'DIGITAL STILL CAMERA',
  'Digital Still Camera',
  'Digital StillCamera',
  'DIGITAL CAMERA',
  'Digital Camera',
  'HP PhotoSmart',
  'hp PhotoSmart',
  'LEAD Technologies Inc. V1.01',
  'SAMSUNG',
  'Samsung',
  'Samsung Techwin',
  'SAMSUNG TECHWIN',
  'SONY DSC',
  'MINOLTA DSC',
  'Minolta DSC',
  'NIKON DSC',
  'EPSON DSC picture',
  'EPSON DSC PICTURE',
  'DSC',
  'DCIM',
  'DCIM\\100MEDIA',
  'Exif_JPEG_PICTURE',
  'Exif_JPEG_420',
  'Exif JPEG',
  'Exif JPEG Picture',
  'EXIF JPEG',
  'JPEG',
  'JPG',
  'JPEG image',
  'AppleMark',
  'ASCII',
  'Ascii',
  'charset=ASCII',
  'charset=Ascii',
  'charset=UNICODE',
  'charset=Unicode',
  '<MENU>',
  'MENU',
  'Default',
  'default',
  'Untitled',
  'untitled',
  'Image',
  'image',
  'Image Description',
  'ImageDescription',
  'User Comment',
  'User comment',
  'UserComment',
  'User comments',
  'User Comments',
  'Comment',
  'comment',
  'Description',
  'description',
  'None',
  'none',
  'NULL',
  'null',
  'Unknown',
  'unknown',
  'N/A',
  'n/a',
  'oplus_0',
  'oplus_32',
  'Created with GIMP',
  'Created with The GIMP',
  'Created by Picture Editor',
  'KINKAKUJI',
  'Kinkakuji',
  '-',
  '***',
])

/** The fields that cameras fill, in EXIF and where XMP repeats EXIF. */
const cameraFields = new Set(['xmp:exif:UserComment', 'xmp:tiff:ImageDescription'])

/**
 * The same with what differs from picture to picture, such as its number ("DSC00019", "ICM107B", "000007") or the
 * version of a program. Only in the fields that cameras fill.
 */
const cameraMarks = [
  /^([A-Z][A-Z0-9-]* ){1,2}DIGITAL (STILL )?CAMERA$/,
  /^[a-z]{2,4}[_-]?\d{3,}[a-z]?$/i,
  /^\d{5,}$/,
  /^oplus_\d+$/i,
  /^(file written by adobe photoshop|creator: gd-jpeg|lead technologies inc|optimized by jpegmini|hdrpl)/i,
  /^(processed with (vsco|moldiv)|edited with (snapseed|polarr|paint\.net))/i,
]

/** Trimmed, without NULs, line ends as `\n`; null where nothing is left. How much of it is kept, `keepWords` says. */
export function cleanText(text: string): string | null {
  const cleaned = text
    .slice(0, maxFieldLength)
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what no text holds, but damaged fields do.
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
    .trim()
  return cleaned === '' ? null : cleaned
}

/** A name, keyword, place or title: one line. */
export function cleanName(text: string | null | undefined): string | null {
  return text ? cleanText(text.slice(0, maxFieldLength).replace(/\s+/g, ' ')) : null
}

/** A text as it is kept; null where it is empty, or bytes that are no language. */
export function readableText(text: string): string | null {
  const cleaned = cleanText(text)
  if (cleaned === null) return null
  const controls = text
    .slice(0, maxFieldLength)
    .match(/[\p{Cc}\p{Co}\ufffd]/gu)
    ?.filter((found) => !/[\n\r\t\0]/.test(found)).length
  return controls && controls * 8 > cleaned.length ? null : cleaned
}

/**
 * Whether a readable text is no caption, because a camera or a program puts it into every picture.
 * @param field where it stands, in its standard's own name, such as `xmp:dc:description`.
 */
export function isBoilerplate(text: string, field: string): boolean {
  if (boilerplate.has(text)) return true
  const isCameraField = field.startsWith('exif:') || cameraFields.has(field)
  if (!isCameraField) return false
  return !/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(text) || cameraMarks.some((mark) => mark.test(text))
}

/** Takes in what a field says in place of a caption: as one, or as boilerplate, which is only searched. */
export function takeCaption(metadata: PhotoMetadata, said: string, field: string): void {
  const text = readableText(said)
  if (text === null) return
  if (isBoilerplate(text, field)) metadata.boilerplate.push(text)
  else metadata.captions.push({ text, language: null, field })
}

/** "Canon" and "Canon PowerShot S40" → "Canon PowerShot S40"; "OLYMPUS IMAGING CORP." and "E-P3" → "OLYMPUS E-P3". */
export function cameraName(make: string | null, model: string | null): string | null {
  const name = deviceName(model)
  const maker = deviceName(make)
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

function deviceName(text: string | null): string | null {
  return cleanName(text)?.slice(0, maxDeviceNameLength).toWellFormed() ?? null
}

/** Null for the marks that cameras write where they do not know the lens. */
export function lensName(text: string | null): string | null {
  const name = deviceName(text)
  if (!name || !/[a-z1-9]/i.test(name) || /^(unknown|none|n\/a|manual lens)/i.test(name)) return null
  return /^0(\.0)?\s?mm f\/0(\.0)?$/i.test(name) ? null : name
}
