/** TIFF's and BigTIFF's first directory, which says of what kind a picture is and where its pieces are. */

export interface TiffField {
  /** As TIFF numbers them; what is BigTIFF's alone is told by the classic one. */
  type: number
  count: number
  /** In the order of the file. */
  bytes: Buffer
}

export interface TiffDirectory {
  isLittleEndian: boolean
  /** By tag. */
  fields: Map<number, TiffField>
}

export const tiffTag = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  colours: 262,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planes: 284,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
  iccProfile: 34675,
} as const

/** Sub-directories, EXIF, GPS, interoperability. */
const directoryTags: ReadonlySet<number> = new Set([330, 34665, 34853, 40965])

const short = 3
const long = 4
const long8 = 16
const bytesByType: Record<number, number> = {
  1: 1,
  2: 1,
  [short]: 2,
  [long]: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  [long8]: 8,
  17: 8,
  18: 8,
}

/** @returns null where the bytes are no TIFF, nor what cameras make of it; fields that lie outside of them are left out */
export function readTiffDirectory(bytes: Buffer): TiffDirectory | null {
  const order = bytes.toString('latin1', 0, 2)
  if ((order !== 'II' && order !== 'MM') || bytes.length < 16) return null
  const isLittleEndian = order === 'II'
  const u16 = (at: number) => (isLittleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  const u32 = (at: number) => (isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const u64 = (at: number) => Number(isLittleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
  const isBig = u16(2) === 43
  const [wordBytes, word] = isBig ? [8, u64] : [4, u32]
  const directory = word(wordBytes)
  const entryBytes = 4 + 2 * wordBytes
  const countBytes = isBig ? 8 : 2
  if (directory + countBytes > bytes.length) return null

  const fields = new Map<number, TiffField>()
  const entries = isBig ? u64(directory) : u16(directory)
  for (let i = 0; i < entries; i++) {
    const entry = directory + countBytes + i * entryBytes
    if (entry + entryBytes > bytes.length) break
    const type = u16(entry + 2)
    const count = word(entry + 4)
    const length = count * (bytesByType[type] ?? Number.NaN)
    const at = length <= wordBytes ? entry + 4 + wordBytes : word(entry + 4 + wordBytes)
    if (!(at + length <= bytes.length)) continue
    fields.set(u16(entry), { type, count, bytes: bytes.subarray(at, at + length) })
  }
  return { isLittleEndian, fields }
}

/** Of a field of whole numbers; none where there is no such field. */
export function numbersOf({ isLittleEndian, fields }: TiffDirectory, tag: number): number[] {
  const field = fields.get(tag)
  if (!field) return []
  const { type, count, bytes } = field
  const read: Record<number, (at: number) => number> = {
    1: (at) => bytes[at]!,
    [short]: (at) => (isLittleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)),
    [long]: (at) => (isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)),
    [long8]: (at) => Number(isLittleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at)),
  }
  const readOne = read[type]
  return readOne ? Array.from({ length: count }, (_, index) => readOne(index * bytesByType[type]!)) : []
}

export function numberOf(directory: TiffDirectory, tag: number, absent: number): number {
  return numbersOf(directory, tag)[0] ?? absent
}

/** A field of whole numbers, as long as they need. */
export function fieldOf({ isLittleEndian }: TiffDirectory, values: readonly number[]): TiffField {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) {
    if (isLittleEndian) bytes.writeUInt32LE(value, 4 * index)
    else bytes.writeUInt32BE(value, 4 * index)
  }
  return { type: long, count: values.length, bytes }
}

/**
 * A classic TIFF of one directory and the pieces of its picture.
 * @param tags those that say where the pieces are and how long
 */
export function writeTiff(
  directory: TiffDirectory,
  pieces: readonly Uint8Array[],
  tags: { offsets: number; byteCounts: number },
): Buffer<ArrayBuffer> {
  const { isLittleEndian } = directory
  const fields = new Map<number, TiffField>()
  for (const [tag, field] of directory.fields) {
    // What points elsewhere in the file it came from is left behind.
    if (directoryTags.has(tag)) continue
    fields.set(tag, field.type === long8 ? fieldOf(directory, numbersOf(directory, tag)) : field)
  }
  fields.set(
    tags.byteCounts,
    fieldOf(
      directory,
      pieces.map(({ length }) => length),
    ),
  )
  // Their place is known once the length of all fields is.
  fields.set(
    tags.offsets,
    fieldOf(
      directory,
      pieces.map(() => 0),
    ),
  )
  const head = 8 + 2 + fields.size * 12 + 4
  const evenly = (length: number) => length + (length & 1)
  let at = head
  for (const { bytes } of fields.values()) if (bytes.length > 4) at += evenly(bytes.length)
  const offsets: number[] = []
  for (const { length } of pieces) {
    offsets.push(at)
    at += evenly(length)
  }
  fields.set(tags.offsets, fieldOf(directory, offsets))

  const tiff = Buffer.alloc(at)
  const u16 = (value: number, place: number) =>
    isLittleEndian ? tiff.writeUInt16LE(value, place) : tiff.writeUInt16BE(value, place)
  const u32 = (value: number, place: number) =>
    isLittleEndian ? tiff.writeUInt32LE(value, place) : tiff.writeUInt32BE(value, place)
  tiff.write(isLittleEndian ? 'II' : 'MM', 0, 'latin1')
  u16(42, 2)
  u32(8, 4)
  u16(fields.size, 8)
  let entry = 10
  let values = head
  for (const [tag, { type, count, bytes }] of [...fields].sort(([a], [b]) => a - b)) {
    u16(tag, entry)
    u16(type, entry + 2)
    u32(count, entry + 4)
    if (bytes.length <= 4) tiff.set(bytes, entry + 8)
    else {
      u32(values, entry + 8)
      tiff.set(bytes, values)
      values += evenly(bytes.length)
    }
    entry += 12
  }
  for (const [index, piece] of pieces.entries()) tiff.set(piece, offsets[index]!)
  return tiff
}
