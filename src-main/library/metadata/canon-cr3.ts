import { type Box, boxesOf, findBox } from './boxes.ts'
import { readTiff, type TiffDirectories } from './tiff-directories.ts'

/**
 * Canon's raw files since 2018: boxes of ISO/IEC 14496-12 (4.2), of which one in `moov` holds TIFF blocks,
 * each with a directory of its own. Canon documents none of it; the names are those that exiftool gives.
 */

const canonBox = '85c0b687820f11e08111f4ce462b6a48'
const xmpBox = 'be7acfcb97a942e89c71999491e3afac'

/** What a CR3 file says about its picture; undefined for any other file. */
export async function readCr3(bytes: Buffer): Promise<TiffDirectories | undefined> {
  if (bytes.toString('latin1', 4, 12) !== 'ftypcrx ') return undefined
  const top = boxesOf(bytes)
  const blocks = boxesOf(findExtension(boxesOf(findBox(top, 'moov')), canonBox))
  const read = async (name: string) => {
    const block = findBox(blocks, name)
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

/** What follows the 16 bytes that name a box of a maker's own. */
function findExtension(boxes: readonly Box[], id: string): Buffer {
  const box = boxes.find(({ type, content }) => type === 'uuid' && content.toString('hex', 0, 16) === id)
  return box?.content.subarray(16) ?? Buffer.alloc(0)
}
