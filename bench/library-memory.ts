import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { defaultDataDirectory, startEngineProcess, withLibrary } from '../src-main/cli/open-library.ts'
import { createReconciler } from '../src-main/library/folders/reconcile.ts'
import { defaultModelName, findModel, superviseEngine } from '../src-main/library/library.ts'
import { databaseFileIn, openStore, type Store } from '../src-main/library/store/store.ts'

// Memory of the library's process with many photos, all captioned: after it looked through all of them and watches
// their folders, and after searches. The engine is a process of its own and not counted. The baseline is what the
// process may have.
//   node bench/library-memory.ts [--photos 1000000]

const allowedMb = 250
const perDirectory = 200
const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: '1000000' },
    fill: { type: 'string' },
    watch: { type: 'string' },
  },
})
const photos = Number(values.photos)

if (values.fill !== undefined) await fill(values.fill)
else if (values.watch !== undefined) await watch(values.watch)
else {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-bench-memory-'))
  try {
    for (const part of ['--fill', '--watch']) {
      const child = fork(import.meta.filename, [part, directory, '--photos', String(photos)])
      const [status] = await once(child, 'exit')
      if (status !== 0) throw new Error(`${part} failed`)
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function fill(directory: string): Promise<void> {
  const pictures = join(directory, 'pictures')
  for (let i = 0; i < photos; i++) {
    const album = join(
      pictures,
      `${Math.floor(i / perDirectory) % 50}`,
      `album ${Math.floor(i / perDirectory)}`,
    )
    if (i % perDirectory === 0) mkdirSync(album, { recursive: true })
    closeSync(openSync(join(album, `IMG_${String(i % perDirectory).padStart(4, '0')}.JPG`), 'w'))
  }
  const store = openStore(databaseFileIn(join(directory, 'library')))
  store.folders.insert(pictures, Date.now())
  const reconciler = createReconciler(store.database)
  await reconciler.scan()
  await reconciler.close()
  await captionAll(store)
  store.close()
}

/** As the indexer and the engine would, but for looking at the pictures. */
async function captionAll(store: Store): Promise<void> {
  const modelDirectory = await findModel(defaultModelName, defaultDataDirectory())
  const engine = superviseEngine(startEngineProcess, { modelDirectory })
  const { modelId, adapterId } = await engine.info()
  engine.close()
  const words = [
    'dog',
    'cat',
    'child',
    'boat',
    'house',
    'red',
    'green',
    'snow',
    'beach',
    'street',
    'two',
    'runs',
  ]
  const text = (id: number) => {
    const word = (n: number) => words[(id * (2 * n + 7) + (id >> n)) % words.length]
    return `a ${word(1)} ${word(2)} and a ${word(3)} on the ${word(4)} number ${id % 30_000}`
  }
  for (let first = 1; first <= photos; first += 2000) {
    store.database.write(() => {
      const batch = []
      for (let photoId = first; photoId < first + 2000 && photoId <= photos; photoId++) {
        const content = randomBytes(32)
        store.database
          .prepare('UPDATE photos SET content_hash = ?, indexed_ms = 1, camera = ? WHERE id = ?')
          .run(content, `Camera ${photoId % 40}`, photoId)
        batch.push({
          photoId,
          text: text(photoId),
          score: -1,
          modelId,
          adapterId,
          contentHash: content.toString('hex'),
        })
      }
      store.captions.addFromModel(batch, 1)
    })
  }
  store.searchIndex.renewAll()
}

async function watch(directory: string): Promise<void> {
  const startedMs = performance.now()
  await withLibrary({ directory: join(directory, 'library') }, async (library) => {
    tell('the library is open')
    const stop = new AbortController()
    let phase = ''
    library.on('progress', (progress) => {
      phase = progress.phase
    })
    const watching = library.watch({}, { signal: stop.signal }).catch((thrown: unknown) => {
      if (!stop.signal.aborted) throw thrown
    })
    while (phase !== 'caption') await sleep(50)
    const { folders, waiting, captioned } = await library.status({})
    if (waiting > 0 || captioned !== photos) throw new Error(`${captioned} captioned, ${waiting} waiting`)
    tell(`all was looked through and is ${folders[0]!.watchMode}, after ${seconds(startedMs)}`)
    for (let n = 0; n < 100; n++) {
      const query = [
        `number ${n * 17}`,
        'red dog',
        'dog camera:7 -snow',
        '"the beach"',
        `folder:${n % 50} cat`,
      ][n % 5]!
      await library.search({ query })
      await library.photo({ photo: 1 + ((n * 1009) % photos) })
    }
    tell('a hundred searches were answered')
    // The daily backup goes on beside.
    await sleep(30_000)
    const mostMb = tell('half a minute later')
    console.log(`most memory of the library process: ${mostMb.toFixed(0)} MB`)
    console.log(`ratio to the ${allowedMb} MB it may have: ${(mostMb / allowedMb).toFixed(2)}`)
    stop.abort()
    await watching
  })
}

/** @returns the most memory that was resident at any time so far. */
function tell(what: string): number {
  const status = readFileSync('/proc/self/status', 'utf8')
  const [now, most] = ['VmRSS', 'VmHWM'].map(
    (name) => (Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / 1e6,
  )
  console.log(`${what}: ${now!.toFixed(0)} MB, at most ${most!.toFixed(0)} MB`)
  return most!
}

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`
}
