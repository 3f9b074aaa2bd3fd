import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { packEmbedding } from '../../../src-main/contract/embedding.ts'
import { miniatureSidePx, packMiniature } from '../../../src-main/contract/miniature.ts'
import { createStackFinder } from '../../../src-main/library/copies/find-stacks.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'

const side = miniatureSidePx
const width = 48

/** The same in every run. */
function createChance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

let chance = createChance(1)
const direction = () => Float32Array.from({ length: width }, () => chance() + chance() + chance() - 1.5)
const nearTo = (vector: Float32Array) => vector.map((each) => each + (chance() - 0.5) * 0.3)

/** Bumps, by which a scene is another at every place. */
function makeScene(): (x: number, y: number) => number {
  const bumps = Array.from({ length: 40 }, () => ({ x: chance(), y: chance(), level: chance() * 160 - 80 }))
  return (x, y) =>
    bumps.reduce(
      (sum, bump) => sum + bump.level * Math.exp(-((x - bump.x) ** 2 + (y - bump.y) ** 2) * 150),
      128,
    )
}

/** What is left of a scene when a share of each side is cut away. */
function pictureOf(scene: (x: number, y: number) => number, cut = 0): Uint8Array {
  return packMiniature(
    Float32Array.from({ length: side * side }, (_, at) => {
      const [x, y] = [(at % side) / side, Math.floor(at / side) / side]
      return Math.min(Math.max(scene(cut / 3 + x * (1 - cut), cut / 2 + y * (1 - cut)), 0), 255)
    }),
  )
}

function openMany(t: TestContext) {
  chance = createChance(1)
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-copies-'))
  const store = openStore(databaseFileIn(directory))
  t.after(() => {
    store.close()
    rmSync(directory, { recursive: true })
  })
  store.folders.insert('/pictures', 1)
  store.database.exec("INSERT INTO spaces VALUES (1, 'space')")
  return { directory, store, finder: createStackFinder(store.database, store.stacks) }
}

function put({ database }: Store, id: number, picture: Uint8Array | null, vector: Float32Array): void {
  database
    .prepare(
      `INSERT INTO photos (id, folder_id, directory, name, size_bytes, modified_ms, device, inode, sort_ms, embedded_in, content_hash, sharpness)
       VALUES (?, 1, '', ?, 1, 1, 1, ?, 1, 1, unhex(printf('%064x', ?)), 1)`,
    )
    .run(id, `${id}.jpg`, id, id)
  database
    .prepare('INSERT INTO embeddings VALUES (?, ?)')
    .run(id, new Uint8Array(packEmbedding(vector).buffer))
  if (picture) database.prepare('INSERT INTO miniatures VALUES (?, ?)').run(id, picture)
}

test('what is cut out of a picture is found among thousands by its embedding, also once the library grew', async (t) => {
  const { store, finder } = openMany(t)
  const originals = Array.from({ length: 100 }, (_, at) => ({
    id: at + 1,
    scene: makeScene(),
    vector: direction(),
  }))
  store.database.write(() => {
    for (const { id, scene, vector } of originals) put(store, id, pictureOf(scene), vector)
  })
  // No model is open yet.
  await finder.keepUp({ space: null })
  const cells = () =>
    store.database
      .prepare<{ cells: number }>('SELECT cells FROM embedding_divisions')
      .all()
      .map((row) => row.cells)
  assert.deepEqual(cells(), [1])
  store.database.write(() => {
    // Whose pictures nobody looked at.
    for (let id = 101; id <= 4900; id++) put(store, id, null, direction())
  })
  const copies = originals.map(({ id, scene, vector }) => ({ id: 5000 + id, of: id, scene, vector }))
  store.database.write(() => {
    for (const { id, scene, vector } of copies) put(store, id, pictureOf(scene, 0.12), nearTo(vector))
  })
  await finder.keepUp({ space: 'space' })
  assert.deepEqual(cells(), [20])
  const lost = copies.filter(({ id, of }) => {
    const own = store.stacks.ofPhoto(id)
    return own === undefined || own.stackId !== store.stacks.ofPhoto(of)?.stackId
  })
  assert.deepEqual(
    lost.map(({ id }) => id),
    [],
  )
})

test('after a kill the search for copies goes on where it was, and comes to the same', async (t) => {
  const { directory, store, finder } = openMany(t)
  store.database.write(() => {
    for (let pair = 0; pair < 400; pair++) {
      const [scene, vector] = [makeScene(), direction()]
      put(store, 2 * pair + 1, pictureOf(scene), vector)
      put(
        store,
        2 * pair + 2,
        pictureOf((x, y) => scene(x, y) * 0.9),
        vector,
      )
    }
  })
  const child = fork(fileURLToPath(new URL('./finding-process.ts', import.meta.url)), [directory])
  // Told within the first slice, and within the second.
  await once(child, 'message')
  const [waiting] = await once(child, 'message')
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.ok(waiting > 0 && finder.waiting() > 0, 'it was killed in the middle')
  assert.ok(finder.waiting() < 800, 'what it found stayed')
  await finder.keepUp({ space: 'space' })
  const wrong = Array.from({ length: 400 }, (_, pair) =>
    store.stacks.members(store.stacks.ofPhoto(2 * pair + 1)?.stackId ?? 0),
  )
    .map((members) => members.map(({ id }) => id))
    .filter((ids, pair) => ids.join() !== [2 * pair + 1, 2 * pair + 2].join())
  assert.deepEqual(wrong, [])
})
