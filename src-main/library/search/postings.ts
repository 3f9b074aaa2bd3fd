import type { Database } from '../store/database.ts'
import {
  addBlock,
  appendToBlock,
  type Bits,
  countBits,
  countInBlock,
  documentsPerBlock,
  emptyBits,
  lowestBit,
  removeFromBlock,
} from './bits.ts'
import { flag } from './match.ts'
import type { RowRange } from './rows.ts'

/**
 * Which documents have a token, as bits, so that any combination of tokens is counted exactly and at once.
 *
 * A document is one state of an entry in the index: a photo whose words change gets a new document, and the
 * old one only loses its life. So nobody has to know the words that an entry had before, and documents are
 * appended, never changed. What order they come in is in `search_rows`.
 *
 * Documents stand in blocks. Only the last block is appended to; the others just die, and a block is let go as a
 * whole, once nothing in it lives. Its number never comes again.
 */
export interface PostingsWriter {
  /** Makes documents with these rows in the index. @returns their numbers, ascending. */
  append(rows: readonly number[]): number[]
  /** Adds documents to tokens. */
  add(documentsByToken: ReadonlyMap<string, readonly number[]>): void
  /** Ends the life of documents: takes them out of the token of all photos. */
  remove(documents: readonly number[]): void
  /**
   * Where documents are too many for the photos there are: those of the block with the largest share of dead ones
   * that still live, at most `limit`. Its dead ones are let go with it once none is left.
   * @returns undefined where they are not too many, or there is nothing to be gained.
   */
  sparsest(limit: number): { document: number; row: number }[] | undefined
  /** Whether any document, dead ones included that were not let go, has the token. */
  has(token: string): boolean
  /** Another one whenever documents were let go. */
  generation(): number
  /** Deletes what is left of blocks that were let go, looking at `limit` rows at most. @returns whether there may be more. */
  sweep(limit: number): boolean
  clear(): void
}

export interface PostingsReader {
  /** Must be called at the start of every transaction that reads. */
  refresh(): void
  /** Another one whenever any set may be another one, as of the last refresh. */
  version(): string
  /** While it is the same, every place of a set stands for the same document, as of the last refresh. */
  generation(): number
  /** Not to be changed. */
  bitsOf(token: string): Bits
  /** Documents that have any token which begins so. @param into of no further use, or undefined. */
  bitsOfBegun(prefix: string, into?: Bits): Bits
  /** Whether any document, dead ones included, has the token. */
  has(token: string): boolean
  /** In how many documents of a set each of these tokens is, which nobody asks for again soon. */
  countEach(tokens: readonly string[], bits: Bits): Map<string, number>
  bitsOfDocuments(documents: readonly number[]): Bits
  /** Of a document that there is, in every set. */
  placeOf(document: number): number
  /** The first rows of a set in the order of the index, within a range, at most `limit`. */
  firstRows(bits: Bits, range: RowRange, limit: number): number[]
  /** The rows of a set, in no order, some at a time; the next ones take the place of those. */
  eachRows(bits: Bits, visit: (rows: Float64Array) => void): void
  /** How many of a set are in each range of rows. @param ranges no two of which share a row */
  countRanges(bits: Bits, ranges: readonly RowRange[]): number[]
  /** Leaves in a set only what is within a range of rows. */
  restrict(bits: Bits, range: RowRange): void
}

/** Rows are stored and compared by pieces of so many documents. */
const rowsPerPiece = 1024
const wordsPerPiece = rowsPerPiece / 32
const piecesPerBlock = documentsPerBlock / rowsPerPiece

/**
 * Documents for each photo, beyond which a block is emptied. While that is done there are those of one block more:
 * with an eighth of the photos at most in a block, always fewer than one and a half.
 */
const mostDocumentsPerPhoto = 1.3
const blocksOfAllPhotos = 8
/** Of libraries with hardly a photo. */
const smallestBlock = 64

const readPostingSql = 'SELECT documents FROM search_postings WHERE token = ? AND block = ?'
const writePostingSql = `INSERT INTO search_postings VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET documents = excluded.documents`

/** What readers keep of the tokens asked for last, in bytes: two hundred at a million photos. */
const mostRemembered = 8 * 2 ** 20

interface Remembered {
  /** How many there were when it was read. */
  documents: number
  /** The last block then: only it, and those behind it, can have changed since. */
  block: number
  bits: Bits
}

interface Posting {
  token: string
  block: number
  documents: Buffer
}

interface Piece {
  piece: number
  rows: Buffer
}

interface Block {
  block: number
  /** Documents that were ever made in it. */
  made: number
}

