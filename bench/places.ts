/**
 * Finding the places of photos by their positions: what one look-up takes, what the gazetteer takes of memory, and how long a library
 * of many photos is at it, with the longest that the thread that answers searches stood still meanwhile. The baselines are one column
 * of the same photos, written in the same slices, and their entries in the index renewed as they were before.
 *
 *   node --expose-gc bench/places.ts [--photos 100000]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findPlaces } from '../src-main/library/places/find-places.ts'
import { openGazetteer } from '../src-main/library/places/gazetteer.ts'
import { createSearch } from '../src-main/library/search/search.ts'
import { inSlices } from '../src-main/library/store/slices.ts'
import { databaseFileIn, openStore, type Store } from '../src-main/library/store/store.ts'

const { values: options } = parseArgs({ options: { photos: { type: 'string', default: '100000' } } })
const photos = Number(options.photos)

/** Where people are, and two of three photos: the others are anywhere on land or at sea. */
const crowded = [
  [48.86, 2.35],
  [40.7, -73.98],
  [35.69, 139.7],
  [31.23, 121.47],
  [51.5, -0.12],
  [52.52, 13.4],
  [-23.55, -46.63],
  [28.61, 77.2],
] as const

/** The same in every run. */
function createChance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function positionOf(photo: number, chance: () => number): [latitude: number, longitude: number] {
  if (photo % 3 === 0) return [chance() * 140 - 60, chance() * 360 - 180]
  const [latitude, longitude] = crowded[photo % crowded.length]!
  return [latitude + (chance() - 0.5) * 2, longitude + (chance() - 0.5) * 2]
}

const directory = mkdtempSync(join(tmpdir(), 'lenslore-bench-places-'))
try {
  await measure()
} finally {
  rmSync(directory, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const file = databaseFileIn(directory)
  const store = openStore(file)
  const { searchIndex } = createSearch(store.database)
  fill(store)
  await searchIndex.rebuild()
  store.database.pragma('wal_checkpoint(TRUNCATE)')
  const before = statSync(file).size

  store.database.exec('INSERT INTO search_stale SELECT id FROM photos')
  const renewed = await timed(() => searchIndex.renewAll())
  let at = 0
  const written = await timed(() =>
    inSlices(store.database, (limit) => {
      const { changes } = store.database
        .prepare('UPDATE photos SET arrived_ms = 1 WHERE id > ? AND id <= ?')
        .run(at, at + limit)
      at += limit
      return changes
    }),
  )
  const found = await timed(() => findPlaces(store.database, { onPlaced: searchIndex.leaveStale }))
  const indexed = await timed(() => searchIndex.renewAll())
  store.database.pragma('wal_checkpoint(TRUNCATE)')
  const grown = statSync(file).size - before
  store.close()

  console.log(`${photos} photos`.padEnd(36), '    took  longest turn')
  for (const [what, { tookMs, turnMs }] of Object.entries({
    'one column written': written,
    'places found': found,
    'entries renewed without places': renewed,
    'entries renewed with places': indexed,
  })) {
    console.log(
      what.padEnd(36),
      `${(tookMs / 1000).toFixed(1)} s`.padStart(8),
      `${turnMs.toFixed(0)} ms`.padStart(13),
    )
  }
  console.log(`places take ${(found.tookMs / written.tookMs).toFixed(1)} times as long as the column`)
  console.log(`entries take ${(indexed.tookMs / renewed.tookMs).toFixed(1)} times as long as before`)
  console.log(`the database grew by ${(grown / photos).toFixed(0)} bytes a photo`)
  measureGazetteer()
}

function fill({ database, folders }: Store): void {
  const folderId = folders.insert(join(directory, 'pictures'), 1).id
  const chance = createChance(1)
  const insert = database.prepare(
    `INSERT INTO photos (folder_id, directory, name, size_bytes, modified_ms, device, inode, indexed_ms, sort_ms, latitude, longitude)
     VALUES (?, ?, ?, 1, 1, 1, ?, 1, ?, ?, ?)`,
  )
  database.write(() => {
    for (let id = 1; id <= photos; id++) {
      insert.run(
        folderId,
        `d${id % 500}`,
        `IMG_${id}.jpg`,
        id,
        1e12 + id * 400_000,
        ...positionOf(id, chance),
      )
    }
  })
}

async function timed(work: () => Promise<unknown>): Promise<{ tookMs: number; turnMs: number }> {
  let turnMs = 0
  let last = performance.now()
  const turns = setInterval(() => {
    turnMs = Math.max(turnMs, performance.now() - last)
    last = performance.now()
  }, 1)
  const startMs = performance.now()
  await work()
  clearInterval(turns)
  return { tookMs: performance.now() - startMs, turnMs }
}

function measureGazetteer(): void {
  globalThis.gc?.()
  const before = process.memoryUsage()
  const startMs = performance.now()
  const gazetteer = openGazetteer()
  const openMs = performance.now() - startMs
  globalThis.gc?.()
  const after = process.memoryUsage()
  const megabytes = (after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers) / 1e6
  console.log(`the gazetteer opens in ${openMs.toFixed(0)} ms and holds ${megabytes.toFixed(1)} MB`)
  const lookUps = 20_000
  for (const [where, isThere] of [
    ['where people are', (photo: number) => photo % 3 > 0],
    ['anywhere on Earth', (photo: number) => photo % 3 === 0],
  ] as const) {
    const chance = createChance(2)
    const positions = Array.from({ length: 3 * lookUps }, (_, at) => at)
      .filter(isThere)
      .slice(0, lookUps)
      .map((photo) => positionOf(photo, chance))
    const beganMs = performance.now()
    for (const [latitude, longitude] of positions) gazetteer.find(latitude, longitude)
    const microseconds = ((performance.now() - beganMs) / lookUps) * 1000
    console.log(`a look-up ${where}`.padEnd(36), `${microseconds.toFixed(0)} µs`)
  }
  gazetteer.close()
}
