/** What the blocks of a GIF say: comments, and the packet that Adobe's programs and exiftool put there. */
export interface GifBlocks {
  packet: Buffer | undefined
  comments: Buffer[]
}

const extension = 0x21
const picture = 0x2c
const application = 0xff
const comment = 0xfe
const headBytes = 13
const xmpMark = 'XMP DataXMP'
/** 01, ff, fe … 00: whoever takes the packet for blocks lands in there, and finds the end (XMP specification, part 3, 1.1.2). */
const trailerBytes = 258

/** Walks through a GIF (GIF89a specification, 15 to 26). Undefined for what is none. */
export function readGifBlocks(bytes: Buffer): GifBlocks | undefined {
  if (!/^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6)) || bytes.length < headBytes) return undefined
  const blocks: GifBlocks = { packet: undefined, comments: [] }
  let at = headBytes + tableBytes(bytes[10]!)
  while (at + 2 < bytes.length) {
    const kind = bytes[at]
    if (kind === picture) {
      if (at + 11 > bytes.length) break
      at = endOfBlocks(bytes, at + 11 + tableBytes(bytes[at + 9]!))
    } else if (kind === extension) {
      const label = bytes[at + 1]
      const isXmp = label === application && bytes.toString('latin1', at + 3, at + 14) === xmpMark
      const end = endOfBlocks(bytes, at + 2)
      if (isXmp) blocks.packet ??= bytes.subarray(at + 14, Math.max(at + 14, end - trailerBytes))
      else if (label === comment) blocks.comments.push(joinBlocks(bytes, at + 2))
      at = end
    } else break
  }
  return blocks
}

/** Of the colours, where the flags say that there are any. */
function tableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0
}

/** Of blocks with their lengths before them, up to an empty one. @returns the place after that. */
function endOfBlocks(bytes: Buffer, start: number): number {
  let at = start
  while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at]!
  return at + 1
}

function joinBlocks(bytes: Buffer, start: number): Buffer {
  const parts: Buffer[] = []
  for (let at = start; at < bytes.length && bytes[at] !== 0; at += 1 + bytes[at]!) {
    parts.push(bytes.subarray(at + 1, at + 1 + bytes[at]!))
  }
  return Buffer.concat(parts)
}
