import type { Database } from '../store/database.ts'
import { type Bits, lowestBit } from './bits.ts'
import type { PostingsReader } from './postings.ts'

/** Bit `id % 32` of word `id / 32` is a photo. */
export type PhotoBits = Uint32Array

/**
 * Which photo each document is of, so that a set of half a million is told as photos in milliseconds. It takes 4 bytes a document from
 * when it is asked for the first time. All but `keepUp` to be called in a transaction, after `refresh` of the postings.
 */
export interface DocumentPhotos {
  /** Reads what came since, in turns with others: a second for a million at first, which those who ask next do not wait for. */
  keepUp(turn: () => Promise<void>): Promise<void>
  photosOf(documents: Bits): PhotoBits
  /** Dead documents too. */
  documentsOf(photos: PhotoBits): Bits
}

const readAtOnce = 4096
const documentsSql = `SELECT search_document AS document, id FROM photos INDEXED BY photos_by_document
  WHERE search_document > ? ORDER BY search_document LIMIT ?`

export function createDocumentPhotos(
  { prepare, read }: Database,
  postings: Pick<PostingsReader, 'refresh' | 'generation' | 'placeOf' | 'bitsOfDocuments'>,
): DocumentPhotos {
  let generation = -1
  let last = -1
  /** By place; 0: of no photo that there is. */
  let ids = new Uint32Array()
  let greatest = 0

  /** @returns whether there may be more. */
  function readSome(): boolean {
    if (postings.generation() !== generation) {
      generation = postings.generation()
      last = -1
      ids = new Uint32Array(ids.length)
    }
    const found = prepare<{ document: number; id: number }>(documentsSql).all(last, readAtOnce)
    for (const { document, id } of found) {
      const place = postings.placeOf(document)
      if (place >= ids.length) grow(place)
      ids[place] = id
      greatest = Math.max(greatest, id)
    }
    last = found.at(-1)?.document ?? last
    return found.length === readAtOnce
  }

  function grow(place: number): void {
    const grown = new Uint32Array(Math.ceil((place + 1) * 1.25))
    grown.set(ids)
    ids = grown
  }

  function readRest(): void {
    while (readSome());
  }

  return {
    async keepUp(turn) {
      const readNext = () => {
        postings.refresh()
        return readSome()
      }
      while (read(readNext)) await turn()
    },
    photosOf(documents) {
      readRest()
      const photos = new Uint32Array(Math.floor(greatest / 32) + 1)
      for (let at = 0; at < documents.length; at++) {
        for (let word = documents[at]!; word !== 0; word &= word - 1) {
          const id = ids[at * 32 + lowestBit(word)] ?? 0
          if (id > 0) photos[id >>> 5]! |= 1 << id
        }
      }
      return photos
    },
    documentsOf(photos) {
      readRest()
      const documents = postings.bitsOfDocuments([])
      const most = Math.min(documents.length * 32, ids.length)
      for (let place = 0; place < most; place++) {
        const id = ids[place]!
        if (id > 0 && ((photos[id >>> 5] ?? 0) >>> id) & 1) documents[place >>> 5]! |= 1 << place
      }
      return documents
    },
  }
}
