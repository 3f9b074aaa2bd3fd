import type { PhotoMetadata } from './photo-metadata.ts'

/** Rules for words found in files: what is one line, what is a caption, what is a camera's habit. */

/** Of the camera's and the lens's. */
const maxDeviceNameLength = 500
/** Characters of a field that are looked at, many times what is kept. */
const maxFieldLength = 2 ** 18
const maxNamesInLine = 100

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

/** The fields that cameras and programs fill: in EXIF, where XMP repeats EXIF, and comments of containers. */
const filledFields = new Set([
  'xmp:exif:UserComment',
  'xmp:tiff:ImageDescription',
  'jpeg:Comment',
  'gif:Comment',
  'png:Comment',
])

/**
 * The same with what differs from picture to picture, such as its number ("DSC00019", "ICM107B", "000007") or the
 * version of a program. Only in the fields that cameras fill.
 */
const cameraMarks = [
  /^([A-Z][A-Z0-9-]* ){1,2}DIGITAL (STILL )?CAMERA$/,
  /^[a-z]{2,4}[_-]?\d{3,}[a-z]?$/i,
  /^\d{5,}$/,
  /^oplus_\d+$/i,
  /^(file written by adobe photoshop|creator: (gd-jpeg|xv)|lead technologies inc|optimized by jpegmini|hdrpl)/i,
  /^(processed with (vsco|moldiv)|edited with (snapseed|polarr|paint\.net)|processed by ebay with imagemagick)/i,
  /^(created (with|by) (the )?(gimp|imagemagick|paint shop pro|acdsee|irfanview|paint\.net|ezgif|wings3d)|xv version)\b/i,
  /^(intel\(r\) jpeg library|jpeg encoder copyright|acd systems digital imaging|u-?lead systems|lavc\d|handmade software)/i,
  /^(compressed (with|by) jpeg|resized (with|on|using) ezgif|software: (microsoft|adobe|paint))/i,
]

/** A file's own name: of a camera or a program, or what a person called the file, which its name tells already. */
const bareFileName =
  /^[^\s/\\]{1,250}\.(jpe?g|jfif|png|gif|tiff?|webp|hei[cf]|avif|bmp|nef|cr[23w]|arw|dng|orf|rw2|raf)$/i

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
  if (boilerplate.has(text) || bareFileName.test(text)) return true
  const isFilled = field.startsWith('exif:') || filledFields.has(field)
  if (!isFilled) return false
  return !/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(text) || cameraMarks.some((mark) => mark.test(text))
}

/** Takes in what a field says in place of a caption: as one, or as boilerplate, which is only searched. */
export function takeCaption(
  metadata: PhotoMetadata,
  said: string,
  field: string,
  language: string | null = null,
): void {
  const text = readableText(said)
  if (text === null) return
  if (isBoilerplate(text, field)) metadata.boilerplate.push(text)
  else metadata.captions.push({ text, language, field })
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

/**
 * A lens by its range alone, as exiftool writes it: "24-70mm f/2.8", "18-55mm f/3.5-5.6".
 * @param range shortest and longest focal length in millimetres, and the lowest f-number at each; NaN where it is not known.
 */
export function lensOfRange([shortest = Number.NaN, longest, ...numbers]: readonly number[]): string | null {
  if (!(shortest > 0) || !Number.isFinite(shortest)) return null
  const between = (values: readonly (number | undefined)[]) =>
    [...new Set(values.filter((value) => value !== undefined && value > 0 && Number.isFinite(value)))]
      .map((value) => String(Number(value!.toFixed(1))))
      .join('-')
  const aperture = between(numbers.slice(0, 2))
  return `${between([shortest, longest])}mm${aperture === '' ? '' : ` f/${aperture}`}`
}

/** 1, 25, 50, 75 and 99 are one to five stars, and what is between is the nearest of them, as Windows has it. */
export function starsOfPercent(percent: number): number | null {
  if (!(percent >= 0 && percent <= 100)) return null
  return percent === 0 ? 0 : Math.round(percent / 25) + 1
}

/** Several names in one text, as EXIF and PNG have them. */
export function namesInLine(text: string | null): string[] {
  const names = (text ?? '').split(';', maxNamesInLine).map(cleanName)
  return [...new Set(names.filter((name) => name !== null))]
}
