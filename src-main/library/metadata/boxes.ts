/** Boxes of ISO/IEC 14496-12 (4.2), which QuickTime calls atoms. */
export interface Box {
  type: string
  content: Buffer
}

/** A file has a few dozen. */
const maxBoxes = 1000

/** Up to the first box that is no box, or reaches beyond what holds it. */
export function boxesOf(bytes: Buffer): Box[] {
  const boxes: Box[] = []
  for (let at = 0; at + 8 <= bytes.length && boxes.length < maxBoxes; ) {
    const { type, start, end } = boxAt(bytes, at, bytes.length)
    if (end < start) break
    // The last one may be cut where only a file's beginning is at hand.
    boxes.push({ type, content: bytes.subarray(start, Math.min(end, bytes.length)) })
    at = end
  }
  return boxes
}

export function findBox(boxes: readonly Box[], type: string): Buffer {
  return boxes.find((box) => box.type === type)?.content ?? Buffer.alloc(0)
}

/**
 * Where a box is whose head, 8 bytes or 16, stands at a place in `bytes`.
 * @param limit where the last one ends, which says no size
 */
export function boxAt(
  bytes: Buffer,
  at: number,
  limit: number,
): { type: string; start: number; end: number } {
  const short = bytes.readUInt32BE(at)
  const isLong = short === 1 && at + 16 <= bytes.length
  const size = isLong ? Number(bytes.readBigUInt64BE(at + 8)) : short === 0 ? limit - at : short
  return { type: bytes.toString('latin1', at + 4, at + 8), start: at + (isLong ? 16 : 8), end: at + size }
}
