import { promisify } from 'node:util'
import { inflate } from 'node:zlib'

const signature = '\u0089PNG\r\n\u001a\n'
const keyword = 'XML:com.adobe.xmp\0'

/**
 * The XMP packet of a PNG whose `iTXt` chunk is compressed, as libvips and ImageMagick write it; exifreader
 * reads only the uncompressed kind. Undefined where there is none.
 * @throws zlib's error where it is damaged or grows beyond `maxBytes`.
 */
export async function compressedPngPacket(bytes: Buffer, maxBytes: number): Promise<string | undefined> {
  if (bytes.toString('latin1', 0, 8) !== signature) return undefined
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at)
    if (end > bytes.length) return undefined
    const isPacket =
      bytes.toString('latin1', at + 4, at + 8) === 'iTXt' &&
      bytes.toString('latin1', at + 8, at + 8 + keyword.length) === keyword
    const flags = at + 8 + keyword.length
    if (isPacket && bytes[flags] === 1) {
      // Language and translated keyword, each ended by a NUL, stand before the text.
      const language = bytes.indexOf(0, flags + 2)
      const text = bytes.indexOf(0, language + 1) + 1
      if (language === -1 || text === 0 || text > end) return undefined
      const packet = await promisify(inflate)(bytes.subarray(text, end), { maxOutputLength: maxBytes })
      return packet.toString('utf8')
    }
    at = end + 4
  }
  return undefined
}