export function createPostingsWriter(database: Database): PostingsWriter {
  const { prepare } = database
  const blocks = () =>
    prepare<Block>('SELECT block, made FROM search_blocks WHERE NOT is_let_go ORDER BY block').all()
  const photos = () =>
    prepare<{ photos: number | null }>('SELECT sum(photos) AS photos FROM photo_tallies').get()!.photos ?? 0

  function begin(block: number): Block {
    prepare('INSERT INTO search_blocks VALUES (?, 0, 0)').run(block)
    return { block, made: 0 }
  }

  function append(rows: readonly number[]): number[] {
    const room = Math.ceil(photos() / blocksOfAllPhotos)
    const capacity = Math.min(Math.max(room, smallestBlock), documentsPerBlock)
    let last =
      prepare<Block>('SELECT block, made FROM search_blocks ORDER BY block DESC LIMIT 1').get() ?? begin(0)
    const documents: number[] = []
    while (documents.length < rows.length) {
      if (last.made >= capacity) last = begin(last.block + 1)
      const added = rows.slice(documents.length, documents.length + capacity - last.made)
      const first = last.block * documentsPerBlock + last.made
      writeRows(first, added)
      for (let at = 0; at < added.length; at++) documents.push(first + at)
      last.made += added.length
      prepare('UPDATE search_blocks SET made = ? WHERE block = ?').run(last.made, last.block)
    }
    return documents
  }

  function writeRows(from: number, rows: readonly number[]): void {
    for (let at = 0; at < rows.length; ) {
      const piece = Math.floor((from + at) / rowsPerPiece)
      const room = (piece + 1) * rowsPerPiece - (from + at)
      const added = Float64Array.from(rows.slice(at, at + room))
      prepare('INSERT INTO search_rows VALUES (?, ?) ON CONFLICT DO UPDATE SET rows = excluded.rows').run(
        piece,
        Buffer.concat([readPiece(piece), new Uint8Array(added.buffer)]),
      )
      at += added.length
    }
  }

  function readPiece(piece: number): Uint8Array {
    return (
      prepare<Piece>('SELECT piece, rows FROM search_rows WHERE piece = ?').get(piece)?.rows ??
      new Uint8Array()
    )
  }

  function readPosting(block: number, token: string): Buffer | undefined {
    return prepare<Posting>(readPostingSql).get(token, block)?.documents
  }

  function add(documentsByToken: ReadonlyMap<string, readonly number[]>): void {
    // In the order of the table.
    for (const token of [...documentsByToken.keys()].sort()) {
      for (const [block, inBlock] of splitByBlock(documentsByToken.get(token)!)) {
        prepare(writePostingSql).run(token, block, appendToBlock(readPosting(block, token), inBlock))
      }
    }
  }

  function remove(documents: readonly number[]): void {
    if (documents.length === 0) return
    for (const [block, inBlock] of splitByBlock(documents)) {
      const living = readPosting(block, flag.everyPhoto)
      if (living === undefined) continue
      prepare(writePostingSql).run(flag.everyPhoto, block, removeFromBlock(living, inBlock))
    }
    prepare('UPDATE search_generation SET removals = removals + 1').run()
  }

  function sparsest(limit: number): { document: number; row: number }[] | undefined {
    const all = blocks()
    const made = all.reduce((sum, block) => sum + block.made, 0)
    if (made <= mostDocumentsPerPhoto * photos()) return undefined
    let found: { block: number; made: number; living: Bits; share: number } | undefined
    for (const { block, made } of all) {
      if (made === 0) continue
      const living = emptyBits(documentsPerBlock)
      addBlock(living, 0, readPosting(block, flag.everyPhoto) ?? new Uint8Array())
      const share = countBits(living) / made
      if (share < (found?.share ?? 1)) found = { block, made, living, share }
    }
    if (found === undefined) return undefined
    // What lives in it goes to the block behind it.
    if (found.block === all.at(-1)!.block) begin(found.block + 1)
    if (found.share === 0) letGo(found.block)
    return firstOf(found.block, found.living, limit)
  }

  function firstOf(block: number, living: Bits, limit: number): { document: number; row: number }[] {
    const first: { document: number; row: number }[] = []
    for (let piece = 0; piece < piecesPerBlock && first.length < limit; piece++) {
      let rows: Float64Array | undefined
      for (let at = piece * wordsPerPiece; at < (piece + 1) * wordsPerPiece; at++) {
        for (let word = living[at]!; word !== 0 && first.length < limit; word &= word - 1) {
          rows ??= toRows(readPiece(block * piecesPerBlock + piece))
          const inBlock = at * 32 + lowestBit(word)
          first.push({ document: block * documentsPerBlock + inBlock, row: rows[inBlock % rowsPerPiece]! })
        }
      }
    }
    return first
  }

  /** From now on nobody sees the block, and what is left of it can be deleted at leisure. */
  function letGo(block: number): void {
    prepare('DELETE FROM search_rows WHERE piece >= ? AND piece < ?').run(
      block * piecesPerBlock,
      (block + 1) * piecesPerBlock,
    )
    prepare('UPDATE search_blocks SET made = 0, is_let_go = 1 WHERE block = ?').run(block)
    prepare('UPDATE search_generation SET number = number + 1').run()
  }

  /** Goes through the table, in which the sets of one block stand far apart, for all blocks at once that were let go by then. */
  function sweep(limit: number): boolean {
    const at = prepare<{ token: string; block: number }>('SELECT token, block FROM search_sweep').get()
    if (at === undefined && !beginSweep()) return false
    const { token, block } = at ?? { token: '', block: -1 }
    const postings = prepare<Pick<Posting, 'token' | 'block'>>(
      `SELECT token, block FROM search_postings WHERE (token, block) > (?, ?) ORDER BY token, block LIMIT ?`,
    ).all(token, block, limit)
    const swept = new Set(
      prepare<Block>('SELECT block FROM search_blocks WHERE is_let_go')
        .all()
        .map((each) => each.block),
    )
    for (const each of postings) {
      if (!swept.has(each.block)) continue
      prepare('DELETE FROM search_postings WHERE token = ? AND block = ?').run(each.token, each.block)
    }
    const last = postings.at(-1)
    if (last && postings.length === limit) {
      prepare('INSERT OR REPLACE INTO search_sweep VALUES (1, ?, ?)').run(last.token, last.block)
    } else {
      prepare('DELETE FROM search_blocks WHERE is_let_go = 2').run()
      prepare('DELETE FROM search_sweep').run()
    }
    return true
  }

  /** @returns whether anything was let go. */
  function beginSweep(): boolean {
    return prepare('UPDATE search_blocks SET is_let_go = 2 WHERE is_let_go = 1').run().changes > 0
  }

  return {
    append,
    add,
    remove,
    sparsest,
    sweep,
    has: (token) => isInAny(database, token, new Set(blocks().map(({ block }) => block))),
    generation: () => prepare<{ number: number }>('SELECT number FROM search_generation').get()!.number,
    clear() {
      for (const table of ['search_postings', 'search_rows', 'search_blocks', 'search_sweep']) {
        prepare(`DELETE FROM ${table}`).run()
      }
      prepare('UPDATE search_generation SET number = number + 1').run()
    },
  }
}

