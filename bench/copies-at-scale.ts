/**
 * What it takes to find copies in a large library: time of a photo, memory, and how many of the copies that were made are found, beside a
 * plain scan of all embeddings for a part of the photos in the same run.
 *
 *     node --expose-gc bench/copies-at-scale.ts [--photos 1000000] [--looked 2000] [--first 20000]
 *
 * Photos are made: an embedding in a group, and a picture of waves. Of every twentieth there is a copy, whose embedding and picture are
 * changed a little. The first build is of `--first` photos in an empty library; then the library has all others, as a build would leave them,
 * and so many that are looked at come on top.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cosineOfPacked, packEmbedding } from '../src-main/contract/embedding.ts'
import { miniatureSidePx, packMiniature, unpackMiniature } from '../src-main/contract/miniature.ts'
import { createCells } from '../src-main/library/copies/cells.ts'
import { createStackFinder } from '../src-main/library/copies/find-stacks.ts'
import { hashPicture } from '../src-main/library/copies/picture-keys.ts'
import { toUnitLength } from '../src-main/library/meaning/unit-length.ts'
import { toVector } from '../src-main/library/store/embeddings.ts'
import { databaseFileIn, openStore, type Store } from '../src-main/library/store/store.ts'
import { createMadeVectors } from './made-vectors.ts'

const { values: options } = parseArgs({
  options: {
    photos: { type: 'string', default: '1000000' },
    looked: { type: 'string', default: '2000' },
    first: { type: 'string', default: '20000' },
  },
})
const photos = Number(options.photos)
const looked = Number(options.looked)
const first = Number(options.first)
const groups = 5000
const space = 'made'
const waves = 8
const copyOfEach = 20
const scanned = 20

const { chance, centres, vectorNear } = createMadeVectors(groups)
const cosines = Array.from({ length: waves }, (_, wave) =>
  Float32Array.from({ length: miniatureSidePx }, (_, at) =>
    Math.cos((Math.PI * wave * (2 * at + 1)) / (2 * miniatureSidePx)),
  ),
)

interface MadePhoto {
  group: number
  /** Before it is of unit length and in 8 bits. */
  vector: Float32Array
  /** `[waves, waves]` of its picture, in grey levels. */
  spectrum: Float32Array
}

const madePhoto = (group: number): MadePhoto => ({
  group,
  vector: vectorNear(centres[group]!),
  spectrum: Float32Array.from({ length: waves * waves }, (_, at) => {
    const wave = (at % waves) + Math.floor(at / waves)
    return wave === 0 ? 0 : ((chance() + chance() - 1) * 120) / (1 + wave / 2)
  }),
})

/** Made brighter and compressed, with an embedding whose cosine with the original's is about 0.9. */
const copyOf = ({ group, vector, spectrum }: MadePhoto): MadePhoto => ({
  group,
  vector: vector.map((x) => x + (chance() - 0.5) * 0.1),
  spectrum: spectrum.map((level) => level * 1.15 + (chance() - 0.5) * 2),
})

function greyOf({ spectrum }: MadePhoto): Float32Array {
  const side = miniatureSidePx
  const rows = new Float32Array(waves * side)
  for (let down = 0; down < waves; down++) {
    for (let x = 0; x < side; x++) {
      for (let across = 0; across < waves; across++)
        rows[down * side + x]! += spectrum[down * waves + across]! * cosines[across]![x]!
    }
  }
  return Float32Array.from({ length: side * side }, (_, at) => {
    let level = 128
    for (let down = 0; down < waves; down++)
      level += rows[down * side + (at % side)]! * cosines[down]![Math.floor(at / side)]!
    return Math.min(Math.max(level, 0), 255)
  })
}

function putPhoto(
  { database }: Store,
  id: number,
  made: MadePhoto,
): { vector: Int8Array; picture: Uint8Array } {
  const vector = packEmbedding(made.vector)
  const picture = packMiniature(greyOf(made))
  database
    .prepare(
      `INSERT INTO photos (id, folder_id, directory, name, size_bytes, modified_ms, device, inode, sort_ms, embedded_in, content_hash, sharpness)
       VALUES (?, 1, ?, ?, 1, 1, 1, ?, ?, 1, unhex(printf('%064x', ?)), 1)`,
    )
    .run(id, `d${id >> 8}`, `IMG_${id}.jpg`, id, 1e12 + id * 1000, id)
  database.prepare('INSERT INTO embeddings VALUES (?, ?)').run(id, new Uint8Array(vector.buffer))
  database.prepare('INSERT INTO miniatures VALUES (?, ?)').run(id, picture)
  return { vector, picture }
}

