import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { trialBook } from '../src-main/cli/open-library.ts'
import { defaultDataDirectory } from '../src-main/processes/data-directory.ts'
import { noDoubt } from '../src-main/contract/records.ts'
import { createReconciler } from '../src-main/library/folders/reconcile.ts'
import { defaultModelName, findModel, superviseEngine } from '../src-main/library/library.ts'
import { createSearch } from '../src-main/library/search/search.ts'
import { databaseFileIn, openStore, type Store } from '../src-main/library/store/store.ts'
import { thumbnailVersion } from '../src-main/library/thumbnails.ts'
import { forkEngine } from '../src-main/processes/fork.ts'
import { makeEmptyPictures } from './empty-pictures.ts'

// Memory of the library's process with many photos, all captioned: after it looked through all of them and watches
// their folders, and after searches. The engine is a process of its own and not counted. The baseline is what the
// process may have. Measured is the product as it is built, started as its command line is:
//   npm run build && node bench/library-memory.ts [--photos 1000000]

const perDirectory = 200
const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: '1000000' },
    fill: { type: 'string' },
  },
})
const photos = Number(values.photos)

if (values.fill !== undefined) await fill(values.fill)
else {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-bench-memory-'))
  try {
    await run(import.meta.filename, ['--fill', directory, '--photos', String(photos)], [])
    const measured = fileURLToPath(new URL('library-process.mjs', import.meta.url))
    await run(measured, [directory, String(photos)], ['--max-semi-space-size=1'])
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function run(program: string, args: string[], execArgv: string[]): Promise<void> {
  const [status] = await once(fork(program, args, { execArgv }), 'exit')
  if (status !== 0) throw new Error(`${program} failed`)
}

async function fill(directory: string): Promise<void> {
  const pictures = join(directory, 'pictures')
  makeEmptyPictures(pictures, photos, perDirectory)
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
  const engine = superviseEngine(forkEngine, { modelDirectory }, { book: trialBook() })
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
          ...noDoubt,
          modelId,
          adapterId,
          contentHash: content.toString('hex'),
        })
      }
      store.captions.addFromModel(batch, 1)
      store.queue.setThumbnailsMade(
        batch.map(({ contentHash }) => ({ contentHash, thumbhash: null })),
        thumbnailVersion,
      )
    })
  }
  await createSearch(store.database).searchIndex.renewAll()
}
