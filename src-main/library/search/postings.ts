import type { Database } from '../store/database.ts'
import {
  addBlock,
  appendToBlock,
  type Bits,
  documentsPerBlock,
  emptyBits,
  lowestBit,
  removeFromBlock,
} from './bits.ts'
import { flag } from './match.ts'

/**
 * Which documents have a token, as bits, so that any combination of tokens is counted exactly and at once.
 *
 * A document is one state of an entry in the index: a photo whose words change gets a new document, and the
 * old one only loses its life. So nobody has to know the words that an entry had before, and documents are
 * appended, never changed. What order they come in is in `search_rows`.
 */
export interface PostingsWriter {
  /** @returns how many documents were ever made: the number of the next one. */
  next(): number
  /** Documents `from`, `from + 1` and so on, with their rows in the index. */
  append(from: number, rows: readonly number[]): void
  /** Adds documents to tokens. */
  add(documentsByToken: ReadonlyMap<string, readonly number[]>): void
  /** Ends the life of documents: takes them out of the token of all photos. */
  remove(documents: readonly number[]): void
  clear(): void
}

export interface PostingsReader {
  /** Must be called at the start of every transaction that reads. */
  refresh(): void
  /** Not to be changed. */
  bitsOf(token: string): Bits
  /** Documents that have any token which begins so. @param into of no further use, or undefined. */
  bitsOfBegun(prefix: string, into?: Bits): Bits
  /** The first rows of a set in the order of the index, within a range, at most `limit`. */
  firstRows(bits: Bits, range: RowRange, limit: number): number[]
  /** Leaves in a set only what is within a range of rows. */
  restrict(bits: Bits, range: RowRange): void
}

export interface RowRange {
  fromRow: number
  beforeRow: number
}

/** Rows are stored and compared by pieces of so many documents. */
const rowsPerPiece = 1024
const wordsPerPiece = rowsPerPiece / 32

const readPostingSql = 'SELECT documents FROM search_postings WHERE token = ? AND block = ?'
const writePostingSql = `INSERT INTO search_postings VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET documents = excluded.documents`

/** What readers keep of the tokens asked for last, in bytes: two hundred at a million photos. */
const mostRemembered = 8 * 2 ** 20

interface Remembered {
  /** How many there were when it was read. */
  documents: number
  bits: Bits
}

interface Posting {
  block: number
  documents: Buffer
}

interface Piece {
  piece: number
  rows: Buffer
}

export function createPostingsWriter({ prepare }: Database): PostingsWriter {
  const lastPiece = () =>
    prepare<Piece>('SELECT piece, rows FROM search_rows ORDER BY piece DESC LIMIT 1').get()

  function next(): number {
    const last = lastPiece()
    return last ? last.piece * rowsPerPiece + last.rows.byteLength / 8 : 0
  }

  function append(from: number, rows: readonly number[]): void {
    for (let at = 0; at < rows.length; ) {
      const piece = Math.floor((from + at) / rowsPerPiece)
      const room = (piece + 1) * rowsPerPiece - (from + at)
      const added = Float64Array.from(rows.slice(at, at + room))
      const stored = prepare<Piece>('SELECT piece, rows FROM search_rows WHERE piece = ?').get(piece)
      prepare('INSERT INTO search_rows VALUES (?, ?) ON CONFLICT DO UPDATE SET rows = excluded.rows').run(
        piece,
        Buffer.concat([stored?.rows ?? new Uint8Array(), new Uint8Array(added.buffer)]),
      )
      at += added.length
    }
  }

  function eachBlock(
    token: string,
    documents: readonly number[],
    change: (stored: Buffer | undefined, inBlock: readonly number[]) => Uint8Array,
  ): void {
    for (let at = 0; at < documents.length; ) {
      const block = Math.floor(documents[at]! / documentsPerBlock)
      const inBlock: number[] = []
      for (; at < documents.length && Math.floor(documents[at]! / documentsPerBlock) === block; at++) {
        inBlock.push(documents[at]! % documentsPerBlock)
      }
      const stored = prepare<{ documents: Buffer }>(readPostingSql).get(token, block)?.documents
      prepare(writePostingSql).run(token, block, change(stored, inBlock))
    }
  }

  return {
    next,
    append,
    add(documentsByToken) {
      for (const token of [...documentsByToken.keys()].sort()) {
        eachBlock(token, documentsByToken.get(token)!, appendToBlock)
      }
    },
    remove(documents) {
      if (documents.length === 0) return
      const sorted = documents.toSorted((a, b) => a - b)
      eachBlock(flag.everyPhoto, sorted, removeFromBlock)
      prepare('UPDATE search_generation SET removals = removals + 1').run()
    },
    clear() {
      prepare('DELETE FROM search_postings').run()
      prepare('DELETE FROM search_rows').run()
      prepare('UPDATE search_generation SET number = number + 1').run()
    },
  }
}