const work = mkdtempSync(join(tmpdir(), 'lenslore-bench-copies-'))
/** Some of the photos, of which copies come later. */
const originals: { id: number; made: MadePhoto }[] = []
async function measure(store: Store): Promise<void> {
  const finder = () => createStackFinder(store.database, store.stacks)
  const copies = new Map<number, number>()
  inTransactions(store, 1, first, (id) => {
    const original = id % copyOfEach === 0 ? originals.at(-1) : undefined
    const made = original ? copyOf(original.made) : madePhoto(Math.floor(chance() * groups))
    if (original) copies.set(id, original.id)
    else if (id % copyOfEach === 1) originals.push({ id, made })
    putPhoto(store, id, made)
  })
  const built = await timed(() => finder().keepUp({ space }))
  console.log(`the first ${first} photos: ${perPhoto(built, first)}; ${found(store, copies)}`)
  if (photos <= first) return

  await fillRest(store)
  const before = memory()
  const whole = finder()
  const arrived = new Map<number, number>()
  inTransactions(store, photos + 1, photos + looked, (id) => {
    const original = id % 2 === 0 ? originals[Math.floor(chance() * originals.length)] : undefined
    if (original) arrived.set(id, original.id)
    putPhoto(store, id, original ? copyOf(original.made) : madePhoto(Math.floor(chance() * groups)))
  })
  const spent = await timed(() => whole.keepUp({ space }))
  console.log(`${looked} that come to ${photos}: ${perPhoto(spent, looked)}; ${found(store, arrived)}`)
  console.log(`memory: ${((memory() - before) / 2 ** 20).toFixed(0)} MiB more`)

  const all = store.database.prepare<{ vector: Buffer }>('SELECT vector FROM embeddings')
  const plain = await timed(async () => {
    for (let n = 0; n < scanned; n++) {
      const { vector } = originals[n]!.made
      let near = 0
      for (const row of all.iterate()) {
        const other = toVector(row.vector)
        if (cosineOfPacked(other, vector) >= 0.6) near++
      }
      if (near === 0) throw new Error('A photo is not even like itself.')
    }
  })
  console.log(`a plain scan of all embeddings for ${scanned} of them: ${perPhoto(plain, scanned)}`)
}

/** As a build would leave them. Where a photo's embedding lies is taken to be where that of its group does. */
async function fillRest(store: Store): Promise<void> {
  const { database } = store
  inTransactions(store, first + 1, photos, (id) => {
    const made = madePhoto(Math.floor(chance() * groups))
    const { picture } = putPhoto(store, id, made)
    database.prepare('DELETE FROM photos_to_stack WHERE photo_id = ?').run(id)
    const { keys, bits } = hashPicture(unpackMiniature(picture)!)
    for (const key of keys) {
      database.prepare('INSERT INTO miniature_keys VALUES (?, ?, ?, ?)').run(key, id, ...bits)
    }
    groupOf.set(id, made.group)
  })
  const cells = createCells(database)
  await cells.divide(space)
  const cellOfGroup = centres.map(
    (centre) => cells.around(toUnitLength(packEmbedding(vectorNear(centre, 0)))!, 1)[0]!,
  )
  inTransactions(store, first + 1, photos, (id) => cells.put(id, cellOfGroup[groupOf.get(id)!]!))
}

const groupOf = new Map<number, number>()

function inTransactions({ database }: Store, from: number, to: number, work: (id: number) => void): void {
  for (let start = from; start <= to; start += 20_000) {
    database.write(() => {
      for (let id = start; id <= Math.min(start + 19_999, to); id++) work(id)
    })
  }
}

function found({ stacks }: Store, copies: ReadonlyMap<number, number>): string {
  const right = [...copies].filter(([id, original]) => {
    const own = stacks.ofPhoto(id)
    return own !== undefined && own.stackId === stacks.ofPhoto(original)?.stackId
  })
  return `${((100 * right.length) / copies.size).toFixed(1)} % of ${copies.size} copies are found`
}

interface Spent {
  ms: number
  processorMs: number
}

async function timed(work: () => Promise<unknown>): Promise<Spent> {
  const [startedMs, cpu] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { ms: performance.now() - startedMs, processorMs: (user + system) / 1000 }
}

const perPhoto = ({ ms, processorMs }: Spent, count: number) =>
  `${(ms / count).toFixed(2)} ms a photo (processor ${(processorMs / count).toFixed(2)})`
function memory(): number {
  globalThis.gc?.()
  return process.memoryUsage().rss
}

try {
  const store = openStore(databaseFileIn(work))
  store.folders.insert(join(work, 'pictures'), 1)
  store.database.prepare('INSERT INTO spaces VALUES (1, ?)').run(space)
  await measure(store)
  store.close()
} finally {
  rmSync(work, { recursive: true, force: true })
}
