import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { emptyMetadata, type PhotoMetadata, takeDates } from './photo-metadata.ts'
import { parseTakenTime, type TakenTime } from './taken-time.ts'
import { decodeBytes } from './text-encoding.ts'
import { cleanName, namesInLine, takeCaption } from './words.ts'

/** What stands in the text chunks of a PNG (PNG specification, 11.3.3); exifreader reads some of them. */
export interface PngText {
  packet: Buffer | undefined
  /** Metadata of other containers, as ImageMagick and exiftool put it into text: without "Exif\0\0", as resources of Photoshop. */
  exif: Buffer | undefined
  resources: Buffer | undefined
  texts: { keyword: string; text: string; language: string | null }[]
}

const signature = '\u0089PNG\r\n\u001a\n'
const packetKeyword = 'XML:com.adobe.xmp'
const profileKeyword = /^raw profile type (exif|app1|xmp|iptc|8bim)$/i
const maxChunks = 1000

/**
 * Undefined for what is no PNG. What is damaged, or grows beyond `maxBytes` together with all before it, is left out.
 * @param onDamage told why.
 */
export async function readPngText(
  bytes: Buffer,
  maxBytes: number,
  onDamage: (thrown: unknown) => void,
): Promise<PngText | undefined> {
  if (bytes.toString('latin1', 0, 8) !== signature) return undefined
  const found: PngText = { packet: undefined, exif: undefined, resources: undefined, texts: [] }
  let leftBytes = maxBytes
  let chunks = 0
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at)
    if (end > bytes.length) break
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (/^(tEXt|zTXt|iTXt)$/.test(type) && ++chunks <= maxChunks) {
      try {
        const said = await readChunk(type, bytes.subarray(at + 8, end), leftBytes)
        leftBytes -= said.text.length
        takeChunk(found, said)
      } catch (thrown) {
        onDamage(thrown)
      }
    }
    at = end + 4
  }
  return found
}

interface Chunk {
  keyword: string
  language: string | null
  isUtf8: boolean
  text: Buffer
}

async function readChunk(type: string, content: Buffer, maxBytes: number): Promise<Chunk> {
  const [keyword, afterKeyword] = untilNul(content, 0)
  const inflated = async (start: number) =>
    await promisify(inflate)(content.subarray(start), { maxOutputLength: Math.max(maxBytes, 1) })
  if (type === 'zTXt') {
    return { keyword, language: null, isUtf8: false, text: await inflated(afterKeyword + 1) }
  }
  if (type === 'tEXt') return { keyword, language: null, isUtf8: false, text: content.subarray(afterKeyword) }
  // Language and translated keyword, each ended by a NUL, stand before the text.
  const [language, afterLanguage] = untilNul(content, afterKeyword + 2)
  const [, start] = untilNul(content, afterLanguage)
  const isCompressed = content[afterKeyword] === 1
  const text = isCompressed ? await inflated(start) : content.subarray(start)
  return { keyword, language: language || null, isUtf8: true, text }
}

function untilNul(content: Buffer, start: number): [text: string, next: number] {
  const end = content.indexOf(0, start)
  return end === -1
    ? [content.toString('latin1', start), content.length]
    : [content.toString('latin1', start, end), end + 1]
}

function takeChunk(found: PngText, { keyword, language, isUtf8, text }: Chunk): void {
  const profile = profileKeyword.exec(keyword)?.[1]?.toLowerCase()
  if (keyword === packetKeyword) found.packet ??= text
  else if (profile !== undefined) takeProfile(found, profile, fromHex(text))
  else {
    // Latin-1 is what the specification says of the older chunks, and UTF-8 what many write.
    const words = isUtf8 ? text.toString('utf8') : decodeBytes(text).text
    found.texts.push({ keyword: keyword.trim().toLowerCase(), text: words, language })
  }
}

/** A line with the profile's name, one with its length, and its bytes in hex. */
function fromHex(text: Buffer): Buffer {
  const [, hex = ''] = /^\s*[^\n]+\n\s*\d+\s([\da-f\s]*)/i.exec(text.toString('latin1')) ?? []
  return Buffer.from(hex.replace(/\s/g, ''), 'hex')
}

function takeProfile(found: PngText, kind: string, bytes: Buffer): void {
  const begins = (mark: string) => bytes.toString('latin1', 0, mark.length) === mark
  const [exifMark, packetMark] = ['Exif\0\0', 'http://ns.adobe.com/xap/1.0/\0']
  if (kind === 'xmp') found.packet ??= bytes
  else if (begins(packetMark)) found.packet ??= bytes.subarray(packetMark.length)
  else if (kind === 'iptc' || kind === '8bim') found.resources ??= begins('8BIM') ? bytes : asResource(bytes)
  else if (bytes.length > 0) found.exif ??= begins(exifMark) ? bytes.subarray(exifMark.length) : bytes
}

/** IPTC's records alone, as Photoshop's resource 1028. */
function asResource(records: Buffer): Buffer {
  const head = Buffer.from('8BIM\u0004\u0004\0\0\0\0\0\0', 'latin1')
  head.writeUInt32BE(records.length, 8)
  return Buffer.concat([head, records, Buffer.alloc(records.length % 2)])
}

/** PNG's own keywords, where people wrote captions before XMP. */
export function metadataFromPngText({ texts }: PngText): PhotoMetadata {
  const metadata = emptyMetadata()
  const first = (wanted: string) => texts.find(({ keyword }) => keyword === wanted)?.text ?? null
  metadata.title = cleanName(first('title'))
  metadata.creators = namesInLine(first('author'))
  metadata.copyright = cleanName(first('copyright'))
  for (const [wanted, field] of [
    ['description', 'png:Description'],
    ['comment', 'png:Comment'],
  ] as const) {
    for (const { keyword, text, language } of texts) {
      if (keyword === wanted) takeCaption(metadata, text, field, language)
    }
  }
  const time = first('creation time') ?? ''
  const made = parseTakenTime(time) ?? parseMailTime(time)
  if (made) takeDates(metadata, [{ ...made, kind: 'digitized' }])
  return metadata
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** `Mon, 26 Apr 2004 13:55:57 +0200`, the form that the specification recommends (RFC 1123, 5.2.14). */
function parseMailTime(text: string): TakenTime | null {
  const [, day = '', name = '', year, rest = ''] =
    /^\s*(?:[a-z]+,?\s+)?(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{4})(.*)$/is.exec(text) ?? []
  const month = monthNames.indexOf(name.toLowerCase()) + 1
  if (month === 0) return null
  return parseTakenTime(`${year}-${month}-${day}${rest.replace(/\s*\b(gmt|utc?)\b.*/i, ' Z')}`)
}