export function createPostingsReader({ prepare }: Database): PostingsReader {
  let generation = -1
  let removals = -1
  const remembered = new Map<string, Remembered>()
  let rememberedBytes = 0
  /** By document; the last places are free. */
  let rows = new Float64Array()
  let documents = 0
  /** By piece. */
  let least: number[] = []
  let greatest: number[] = []

  /** A document's row never changes, so that only those are read that were not there before. */
  function refresh(): void {
    const now = prepare<{ number: number; removals: number }>('SELECT * FROM search_generation').get()!
    if (now.number !== generation) {
      generation = now.number
      documents = 0
      least = []
      greatest = []
      for (const token of [...remembered.keys()]) forget(token)
    }
    if (now.removals !== removals) forget(flag.everyPhoto)
    removals = now.removals
    makeRoom()
    const pieces = prepare<Piece>('SELECT piece, rows FROM search_rows WHERE piece >= ? ORDER BY piece')
    for (const { piece, rows: stored } of pieces.iterate(Math.floor(documents / rowsPerPiece))) {
      addPiece(piece * rowsPerPiece, stored)
    }
  }

  /** At once for all that is to come: every step on the way would be as much memory again. */
  function makeRoom(): void {
    const last = prepare<{ piece: number | null }>('SELECT max(piece) AS piece FROM search_rows').get()?.piece
    const wanted = ((last ?? -1) + 1) * rowsPerPiece
    if (wanted <= rows.length) return
    const grown = new Float64Array(Math.ceil((wanted * 17) / 16 / rowsPerPiece) * rowsPerPiece)
    grown.set(rows.subarray(0, documents))
    rows = grown
  }

  function addPiece(first: number, stored: Buffer): void {
    const count = stored.byteLength / 8
    new Uint8Array(rows.buffer, first * 8, stored.byteLength).set(stored)
    documents = first + count
    const piece = first / rowsPerPiece
    least[piece] = Infinity
    greatest[piece] = -Infinity
    for (let document = first; document < documents; document++) {
      least[piece] = Math.min(least[piece]!, rows[document]!)
      greatest[piece] = Math.max(greatest[piece]!, rows[document]!)
    }
  }

  /** Only the last block that was read before can have changed since. */
  function bitsOf(token: string): Bits {
    const before = remembered.get(token)
    if (before?.documents === documents) {
      // Back to the end of the line: the first one in it is the next to be forgotten.
      remembered.delete(token)
      remembered.set(token, before)
      return before.bits
    }
    const bits = emptyBits(documents)
    const firstBlock = Math.floor((before?.documents ?? 0) / documentsPerBlock)
    if (before) bits.set(before.bits.subarray(0, (firstBlock * documentsPerBlock) / 32))
    for (const { block, documents: stored } of prepare<Posting>(
      'SELECT block, documents FROM search_postings WHERE token = ? AND block >= ?',
    ).all(token, firstBlock)) {
      addBlock(bits, block, stored)
    }
    forget(token)
    remember(token, { documents, bits })
    return bits
  }

  function remember(token: string, entry: Remembered): void {
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
    const bits = emptyBits(documents, into)
    const found = prepare<Posting>(
      'SELECT block, documents FROM search_postings WHERE token >= ? AND token < ?',
    ).iterate(prefix, `${prefix}\u{10ffff}`)
    for (const { block, documents: stored } of found) addBlock(bits, block, stored)
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

  return { refresh, bitsOf, bitsOfBegun, firstRows, restrict }
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