/** @returns numbers within each block, ascending. */
function splitByBlock(documents: readonly number[]): Map<number, number[]> {
  const byBlock = new Map<number, number[]>()
  for (const document of documents.toSorted((a, b) => a - b)) {
    const block = Math.floor(document / documentsPerBlock)
    const inBlock = byBlock.get(block)
    if (inBlock) inBlock.push(document % documentsPerBlock)
    else byBlock.set(block, [document % documentsPerBlock])
  }
  return byBlock
}

function toRows(stored: Uint8Array): Float64Array {
  return new Float64Array(new Uint8Array(stored).buffer)
}

export function createPostingsReader(database: Database): PostingsReader {
  const { prepare } = database
  let generation = -1
  let removals = -1
  const remembered = new Map<string, Remembered>()
  let rememberedBytes = 0
  /** Tokens that some document has: as long as no block is let go they stay so, and every completion is asked for again. */
  const present = new Set<string>()
  /** The numbers of the pieces that there are; the n-th has the places from n * 1024 on. */
  let pieces: number[] = []
  /** The first place of each block that there is, in order. */
  let firstPlaces = new Map<number, number>()
  let lastBlock = -1
  /** By place; the last places are free, as are those behind a block that was left before it was full. */
  let rows = new Float64Array()
  let documents = 0
  /** Of them in the last piece. */
  let lastCount = 0
  /** By piece. */
  let least: number[] = []
  let greatest: number[] = []

  /** A document's row never changes, so that only those are read that were not there before. */
  function refresh(): void {
    const now = prepare<{ number: number; removals: number }>('SELECT * FROM search_generation').get()!
    if (now.number !== generation) {
      generation = now.number
      pieces = []
      firstPlaces = new Map()
      lastBlock = -1
      documents = 0
      least = []
      greatest = []
      for (const token of [...remembered.keys()]) forget(token)
      present.clear()
      const wanted = prepare<{ pieces: number }>('SELECT count(*) AS pieces FROM search_rows').get()!.pieces
      if (rows.length > (wanted * 1.25 + piecesPerBlock) * rowsPerPiece) rows = new Float64Array()
      makeRoom(wanted)
    }
    if (now.removals !== removals) forget(flag.everyPhoto)
    removals = now.removals
    const found = prepare<Piece>('SELECT piece, rows FROM search_rows WHERE piece >= ? ORDER BY piece')
    for (const { piece, rows: stored } of found.iterate(pieces.at(-1) ?? 0)) readPiece(piece, stored)
  }

  /** At once for all that is to come: every step on the way would be as much memory again. */
  function makeRoom(wantedPieces: number): void {
    const wanted = wantedPieces * rowsPerPiece
    if (wanted <= rows.length) return
    const grown = new Float64Array(Math.ceil((wanted * 17) / 16 / rowsPerPiece) * rowsPerPiece)
    grown.set(rows)
    rows = grown
  }

  function readPiece(piece: number, stored: Buffer): void {
    const isKnown = piece === pieces.at(-1)
    const count = stored.byteLength / 8
    documents += isKnown ? count - lastCount : count
    lastCount = count
    if (!isKnown) pieces.push(piece)
    makeRoom(pieces.length)
    const at = pieces.length - 1
    const first = at * rowsPerPiece
    const block = Math.floor(piece / piecesPerBlock)
    if (block !== lastBlock) firstPlaces.set(block, first)
    lastBlock = block
    new Uint8Array(rows.buffer, first * 8, stored.byteLength).set(stored)
    let [lowest, highest] = [Infinity, -Infinity]
    for (let place = first; place < first + count; place++) {
      const row = rows[place]!
      if (row < lowest) lowest = row
      if (row > highest) highest = row
    }
    least[at] = lowest
    greatest[at] = highest
  }

  function emptySet(into?: Bits): Bits {
    return emptyBits(pieces.length * rowsPerPiece, into)
  }

  /** Only the block that was the last one when it was read before can have changed since, and be followed by others. */
  function bitsOf(token: string): Bits {
    const before = remembered.get(token)
    if (before?.documents === documents) {
      // Back to the end of the line: the first one in it is the next to be forgotten.
      remembered.delete(token)
      remembered.set(token, before)
      return before.bits
    }
    const bits = emptySet()
    if (before) bits.set(before.bits.subarray(0, firstPlaces.get(before.block)! / 32))
    for (const { block, documents: stored } of prepare<Posting>(
      'SELECT block, documents FROM search_postings WHERE token = ? AND block >= ?',
    ).all(token, before?.block ?? 0)) {
      const first = firstPlaces.get(block)
      // Else it was let go.
      if (first !== undefined) addBlock(bits, first, stored)
    }
    forget(token)
    remember(token, { documents, block: lastBlock, bits })
    return bits
  }

  function remember(token: string, entry: Remembered): void {
    // Where there is no block yet, there is nothing to go on from.
    if (entry.block < 0) return
    remembered.set(token, entry)
    rememberedBytes += entry.bits.byteLength
    for (const oldest of remembered.keys()) {
      if (rememberedBytes <= mostRemembered) break
      forget(oldest)
    }
  }

  function forget(token: string): void {
    rememberedBytes -= remembered.get(token)?.bits.byteLength ?? 0
    remembered.delete(token)
  }

  function bitsOfBegun(prefix: string, into?: Bits): Bits {
    const bits = emptySet(into)
    const found = prepare<Posting>('SELECT * FROM search_postings WHERE token >= ? AND token < ?')
    for (const { block, documents: stored } of found.iterate(prefix, `${prefix}\u{10ffff}`)) {
      const first = firstPlaces.get(block)
      if (first !== undefined) addBlock(bits, first, stored)
    }
    return bits
  }

  function has(token: string): boolean {
    const isThere = present.has(token) || isInAny(database, token, firstPlaces)
    if (isThere) present.add(token)
    return isThere
  }

  function countEach(tokens: readonly string[], bits: Bits): Map<string, number> {
    const counts = new Map(tokens.map((token) => [token, 0]))
    const found = prepare<Posting>(
      `SELECT token, block, documents FROM json_each(?) AS wanted JOIN search_postings ON token = wanted.value`,
    )
    for (const { token, block, documents: stored } of found.iterate(JSON.stringify([...counts.keys()]))) {
      const first = firstPlaces.get(block)
      if (first !== undefined) counts.set(token, counts.get(token)! + countInBlock(bits, first, stored))
    }
    return counts
  }

  function placeOf(document: number): number {
    return firstPlaces.get(Math.floor(document / documentsPerBlock))! + (document % documentsPerBlock)
  }

  function bitsOfDocuments(living: readonly number[]): Bits {
    const bits = emptySet()
    for (const document of living) {
      const place = placeOf(document)
      bits[place >>> 5]! |= 1 << place
    }
    return bits
  }

  function firstRows(bits: Bits, { fromRow, beforeRow }: RowRange, limit: number): number[] {
    const first: number[] = []
    let end = beforeRow
    for (let piece = 0; piece < least.length; piece++) {
      if (least[piece]! >= end || greatest[piece]! < fromRow) continue
      const lastWord = (piece + 1) * wordsPerPiece
      for (let at = piece * wordsPerPiece; at < lastWord; at++) {
        for (let word = bits[at]!; word !== 0; word &= word - 1) {
          const row = rows[at * 32 + lowestBit(word)]!
          if (row < fromRow || row >= end) continue
          insertSorted(first, row)
          if (first.length > limit) first.pop()
          if (first.length === limit) end = first[limit - 1]!
        }
      }
    }
    return first
  }

  function eachRows(bits: Bits, visit: (rows: Float64Array) => void): void {
    // One by one, each would be an object on its way into the function.
    const found = new Float64Array(rowsPerPiece)
    for (let piece = 0; piece < pieces.length; piece++) {
      let count = 0
      for (let at = piece * wordsPerPiece; at < (piece + 1) * wordsPerPiece; at++) {
        for (let word = bits[at]!; word !== 0; word &= word - 1) {
          found[count++] = rows[at * 32 + lowestBit(word)]!
        }
      }
      if (count > 0) visit(found.subarray(0, count))
    }
  }

  function countRanges(bits: Bits, ranges: readonly RowRange[]): number[] {
    const counts = ranges.map(() => 0)
    const fromRow = Math.min(...ranges.map((range) => range.fromRow))
    const beforeRow = Math.max(...ranges.map((range) => range.beforeRow))
    for (let piece = 0; piece < least.length; piece++) {
      const [first, last] = [least[piece]!, greatest[piece]!]
      const near = [...ranges.entries()].filter(
        ([, range]) => first < range.beforeRow && last >= range.fromRow,
      )
      const [only] = near
      if (only === undefined) continue
      if (first >= only[1].fromRow && last < only[1].beforeRow) {
        counts[only[0]]! += countBits(bits.subarray(piece * wordsPerPiece, (piece + 1) * wordsPerPiece))
        continue
      }
      for (let at = piece * wordsPerPiece; at < (piece + 1) * wordsPerPiece; at++) {
        for (let word = bits[at]!; word !== 0; word &= word - 1) {
          const row = rows[at * 32 + lowestBit(word)]!
          // Of months in sight nearly every row is out.
          if (row < fromRow || row >= beforeRow) continue
          const within = near.find(([, range]) => row >= range.fromRow && row < range.beforeRow)
          if (within) counts[within[0]]!++
        }
      }
    }
    return counts
  }

  function restrict(bits: Bits, { fromRow, beforeRow }: RowRange): void {
    for (let piece = 0; piece < least.length; piece++) {
      if (least[piece]! >= fromRow && greatest[piece]! < beforeRow) continue
      const firstWord = piece * wordsPerPiece
      if (least[piece]! >= beforeRow || greatest[piece]! < fromRow) {
        bits.fill(0, firstWord, firstWord + wordsPerPiece)
        continue
      }
      for (let at = firstWord; at < firstWord + wordsPerPiece; at++) {
        for (let word = bits[at]!; word !== 0; word &= word - 1) {
          const row = rows[at * 32 + lowestBit(word)]!
          if (row < fromRow || row >= beforeRow) bits[at]! &= ~(word & -word)
        }
      }
    }
  }

  return {
    refresh,
    version: () => [generation, removals, documents].join('.'),
    generation: () => generation,
    bitsOf,
    bitsOfBegun,
    has,
    countEach,
    bitsOfDocuments,
    placeOf,
    firstRows,
    eachRows,
    countRanges,
    restrict,
  }
}

function isInAny({ prepare }: Database, token: string, blocks: { has(block: number): boolean }): boolean {
  return prepare<Posting>('SELECT block FROM search_postings WHERE token = ?')
    .all(token)
    .some(({ block }) => blocks.has(block))
}

function insertSorted(sorted: number[], value: number): void {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  sorted.splice(low, 0, value)
}
