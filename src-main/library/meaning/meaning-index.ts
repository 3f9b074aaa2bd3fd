import { cosineOfPacked } from '../../contract/embedding.ts'
import type { Database } from '../store/database.ts'
import { toVector } from '../store/embeddings.ts'
import { inSlices, type SliceOptions } from '../store/slices.ts'
import { placesAllOver } from './all-over.ts'
import { type Basis, fitBasis, packBasis, unpackBasis } from './basis.ts'
import { Best } from './best.ts'
import { type Block, clearPlace, columnsOf, emptyBlock, photosPerBlock, setPlace, tablesOf } from './codes.ts'
import { type Among, isAmong, scanCodes, scanCodesWithin } from './scan.ts'
import { createTurns } from './turns.ts'
import { toUnitLength } from './unit-length.ts'

export type { Among } from './scan.ts'

export interface Near {
  photoId: number
  cosine: number
}

export interface NearestOptions {
  /** Only photos that are among these; everyone where it is left out. */
  among?: Among | undefined
  signal?: AbortSignal | undefined
}

/** Finds the photos whose embeddings lie nearest to a direction in a space, as the engine names it. */
export interface MeaningIndex {
  /**
   * Brings the index up to date, in slices; what is left after a kill is done by the next call. To be called after embeddings
   * came, changed or went, and in idle moments: what it has to do then is a matter of microseconds a photo, and a search waits for it.
   * @throws DOMException `AbortError` through the signal.
   */
  keepUp(space: string, options?: SliceOptions): Promise<void>
  /**
   * @param query `[p]`, of any length but 0: several are summed before, each with its weight
   * @param k up to some hundreds
   * @returns k at most, the nearest first, and of equals the lower id; cosines are exact
   * @throws RangeError for a query that is no direction or of another width; DOMException `AbortError` through the signal.
   */
  nearest(query: Float32Array, space: string, k: number, options?: NearestOptions): Promise<Near[]>
  /**
   * All photos whose cosine is at least so much, however many. Where there are codes, these tell, and a cosine is as they have it: its
   * error is a fiftieth. @throws as `nearest`
   */
  within(
    query: Float32Array,
    space: string,
    leastCosine: number,
    options?: Pick<NearestOptions, 'signal'>,
  ): Promise<Among>
  /** Of these photos, where they have one in the space: of unit length, `[p]`. */
  vectorsOf(photoIds: readonly number[], space: string): Map<number, Float32Array>
  /** How many photos have one in the space. */
  count(space: string): number
  /** The same of so many photos at most, from all over the library. @throws DOMException `AbortError` through the signal. */
  sample(space: string, most: number, signal?: AbortSignal): Promise<Map<number, Float32Array>>
}

/** Fewer are compared one by one, which takes some milliseconds, and tell too little of their space. */
const leastForBasis = 4000
/** Of a first look, so many are compared exactly. */
const leastRescored = 1000
const rescoredForEach = 10
const vectorsPerRead = 256
const blocksPerRead = 32

/** A basis and as much of its codes as was read. */
interface Known {
  id: number
  basis: Basis
  blocks: Map<number, Block>
  version: number
}

interface Embedded {
  id: number
  vector: Int8Array
}

/** Without a vector: it has none any more, or in another space. */
interface MaybeEmbedded {
  id: number
  vector: Int8Array | undefined
}

interface StoredBlock {
  block: number
  version: number
  present: Buffer
  codes: Buffer
}

/** By the index of a space first, for the rows of photos are long and their vectors do not say where they belong. */
const vectorsSql = `SELECT photos.id, vector FROM json_each(?) AS asked
    CROSS JOIN photos INDEXED BY photos_by_space ON photos.id = asked.value
    CROSS JOIN embeddings ON photo_id = photos.id
  WHERE embedded_in = ?`
const vectorsAfterSql = `SELECT photos.id, vector FROM photos INDEXED BY photos_by_space
    CROSS JOIN embeddings ON photo_id = photos.id
  WHERE embedded_in = ? AND photos.id > ? ORDER BY photos.id LIMIT ?`

