/** What stands in segments of a JPEG that exifreader leaves out, or puts together wrongly. */
export interface JpegSegments {
  /** XMP as it stands: the standard packets, then the extended one where it is whole. */
  packets: Buffer[]
  comments: Buffer[]
}

const startOfImage = 0xd8
const startOfScan = 0xda
const app1 = 0xe1
const comment = 0xfe
const standardMark = 'http://ns.adobe.com/xap/1.0/\0'
const extendedMark = 'http://ns.adobe.com/xmp/extension/\0'
/** GUID, length of the whole, offset of this part. */
const extendedHeadBytes = 32 + 4 + 4
const maxExtendedBytes = 16 * 1024 * 1024
const maxSegments = 10_000

interface Extended {
  guid: string
  totalBytes: number
  parts: { offset: number; bytes: Buffer }[]
}

/**
 * Looks through the segments before the first scan (ITU-T T.81, B.1.1.4). Extended XMP comes in parts of one packet, in any order,
 * under the name that the standard packet gives (XMP specification, part 3, 1.1.3.1). Undefined for what is no JPEG.
 */
export function readJpegSegments(bytes: Buffer): JpegSegments | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== startOfImage) return undefined
  const packets: Buffer[] = []
  const comments: Buffer[] = []
  const extended: Extended[] = []
  for (const { marker, content } of segmentsOf(bytes)) {
    if (marker === comment) comments.push(content)
    if (marker !== app1) continue
    const begins = (mark: string) => content.toString('latin1', 0, mark.length) === mark
    if (begins(standardMark)) packets.push(content.subarray(standardMark.length))
    else if (begins(extendedMark)) takePart(extended, content.subarray(extendedMark.length))
  }
  const named = extended.filter(({ guid }) => packets.some((packet) => packet.includes(guid)))
  packets.push(...(named.length > 0 ? named : extended).flatMap(putTogether))
  return { packets, comments }
}

/** Bytes between segments that belong to none are passed over, as decoders do. */
function* segmentsOf(bytes: Buffer): Generator<{ marker: number; content: Buffer }> {
  let segments = 0
  for (let at = bytes.indexOf(0xff, 2); at >= 0 && at + 4 <= bytes.length; at = bytes.indexOf(0xff, at)) {
    const marker = bytes[at + 1]!
    const lengthBytes = bytes.readUInt16BE(at + 2)
    if (marker === startOfScan || ++segments > maxSegments) return
    if (marker === 0xff) at += 1
    else if (lengthBytes < 2 || marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd9)) at += 2
    else {
      yield { marker, content: bytes.subarray(at + 4, at + 2 + lengthBytes) }
      at += 2 + lengthBytes
    }
  }
}

function takePart(extended: Extended[], part: Buffer): void {
  if (part.length < extendedHeadBytes) return
  const guid = part.toString('latin1', 0, 32)
  const totalBytes = part.readUInt32BE(32)
  let of = extended.find((each) => each.guid === guid)
  if (!of) {
    of = { guid, totalBytes, parts: [] }
    extended.push(of)
  }
  of.parts.push({ offset: part.readUInt32BE(36), bytes: part.subarray(extendedHeadBytes) })
}

/** None where a part is missing. */
function putTogether({ totalBytes, parts }: Extended): Buffer[] {
  const foundBytes = parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
  if (totalBytes > maxExtendedBytes || foundBytes < totalBytes) return []
  const whole = Buffer.alloc(totalBytes)
  for (const { offset, bytes } of parts) if (offset < totalBytes) bytes.copy(whole, offset)
  return [whole]
}
