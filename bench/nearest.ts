/**
 * Finding the nearest of many photos by their embeddings: what a question takes, without a filter and with filters of which half and
 * a hundredth of the photos are left, how many of the exact nearest it finds, what the codes take of memory and of time when they
 * are read first, and what photos that come and go cost. The baseline is a plain scan over the same vectors in memory.
 *
 *   node --expose-gc bench/nearest.ts [--photos 1000000] [--questions 60] [--queries FILE] [--keep DIR]
 *
 * The vectors are made, in groups, and scatter along their directions as the embeddings of photos by `lenslore-v1` do. `--queries` is
 * a file of float32 `[n, 256]` to ask in place of made ones. With `--keep` the library stays, for another run.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cosineOfPacked, packEmbedding } from '../src-main/contract/embedding.ts'
import { createMeaningIndex, type Near } from '../src-main/library/meaning/meaning-index.ts'
import { databaseFileIn, openStore, type Store } from '../src-main/library/store/store.ts'
import { createMadeVectors, width } from './made-vectors.ts'

const { values: options } = parseArgs({
  options: {
    photos: { type: 'string', default: '1000000' },
    questions: { type: 'string', default: '60' },
    queries: { type: 'string' },
    keep: { type: 'string' },
  },
})
const photos = Number(options.photos)
const questions = Number(options.questions)
const space = 'made'
const groups = 5000
const asked = 100
const arriving = 800
const perCommit = 8

const { centres, chance, vectorNear } = createMadeVectors(groups)

function putPhoto({ database }: Store, id: number): void {
  const vector = packEmbedding(vectorNear(centres[Math.floor(chance() * groups)]!))
  database
    .prepare(
      `INSERT INTO photos (id, folder_id, directory, name, size_bytes, modified_ms, device, inode, sort_ms, embedded_in)
       VALUES (?, 1, ?, ?, 1, 1, 1, ?, ?, 1)`,
    )
    .run(id, `d${id >> 8}`, `IMG_${id}.jpg`, id, 1e12 + id * 1000)
  database.prepare('INSERT INTO embeddings VALUES (?, ?)').run(id, new Uint8Array(vector.buffer))
}

function fill(directory: string): void {
  mkdirSync(directory, { recursive: true })
  const store = openStore(databaseFileIn(directory))
  store.folders.insert(join(directory, 'pictures'), 1)
  store.database.prepare('INSERT INTO spaces VALUES (1, ?)').run(space)
  for (let first = 1; first <= photos; first += 50_000) {
    store.database.write(() => {
      for (let id = first; id < Math.min(first + 50_000, photos + 1); id++) putPhoto(store, id)
    })
  }
  store.close()
}

const made = mkdtempSync(join(tmpdir(), 'lenslore-bench-nearest-'))
const directory = options.keep ?? made
try {
  if (!existsSync(databaseFileIn(directory))) fill(directory)
  const store = openStore(databaseFileIn(directory))
  await measure(store)
  store.close()
} finally {
  rmSync(made, { recursive: true, force: true })
}

async function measure(store: Store): Promise<void> {
  const { database } = store
  const built = await timed(() => createMeaningIndex(database).keepUp(space))
  const stored = database.prepare<{ id: number; vector: Buffer }>(
    'SELECT photo_id AS id, vector FROM embeddings ORDER BY id',
  )
  const before = memory()
  const index = createMeaningIndex(database)
  const queries = makeQueries()
  const first = await timed(() => index.nearest(queries[0]!, space, asked))
  const taken = memory() - before

  const every = (share: number) => {
    const bits = new Uint32Array(Math.ceil((photos + 1) / 32))
    for (let id = 1; id <= photos; id += share) bits[id >>> 5]! |= 1 << id
    return bits
  }
  const filters = { 'no filter': undefined, 'one of two': every(2), 'one of 100': every(100) }
  console.log(`${photos} photos, the nearest ${asked}`.padEnd(36), 'median      p95   processor')
  const answers: Near[][] = []
  let ourMs = 0
  for (const [what, among] of Object.entries(filters)) {
    const spent = []
    for (const query of queries) {
      spent.push(
        await timed(async () => void answers.push(await index.nearest(query, space, asked, { among }))),
      )
    }
    print(what, spent)
    if (!among) ourMs = meanOf(spent)
  }

  const ids = new Float64Array(photos)
  const vectors = new Int8Array(photos * width)
  let at = 0
  for (const { id, vector } of stored.iterate()) {
    if (id > photos) continue
    ids[at] = id
    vectors.set(vector, at++ * width)
  }
  const plain = []
  const found = { 20: 0, 100: 0 }
  for (const [n, query] of queries.entries()) {
    const cosines = new Float64Array(photos)
    plain.push(
      await timed(async () => {
        for (let row = 0; row < photos; row++) {
          cosines[row] = cosineOfPacked(vectors.subarray(row * width, (row + 1) * width), query)
        }
      }),
    )
    for (const k of [20, 100] as const) {
      // They were summed in another way.
      const bound = cosines.toSorted().at(-k)!
      found[k] += answers[n]!.slice(0, k).filter(({ cosine }) => cosine >= bound - 1e-6).length
    }
  }
  print('a plain scan', plain)
  console.log(`processor time / that of the plain scan: ${(ourMs / meanOf(plain)).toFixed(3)}`)
  for (const k of [20, 100] as const) {
    console.log(`of the exact ${k} found: ${((100 * found[k]) / (k * questions)).toFixed(2)} %`)
  }
  console.log(`codes in memory: ${(taken / 2 ** 20).toFixed(1)} MiB`)
  console.log(`the first question, which reads them: ${say(first)}`)
  console.log(`codes made: ${say(built)}`)
  await measureChanges(store, index)
}

async function measureChanges(store: Store, index: ReturnType<typeof createMeaningIndex>): Promise<void> {
  const { database } = store
  const arrive = async (first: number, after: () => Promise<void>) => {
    for (let id = first; id < first + arriving; id += perCommit) {
      database.write(() => {
        for (let n = 0; n < perCommit; n++) putPhoto(store, id + n)
      })
      await after()
    }
  }
  const remove = async (first: number, after: () => Promise<void>) => {
    for (let id = first; id < first + arriving; id += perCommit) {
      database.write(() =>
        database.prepare('DELETE FROM photos WHERE id >= ? AND id < ?').run(id, id + perCommit),
      )
      await after()
    }
  }
  const nothing = async () => {}
  const keepUp = () => index.keepUp(space)
  const of = async (work: () => Promise<void>) => (await timed(work)).processorMs / arriving
  const [one, two] = [photos + 1, photos + 1 + arriving]
  const came = [await of(() => arrive(one, nothing)), await of(() => arrive(two, keepUp))]
  await keepUp()
  const went = [await of(() => remove(one, nothing)), await of(() => remove(two, keepUp))]
  await keepUp()
  const us = (ms: number) => `${(1000 * ms).toFixed(0)} µs`
  console.log(`a photo that comes: ${us(came[1]!)}, without the index ${us(came[0]!)} (processor)`)
  console.log(`a photo that goes: ${us(went[1]!)}, without the index ${us(went[0]!)} (processor)`)
}

function makeQueries(): Float32Array[] {
  if (options.queries) {
    const numbers = new Float32Array(new Uint8Array(readFileSync(options.queries)).buffer)
    const step = Math.floor(numbers.length / width / questions)
    return Array.from({ length: questions }, (_, n) =>
      numbers.slice(n * step * width, (n * step + 1) * width),
    )
  }
  // Texts say less than pictures show.
  return Array.from({ length: questions }, (_, n) => vectorNear(centres[n]!.map((x) => 0.6 * x)))
}

interface Spent {
  wallMs: number
  processorMs: number
}

async function timed(work: () => Promise<unknown>): Promise<Spent> {
  const [startMs, used] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(used)
  return { wallMs: performance.now() - startMs, processorMs: (user + system) / 1000 }
}

/** What typed arrays and objects take. */
function memory(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function meanOf(spent: readonly Spent[]): number {
  return spent.reduce((sum, { processorMs }) => sum + processorMs, 0) / spent.length
}

function say({ wallMs, processorMs }: Spent): string {
  return `${wallMs.toFixed(0)} ms (processor ${processorMs.toFixed(0)})`
}

function print(what: string, spent: readonly Spent[]): void {
  const sorted = spent.map(({ wallMs }) => wallMs).sort((a, b) => a - b)
  const at = (share: number) =>
    `${sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(1)} ms`.padStart(9)
  console.log(what.padEnd(33), at(0.5), at(0.95), `${meanOf(spent).toFixed(1)} ms`.padStart(11))
}