export function createMeaningIndex(database: Database): MeaningIndex {
  const { prepare, write } = database
  let known: Known | undefined

  function numberOf(space: string): number | undefined {
    return prepare<{ number: number }>('SELECT number FROM spaces WHERE name = ?').get(space)?.number
  }

  function findBasis(space: number): { id: number; upTo: number | null } | undefined {
    return prepare<{ id: number; upTo: number | null }>(
      'SELECT id, up_to_photo AS upTo FROM embedding_bases WHERE space = ?',
    ).get(space)
  }

  function vectorsOf(photoIds: readonly number[], space: number): Embedded[] {
    return prepare<{ id: number; vector: Buffer }>(vectorsSql)
      .all(JSON.stringify(photoIds), space)
      .map(({ id, vector }) => ({ id, vector: toVector(vector) }))
  }

  function vectorsAfter(photoId: number, space: number, limit: number): Embedded[] {
    return prepare<{ id: number; vector: Buffer }>(vectorsAfterSql)
      .all(space, photoId, limit)
      .map(({ id, vector }) => ({ id, vector: toVector(vector) }))
  }

  /** From all over the library, for photos of one folder are of few things. */
  async function sample(
    space: number,
    most: number,
    turn: () => Promise<void>,
  ): Promise<Map<number, Float32Array>> {
    const { first, last } = prepare<{ first: number; last: number | null }>(
      `SELECT (SELECT min(id) FROM photos WHERE embedded_in = ?) AS first,
         (SELECT max(id) FROM photos WHERE embedded_in = ?) AS last`,
    ).get(space, space)!
    const found = new Map<number, Int8Array>()
    if (last === null) return new Map()
    for (const before of placesAllOver(first, last, most)) {
      for (const { id, vector } of vectorsAfter(before, space, 1)) found.set(id, vector)
      await turn()
    }
    return unitsOf(found)
  }

  /** Where there are enough vectors to make one of. Those of other spaces are given up: their vectors are being replaced. */
  async function makeBasis(space: number, signal?: AbortSignal): Promise<void> {
    const { count } = prepare<{ count: number }>(
      'SELECT count(*) AS count FROM (SELECT 1 FROM photos WHERE embedded_in = ? LIMIT ?)',
    ).get(space, leastForBasis)!
    if (count < leastForBasis) return
    const turn = createTurns(signal)
    const vectors = [...(await sample(space, leastForBasis, turn)).values()]
    if (vectors.length === 0) return
    const basis = await fitBasis(vectors, turn)
    write(() => {
      if (findBasis(space)) return
      prepare('DELETE FROM embedding_bases').run()
      prepare('INSERT INTO embedding_bases (space, width, numbers, up_to_photo) VALUES (?, ?, ?, 0)').run(
        space,
        basis.mean.length,
        packBasis(basis),
      )
    })
  }

  function readBasis(id: number): Basis | undefined {
    const row = prepare<{ width: number; numbers: Buffer }>(
      'SELECT width, numbers FROM embedding_bases WHERE id = ?',
    ).get(id)
    return row && unpackBasis(row.numbers, row.width)
  }

  /** One slice of bringing the codes up to date. @returns of how many rows; 0: nothing is left. */
  function encodeSome(space: number, limit: number): number {
    const found = findBasis(space)
    if (!found) return 0
    const { id, upTo } = found
    const basis = basisOf(id)
    if (upTo !== null) {
      const photos = vectorsAfter(upTo, space, limit)
      encode(id, basis, photos)
      const last = photos.at(-1)?.id ?? null
      prepare('UPDATE embedding_bases SET up_to_photo = ? WHERE id = ?').run(last, id)
      // None of those between has a code that could be too old.
      prepare('DELETE FROM embedding_stale WHERE photo_id > ? AND photo_id <= ?').run(upTo, last)
      return limit
    }
    const stale = prepare<{ id: number }>(
      'SELECT photo_id AS id FROM embedding_stale ORDER BY photo_id LIMIT ?',
    ).all(limit)
    const ids = stale.map((photo) => photo.id)
    const vectors = new Map(vectorsOf(ids, space).map((photo) => [photo.id, photo.vector]))
    encode(
      id,
      basis,
      ids.map((photoId) => ({ id: photoId, vector: vectors.get(photoId) })),
    )
    for (const photo of stale) prepare('DELETE FROM embedding_stale WHERE photo_id = ?').run(photo.id)
    return stale.length || forgetOthers(id, limit)
  }

  function basisOf(id: number): Basis {
    return known?.id === id ? known.basis : readBasis(id)!
  }

  function encode(basisId: number, basis: Basis, photos: readonly MaybeEmbedded[]): void {
    for (const [number, changed] of Map.groupBy(photos, ({ id }) => Math.floor(id / photosPerBlock))) {
      const stored = prepare<StoredBlock>(
        'SELECT block, version, present, codes FROM embedding_codes WHERE basis = ? AND block = ?',
      ).get(basisId, number)
      const block = (stored && toBlock(stored)) ?? emptyBlock(columnsOf(basis))
      for (const { id, vector } of changed) {
        const unit = vector && toUnitLength(vector)
        if (unit?.length === basis.mean.length) setPlace(block, id % photosPerBlock, unit, basis)
        else clearPlace(block, id % photosPerBlock)
      }
      const isEmpty = block.present.every((word) => word === 0)
      prepare(
        `INSERT OR REPLACE INTO embedding_codes (basis, block, version, present, codes)
         VALUES (?, ?, (SELECT coalesce(max(version), 0) + 1 FROM embedding_codes), ?, ?)`,
      ).run(basisId, number, new Uint8Array(block.present.buffer), isEmpty ? new Uint8Array() : block.codes)
    }
  }

  /** Blocks of a basis that was given up. */
  function forgetOthers(basisId: number, limit: number): number {
    return prepare(
      'DELETE FROM embedding_codes WHERE rowid IN (SELECT rowid FROM embedding_codes WHERE basis <> ? LIMIT ?)',
    ).run(basisId, limit).changes
  }

  /** Reads the blocks that are newer than those that are known: by this process or another. */
  async function readCodes(basisId: number, turn: () => Promise<void>): Promise<Known | undefined> {
    if (known?.id !== basisId) {
      const basis = readBasis(basisId)
      known = basis && { id: basisId, basis, blocks: new Map(), version: 0 }
    }
    const mine = known
    if (!mine) return undefined
    for (;;) {
      const newer = prepare<StoredBlock>(
        `SELECT block, version, present, codes FROM embedding_codes
         WHERE basis = ? AND version > ? ORDER BY version LIMIT ?`,
      ).all(basisId, mine.version, blocksPerRead)
      for (const stored of newer) {
        const block = toBlock(stored)
        if (block) mine.blocks.set(stored.block, block)
        else mine.blocks.delete(stored.block)
        mine.version = stored.version
      }
      if (newer.length < blocksPerRead) return mine
      await turn()
    }
  }

  /** The codes, with everything that came until now; undefined where not all photos of before have one yet. */
  async function wholeCodes(
    space: number,
    signal: AbortSignal | undefined,
    turn: () => Promise<void>,
  ): Promise<Known | undefined> {
    if (findBasis(space)?.upTo !== null) return undefined
    if (prepare('SELECT 1 FROM embedding_stale LIMIT 1').get() !== undefined) {
      await inSlices(database, (limit) => encodeSome(space, limit), { signal })
    }
    const found = findBasis(space)
    return found?.upTo === null ? readCodes(found.id, turn) : undefined
  }

  /** Every vector of a space, in turns with others. */
  async function eachVector(
    space: number,
    turn: () => Promise<void>,
    visit: (photo: Embedded) => void,
  ): Promise<void> {
    for (let last = 0; ; ) {
      await turn()
      const photos = vectorsAfter(last, space, vectorsPerRead)
      for (const photo of photos) visit(photo)
      if (photos.length < vectorsPerRead) return
      last = photos.at(-1)!.id
    }
  }

  return {
    async keepUp(space, options = {}) {
      const number = numberOf(space)
      if (number === undefined) return
      if (!findBasis(number)) await makeBasis(number, options.signal)
      await inSlices(database, (limit) => encodeSome(number, limit), options)
    },

    async nearest(query, space, k, { among, signal } = {}) {
      const number = numberOf(space)
      if (number === undefined) return []
      const unit = toUnitLength(query)
      if (!unit) throw new RangeError('A query of no direction.')
      const turn = createTurns(signal)
      const most = Math.max(leastRescored, rescoredForEach * k)
      const best = new Best(k)

      const few = among && listFew(among, most)
      const codes = few ? undefined : await wholeCodes(number, signal, turn)
      if (few || codes) {
        const ids = few ?? (await firstLook(codes!, unit, most, among, turn))
        for (let at = 0; at < ids.length; at += vectorsPerRead) {
          await turn()
          for (const { id, vector } of vectorsOf(ids.slice(at, at + vectorsPerRead), number)) {
            best.add(id, cosineOf(unit, vector))
          }
        }
        return sorted(best)
      }
      await eachVector(number, turn, ({ id, vector }) => {
        if (!among || isAmong(among, id)) best.add(id, cosineOf(unit, vector))
      })
      return sorted(best)
    },

    async within(query, space, leastCosine, { signal } = {}) {
      const number = numberOf(space)
      const unit = toUnitLength(query)
      if (!unit) throw new RangeError('A query of no direction.')
      if (number === undefined) return new Uint32Array()
      const turn = createTurns(signal)
      const { last } = prepare<{ last: number | null }>('SELECT max(id) AS last FROM photos').get()!
      const words = (Math.floor((last ?? 0) / photosPerBlock) + 1) * (photosPerBlock / 32)
      const found = new Uint32Array(words)
      const codes = await wholeCodes(number, signal, turn)
      if (codes) {
        const tables = tablesOf(unit, codes.basis)
        // Photos that came since are of the next search.
        const blocks = [...codes.blocks].filter(([block]) => block * photosPerBlock < words * 32)
        const into = (firstId: number) => found.subarray(firstId / 32)
        await scanCodesWithin(blocks, tables, leastCosine - tables.shared, into, turn)
        return found
      }
      await eachVector(number, turn, ({ id, vector }) => {
        if (id < words * 32 && cosineOf(unit, vector) >= leastCosine) found[id >>> 5]! |= 1 << id
      })
      return found
    },

    vectorsOf(photoIds, space) {
      const number = numberOf(space)
      if (number === undefined) return new Map()
      return unitsOf(vectorsOf(photoIds, number).map(({ id, vector }) => [id, vector] as const))
    },

    count: (space) =>
      prepare<{ count: number }>('SELECT count(*) AS count FROM photos WHERE embedded_in = ?').get(
        numberOf(space) ?? null,
      )!.count,

    async sample(space, most, signal) {
      const number = numberOf(space)
      return number === undefined ? new Map() : sample(number, most, createTurns(signal))
    },
  }
}

