/**
 * Sets of documents as bits, in blocks that are stored one by one: the numbers of documents below 65,536 are
 * block 0 and so on. A stored block is a list of 16-bit numbers where it has few, else its bits; both little
 * endian, as every machine is that this program runs on. In memory the blocks that there are follow each other
 * without room between.
 */
export const documentsPerBlock = 2 ** 16
const bytesPerBlock = documentsPerBlock / 8
/** A list of so many would be as long as the bits. */
const longestList = bytesPerBlock / 2

/** Bit `n % 32` of word `n / 32` is place `n`. */
export type Bits = Uint32Array<ArrayBuffer>

/** @param places a multiple of 32. @param into a set of no further use, which may be taken. */
export function emptyBits(places: number, into?: Bits): Bits {
  const words = places / 32
  return into?.length === words ? into.fill(0) : new Uint32Array(words)
}

/** Adds what a stored block holds. @param first the place of the block's document 0, a multiple of 32. */
export function addBlock(bits: Bits, first: number, stored: Uint8Array): void {
  if (stored.byteLength < bytesPerBlock) {
    for (let at = 0; at < stored.byteLength; at += 2) {
      const place = first + (stored[at]! | (stored[at + 1]! << 8))
      bits[place >>> 5]! |= 1 << place
    }
    return
  }
  const added = new Uint32Array(bytesPerBlock / 4)
  new Uint8Array(added.buffer).set(stored)
  const start = first / 32
  // A block that is not full has room for the documents that were made in it alone.
  const end = Math.min(added.length, bits.length - start)
  for (let at = 0; at < end; at++) bits[start + at]! |= added[at]!
}

/** How many of a stored block are in a set. @param first as in `addBlock`. */
export function countInBlock(bits: Bits, first: number, stored: Uint8Array): number {
  let count = 0
  if (stored.byteLength < bytesPerBlock) {
    for (let at = 0; at < stored.byteLength; at += 2) {
      const place = first + (stored[at]! | (stored[at + 1]! << 8))
      count += (bits[place >>> 5]! >>> place) & 1
    }
    return count
  }
  const common = emptyBits(documentsPerBlock)
  addBlock(common, 0, stored)
  intersect(common, bits.subarray(first / 32))
  return countBits(common)
}

/** @param added numbers within the block, in order, greater than all that are stored. */
export function appendToBlock(stored: Uint8Array | undefined, added: readonly number[]): Uint8Array {
  const list = new Uint8Array(Uint16Array.from(added).buffer)
  if (stored === undefined && list.byteLength < bytesPerBlock) return list
  if (stored !== undefined && stored.byteLength + list.byteLength < bytesPerBlock) {
    return Buffer.concat([stored, list])
  }
  const bits = emptyBits(documentsPerBlock)
  if (stored !== undefined) addBlock(bits, 0, stored)
  for (const number of added) bits[number >>> 5]! |= 1 << number
  return new Uint8Array(bits.buffer)
}

/** @param removed numbers within the block. */
export function removeFromBlock(stored: Uint8Array | undefined, removed: readonly number[]): Uint8Array {
  const bits = emptyBits(documentsPerBlock)
  if (stored !== undefined) addBlock(bits, 0, stored)
  for (const number of removed) bits[number >>> 5]! &= ~(1 << number)
  return storeBlock(bits)
}

function storeBlock(bits: Bits): Uint8Array {
  const count = countBits(bits)
  if (count >= longestList) return new Uint8Array(bits.buffer)
  const list = new Uint16Array(count)
  let length = 0
  for (let at = 0; at < bits.length; at++) {
    for (let word = bits[at]!; word !== 0; word &= word - 1) list[length++] = at * 32 + lowestBit(word)
  }
  return new Uint8Array(list.buffer)
}

export function countBits(bits: Bits): number {
  return countShared(bits, bits)
}

/** How many are in both. */
export function countShared(bits: Bits, other: Bits): number {
  let count = 0
  for (let at = 0; at < bits.length; at++) {
    let word = bits[at]! & other[at]!
    if (word === 0) continue
    word -= (word >>> 1) & 0x55555555
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333)
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return count
}

/** Which bit of a word that is not 0 is its lowest. */
export function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}

export function isEmpty(bits: Bits): boolean {
  for (let at = 0; at < bits.length; at++) if (bits[at] !== 0) return false
  return true
}

/** Adds `other` to `bits`. */
export function unite(bits: Bits, other: Bits): void {
  for (let at = 0; at < bits.length; at++) bits[at]! |= other[at]!
}

/** Keeps in `bits` what `other` has too. */
export function intersect(bits: Bits, other: Bits): void {
  for (let at = 0; at < bits.length; at++) bits[at]! &= other[at]!
}

/** Takes `other` out of `bits`. */
export function subtract(bits: Bits, other: Bits): void {
  for (let at = 0; at < bits.length; at++) bits[at]! &= ~other[at]!
}
