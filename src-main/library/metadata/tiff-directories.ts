/**
 * The directories of a TIFF that speak of the picture, without its pixels: TIFF 6.0, section 2, and BigTIFF
 * (libtiff's design), which has the same fields with counts and offsets of 64 bits. exifreader reads no
 * BigTIFF, needs all of a file up to its last value, and takes 17 times a value's size in memory. So each
 * file is read here as far as needed, and handed to it as a small TIFF of the same entries.
 */

/** Bytes of a file from an offset on; fewer than asked for where the file ends. */
export type ReadAt = (offset: number, lengthBytes: number) => Promise<Buffer>

interface Entry {
  tag: number
  type: number
  count: number
  /** In the file's byte order. */
  value: Buffer
}

export interface TiffDirectories {
  littleEndian: boolean
  /** The first directory, without pointers to others. */
  main: Entry[]
  exif: Entry[]
  gps: Entry[]
  xmp: Buffer | undefined
}

interface Layout {
  littleEndian: boolean
  isBig: boolean
}

/** TIFF's own, then those under which Olympus and Panasonic write it. */
const classicMarks = new Set(['II*\0', 'MM\0*', 'IIRO', 'IIRS', 'MMOR', 'IIU\0'])
const bigMarks = new Set(['II+\0', 'MM\0+'])
const exifPointer = 0x8769
const gpsPointer = 0x8825
const subPointer = 0x014a
const pointers = new Set([exifPointer, gpsPointer, subPointer])
/** NewSubfileType: 0 for a picture, 1 for a reduced copy of one. */
const subfileType = 254
const sizeTags = new Set([0x0100, 0x0101])
const maxSubDirectories = 8
const xmpTag = 700
/** Bytes a value, by field type; 16 to 18 are BigTIFF's, of which no known tag uses the signed 17. */
const typeBytes: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  18: 8,
}
const long = 4
const maxEntries = 4096
/** Longer ones are pixels, lists of where pixels are, or editors' own records. */
const maxValueBytes = 1024 * 1024
const maxXmpBytes = 16 * 1024 * 1024
/** Of all values of a directory: many small entries may name the same large one. */
const maxDirectoryBytes = 4 * 1024 * 1024

/**
 * Reads the first directory and those for EXIF and GPS that it points to. Where it describes a reduced copy, as
 * in most raw files (TIFF/EP, DNG), the size is that of the full picture, which a directory below it describes.
 * What lies outside the file is left out.
 * @returns undefined where the bytes start with no TIFF header.
 */
export async function readTiff(readAt: ReadAt): Promise<TiffDirectories | undefined> {
  const header = await readAt(0, 16)
  const mark = header.toString('latin1', 0, 4)
  const littleEndian = mark.startsWith('II')
  const isBig = bigMarks.has(mark)
  if (!isBig && !classicMarks.has(mark)) return undefined
  if (header.length < (isBig ? 16 : 8)) return undefined
  const layout = { littleEndian, isBig }
  const first = isBig ? readUInt64(header, 8, layout) : readUInt32(header, 4, layout)
  const main = await readDirectory(readAt, first, layout)
  const pointedTo = async (tag: number, most = 1) => {
    const directories: Entry[][] = []
    for (const start of numbersIn(main, tag, layout).slice(0, most)) {
      directories.push(await readDirectory(readAt, start, layout))
    }
    return directories
  }
  const [exif = []] = await pointedTo(exifPointer)
  const [gps = []] = await pointedTo(gpsPointer)
  const isFull = (entries: Entry[]) => numbersIn(entries, subfileType, layout)[0] === 0
  const full = isReduced(main, layout)
    ? (await pointedTo(subPointer, maxSubDirectories)).find(isFull)
    : undefined
  const isSize = ({ tag }: Entry) => sizeTags.has(tag)
  return {
    littleEndian,
    main: [...main.filter((entry) => !full || !isSize(entry)), ...(full?.filter(isSize) ?? [])]
      .filter(({ tag }) => !pointers.has(tag) && tag !== xmpTag)
      .sort((a, b) => a.tag - b.tag),
    exif,
    gps,
    xmp: main.find(({ tag }) => tag === xmpTag)?.value,
  }
}