/** @returns ids in their order, which is that of the vectors in the file. */
async function firstLook(
  { basis, blocks }: Known,
  query: Float32Array,
  most: number,
  among: Among | undefined,
  turn: () => Promise<void>,
): Promise<number[]> {
  const best = await scanCodes([...blocks], tablesOf(query, basis), most, among, turn)
  return [...best.ids.slice(0, best.count).sort()]
}

/** undefined where there are more than so many. */
function listFew(among: Among, most: number): number[] | undefined {
  const ids: number[] = []
  for (let at = 0; at < among.length; at++) {
    for (let rest = among[at]!; rest !== 0; rest &= rest - 1) {
      if (ids.push(at * 32 + 31 - Math.clz32(rest & -rest)) > most) return undefined
    }
  }
  return ids
}

function sorted({ ids, scores, count }: Best): Near[] {
  return Array.from({ length: count }, (_, at) => ({ photoId: ids[at]!, cosine: scores[at]! })).sort(
    (a, b) => b.cosine - a.cosine || a.photoId - b.photoId,
  )
}

/** undefined for one without photos. */
function toBlock({ present, codes }: StoredBlock): Block | undefined {
  if (codes.byteLength === 0) return undefined
  return {
    present: new Uint32Array(new Uint8Array(present).buffer),
    codes: new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength),
  }
}

function cosineOf(query: Float32Array, vector: Int8Array): number {
  if (query.length === vector.length) return cosineOfPacked(vector, query)
  throw new RangeError(`A query of ${query.length} numbers in a space of ${vector.length}.`)
}

/** Without those of no direction. */
function unitsOf(vectors: Iterable<readonly [number, Int8Array]>): Map<number, Float32Array> {
  const units = new Map<number, Float32Array>()
  for (const [id, vector] of vectors) {
    const unit = toUnitLength(vector)
    if (unit) units.set(id, unit)
  }
  return units
}
