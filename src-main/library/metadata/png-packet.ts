import { promisify } from 'node:util'
import { inflate } from 'node:zlib'

const signature = '\u0089PNG\r\n\u001a\n'
const keyword = 'XML:com.adobe.xmp\0'

/**
 * The XMP packet of a PNG in a compressed chunk: `iTXt`, or the `zTXt` that libpng writes. exifreader reads
 * only the uncompressed kind. Undefined where there is none.
 * @throws zlib's error where it is damaged or grows beyond `maxBytes`.
 */
export async function compressedPngPacket(bytes: Buffer, maxBytes: number): Promise<string | undefined> {
  if (bytes.toString('latin1', 0, 8) !== signature) return undefined
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at)
    if (end > bytes.length) return undefined
    const type = bytes.toString('latin1', at + 4, at + 8)
    const isXmp = bytes.toString('latin1', at + 8, at + 8 + keyword.length) === keyword
    const start = isXmp ? compressedStart(bytes, type, at + 8 + keyword.length) : undefined
    if (start !== undefined && start < end) {
      const packet = await promisify(inflate)(bytes.subarray(start, end), { maxOutputLength: maxBytes })
      return packet.toString('utf8')
    }
    at = end + 4
  }
  return undefined
}

function compressedStart(bytes: Buffer, type: string, afterKeyword: number): number | undefined {
  if (type === 'zTXt') return afterKeyword + 1
  if (type !== 'iTXt' || bytes[afterKeyword] !== 1) return undefined
  // Language and translated keyword, each ended by a NUL, stand before the text.
  const language = bytes.indexOf(0, afterKeyword + 2)
  const text = language === -1 ? -1 : bytes.indexOf(0, language + 1)
  return text === -1 ? undefined : text + 1
}
