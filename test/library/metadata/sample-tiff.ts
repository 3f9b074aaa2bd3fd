/** TIFF and BigTIFF of a few fields, built by hand, so that the reader is not tested by its own writer. */

export type FieldType = 'ascii' | 'short' | 'long' | 'rational' | 'bytes' | 'long8'
/** Tag, type, and the values; a rational is two numbers, a directory its fields. */
export type Field = readonly [tag: number, type: FieldType, values: string | number[] | Buffer | Field[]]

const types: Record<FieldType, { code: number; bytes: number }> = {
  ascii: { code: 2, bytes: 1 },
  short: { code: 3, bytes: 2 },
  long: { code: 4, bytes: 4 },
  rational: { code: 5, bytes: 8 },
  bytes: { code: 7, bytes: 1 },
  long8: { code: 16, bytes: 8 },
}

export interface TiffShape {
  big?: boolean
  littleEndian?: boolean
  /** Bytes between the header and the first directory, as pixels would be. */
  gapBytes?: number
}

export function buildTiff(fields: readonly Field[], shape: TiffShape = {}): Buffer {
  const { big = false, littleEndian = true, gapBytes = 0 } = shape
  const number = (value: number, bytes: number) => {
    const buffer = Buffer.alloc(bytes)
    if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value))
    else buffer.writeUIntLE(value, 0, bytes)
    return littleEndian ? buffer : buffer.reverse()
  }
  const wide = big ? 8 : 4
  const header = Buffer.concat([
    Buffer.from(littleEndian ? 'II' : 'MM'),
    number(big ? 43 : 42, 2),
    ...(big ? [number(8, 2), number(0, 2)] : []),
    number((big ? 16 : 8) + gapBytes, wide),
    Buffer.alloc(gapBytes),
  ])

  const directory = (entries: readonly Field[], start: number): Buffer => {
    const countBytes = big ? 8 : 2
    const tableBytes = countBytes + entries.length * (big ? 20 : 12) + wide
    const behind: Buffer[] = []
    let end = start + tableBytes
    const table = [...entries]
      .sort((a, b) => a[0] - b[0])
      .map(([tag, type, values]) => {
        const { code, bytes } = types[type]
        let content: Buffer
        if (typeof values === 'string') content = Buffer.from(`${values}\0`)
        else if (Buffer.isBuffer(values)) content = values
        else if (Array.isArray(values[0])) {
          content = number(end, bytes)
          const inner = directory(values as Field[], end)
          behind.push(inner)
          end += inner.length
        } else {
          const unit = type === 'rational' ? 4 : bytes
          content = Buffer.concat((values as number[]).map((value) => number(value, unit)))
        }
        const count = content.length / bytes
        let slot = Buffer.concat([content, Buffer.alloc(Math.max(0, wide - content.length))])
        if (content.length > wide) {
          slot = number(end, wide)
          behind.push(content)
          end += content.length
        }
        return Buffer.concat([number(tag, 2), number(code, 2), number(count, wide), slot])
      })
    return Buffer.concat([number(entries.length, countBytes), ...table, Buffer.alloc(wide), ...behind])
  }
  return Buffer.concat([header, directory(fields, header.length)])
}

/** A picture of 6000 × 4000, held upright, by a Canon in Bergen. */
export const exifFields: readonly Field[] = [
  [0x829a, 'rational', [1, 250]],
  [0x9003, 'ascii', '2021:06:05 22:41:07'],
  [0x9011, 'ascii', '+02:00'],
  [0xa434, 'ascii', 'RF24-105mm F4 L IS USM'],
]
export const gpsFields: readonly Field[] = [
  [1, 'ascii', 'N'],
  [2, 'rational', [60, 1, 23, 1, 2400, 100]],
  [3, 'ascii', 'E'],
  [4, 'rational', [5, 1, 19, 1, 30, 1]],
]
export const mainFields: readonly Field[] = [
  [0x100, 'short', [6000]],
  [0x101, 'short', [4000]],
  [0x10e, 'ascii', 'Boats in the harbour'],
  [0x10f, 'ascii', 'Canon'],
  [0x110, 'ascii', 'Canon EOS R6'],
  [0x112, 'short', [6]],
]
export const withPointers: readonly Field[] = [
  ...mainFields,
  [0x8769, 'long', [...exifFields]],
  [0x8825, 'long', [...gpsFields]],
]