/** A classic TIFF with these directories and nothing else, its XMP left out. */
export function writeTiff({ littleEndian, main, exif, gps }: TiffDirectories): Buffer {
  const entriesOf = [[...main], exif, gps]
  for (const [pointer, entries] of [
    [exifPointer, exif],
    [gpsPointer, gps],
  ] as const) {
    if (entries.length > 0) entriesOf[0]!.push({ tag: pointer, type: long, count: 1, value: Buffer.alloc(4) })
  }
  const starts: number[] = []
  let end = 8
  for (const entries of entriesOf) {
    starts.push(end)
    end += 2 + entries.length * 12 + 4
  }
  const directoriesEnd = end
  for (const { value } of entriesOf.flat()) if (value.length > 4) end += value.length

  const bytes = Buffer.alloc(end)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  bytes.write(littleEndian ? 'II*\0' : 'MM\0*', 'latin1')
  view.setUint32(4, starts[0]!, littleEndian)
  let valueAt = directoriesEnd
  entriesOf.forEach((entries, index) => {
    view.setUint16(starts[index]!, entries.length, littleEndian)
    entries.forEach(({ tag, type, count, value }, position) => {
      const at = starts[index]! + 2 + position * 12
      view.setUint16(at, tag, littleEndian)
      view.setUint16(at + 2, type, littleEndian)
      view.setUint32(at + 4, count, littleEndian)
      if (index === 0 && tag === exifPointer) view.setUint32(at + 8, starts[1]!, littleEndian)
      else if (index === 0 && tag === gpsPointer) view.setUint32(at + 8, starts[2]!, littleEndian)
      else if (value.length <= 4) value.copy(bytes, at + 8)
      else {
        view.setUint32(at + 8, valueAt, littleEndian)
        valueAt += value.copy(bytes, valueAt)
      }
    })
  })
  return bytes
}

async function readDirectory(readAt: ReadAt, start: number, layout: Layout): Promise<Entry[]> {
  const { isBig } = layout
  const countBytes = isBig ? 8 : 2
  const entryBytes = isBig ? 20 : 12
  const inlineBytes = isBig ? 8 : 4
  const head = await readAt(start, countBytes)
  if (head.length < countBytes) return []
  const count = isBig ? readUInt64(head, 0, layout) : readUInt16(head, 0, layout)
  const table = await readAt(start + countBytes, Math.min(count, maxEntries) * entryBytes)
  const entries: Entry[] = []
  let budgetBytes = maxDirectoryBytes
  for (let at = 0; at + entryBytes <= table.length; at += entryBytes) {
    const tag = readUInt16(table, at, layout)
    const type = readUInt16(table, at + 2, layout)
    const values = isBig ? readUInt64(table, at + 4, layout) : readUInt32(table, at + 4, layout)
    const lengthBytes = values * (typeBytes[type] ?? Number.POSITIVE_INFINITY)
    const isXmp = tag === xmpTag
    // A second one would be read in vain.
    if (isXmp && entries.some((entry) => entry.tag === xmpTag)) continue
    if (!(lengthBytes <= (isXmp ? maxXmpBytes : Math.min(maxValueBytes, budgetBytes)))) continue
    const slot = at + entryBytes - inlineBytes
    const place = isBig ? readUInt64(table, slot, layout) : readUInt32(table, slot, layout)
    const value =
      lengthBytes <= inlineBytes ? table.subarray(slot, slot + lengthBytes) : await readAt(place, lengthBytes)
    if (value.length < lengthBytes) continue
    if (!isXmp) budgetBytes -= lengthBytes
    const entry = type >= 16 ? narrowed(tag, values, value, layout) : { tag, type, count: values, value }
    if (entry) entries.push(entry)
  }
  return entries
}

function isReduced(entries: Entry[], layout: Layout): boolean {
  return ((numbersIn(entries, subfileType, layout)[0] ?? 0) & 1) === 1
}

/** Values of a field of whole numbers; none where it is missing or of another type. */
function numbersIn(entries: Entry[], tag: number, layout: Layout): number[] {
  const entry = entries.find((candidate) => candidate.tag === tag)
  if (entry?.type !== long && entry?.type !== 13) return []
  return Array.from({ length: entry.count }, (_, index) => readUInt32(entry.value, index * 4, layout))
}

/** BigTIFF's 64-bit numbers as LONG; undefined where one is too large to be about the picture. */
function narrowed(tag: number, count: number, value: Buffer, layout: Layout): Entry | undefined {
  const narrow = Buffer.alloc(count * 4)
  const view = new DataView(narrow.buffer, narrow.byteOffset, narrow.length)
  for (let index = 0; index < count; index++) {
    const number = readUInt64(value, index * 8, layout)
    if (number > 0xffffffff) return undefined
    view.setUint32(index * 4, number, layout.littleEndian)
  }
  return { tag, type: long, count, value: narrow }
}

function readUInt16(bytes: Buffer, at: number, { littleEndian }: Layout): number {
  return littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
}

function readUInt32(bytes: Buffer, at: number, { littleEndian }: Layout): number {
  return littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
}

/** Inexact above 2^53, where no file reaches. */
function readUInt64(bytes: Buffer, at: number, { littleEndian }: Layout): number {
  return Number(littleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
}
