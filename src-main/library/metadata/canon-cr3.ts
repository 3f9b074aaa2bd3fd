import { readTiff, type TiffDirectories } from './tiff-directories.ts'

/**
 * Canon's raw files since 2018: boxes of ISO/IEC 14496-12 (4.2), of which one in `moov` holds TIFF blocks,
 * each with a directory of its own. Canon documents none of it; the names are those that exiftool gives.
 */

const canonBox = '85c0b687820f11e08111f4ce462b6a48'
const xmpBox = 'be7acfcb97a942e89c71999491e3afac'
/** The boxes before the pictures; a real file has a dozen. */
const maxBoxes = 1000

/** What a CR3 file says about its picture; undefined for any other file. */
export async function readCr3(bytes: Buffer): Promise<TiffDirectories | undefined> {
  if (bytes.toString('latin1', 4, 12) !== 'ftypcrx ') return undefined
  const top = boxesOf(bytes)
  const blocks = boxesOf(findExtension(boxesOf(find(top, 'moov')), canonBox))
  const read = async (name: string) => {
    const block = find(blocks, name)
    return readTiff(async (offset, length) => block.subarray(offset, offset + length))
  }
  const [main, exif, gps] = [await read('CMT1'), await read('CMT2'), await read('CMT4')]
  const littleEndian = main?.littleEndian ?? true
  const entries = (block: TiffDirectories | undefined) =>
    block?.littleEndian === littleEndian ? block.main : []
  const xmp = findExtension(top, xmpBox)
  return {
    littleEndian,
    main: entries(main),
    exif: entries(exif),
    gps: entries(gps),
    xmp: xmp.length > 0 ? xmp : undefined,
  }
}

interface Box {
  type: string
  content: Buffer
}

/** Up to the first box that is no box, or reaches beyond what holds it. */
function boxesOf(bytes: Buffer): Box[] {
  const boxes: Box[] = []
  for (let at = 0; at + 8 <= bytes.length && boxes.length < maxBoxes; ) {
    const short = bytes.readUInt32BE(at)
    const isLong = short === 1 && at + 16 <= bytes.length
    const size = isLong ? Number(bytes.readBigUInt64BE(at + 8)) : short === 0 ? bytes.length - at : short
    const start = at + (isLong ? 16 : 8)
    if (at + size < start) break
    // The last one may be cut where only a file's beginning is at hand.
    boxes.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      content: bytes.subarray(start, Math.min(at + size, bytes.length)),
    })
    at += size
  }
  return boxes
}

function find(boxes: readonly Box[], type: string): Buffer {
  return boxes.find((box) => box.type === type)?.content ?? Buffer.alloc(0)
}

/** What follows the 16 bytes that name a box of a maker's own. */
function findExtension(boxes: readonly Box[], id: string): Buffer {
  const box = boxes.find(({ type, content }) => type === 'uuid' && content.toString('hex', 0, 16) === id)
  return box?.content.subarray(16) ?? Buffer.alloc(0)
}
