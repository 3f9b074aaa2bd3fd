/**
 * How long the thread that answers searches stands still while long work goes on in a library of many photos: the longest gap
 * between two turns of its event loop, how long it was computing in any of them (on a machine that does other things too, the
 * gap also has the time in which others were), the longest a search took that was asked every 50 ms, and the longest a
 * single edit took. The baseline is the same thread with nothing to do but these searches and edits.
 *
 *   node bench/stalls.ts [--photos 100000] [--seconds 60] [--keep DIRECTORY]
 *
 * Each work is cancelled after the given time, and says how far it came; 0 lets it come to its end. With `--keep` the library
 * stays as it was made, and a second run begins with a copy of it.
 */
import { createHash } from 'node:crypto'
import {
  cpSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createMemoryChannel } from '../src-main/channels/memory.ts'
import { type LibraryCalls, type LibraryEvents, libraryCalls } from '../src-main/contract/library-calls.ts'
import type { Progress } from '../src-main/contract/records.ts'
import { connect, serve } from '../src-main/contract/rpc.ts'
import { createLibrary } from '../src-main/library/library.ts'
import { createSearch } from '../src-main/library/search/search.ts'
import { createRootState } from '../src-main/library/store/root-state.ts'
import { databaseFileIn, openStore } from '../src-main/library/store/store.ts'
import { captionOf, words } from './made-captions.ts'

const { values: options } = parseArgs({
  options: {
    photos: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '60' },
    keep: { type: 'string' },
  },
})
const photos = Number(options.photos)
const limitMs = Number(options.seconds) * 1000
const searchEveryMs = 50
const editEveryMs = 500
const perDirectory = 200

/** What a photo's file would be, as a few of them are. */
const bytesOf = (id: number) => `picture ${id}`

/** Rows as the library writes them, all captioned by a model, in few transactions. */
async function fill(directory: string): Promise<void> {
  const store = openStore(databaseFileIn(join(directory, 'library')))
  const { searchIndex } = createSearch(store.database)
  const folderId = store.folders.insert(join(directory, 'pictures'), 1).id
  const insertPhoto = store.database.prepare(
    `INSERT INTO photos (folder_id, directory, name, size_bytes, modified_ms, device, inode, content_hash, indexed_ms,
       sort_ms, camera, caption_id, caption_source, captioned_by)
     VALUES (?, ?, ?, ?, ?, 1, ?, ?, 1, ?, ?, ?, 'model', 'm')`,
  )
  const insertCaption = store.database.prepare(
    `INSERT INTO captions (id, photo_id, text, source, model_id, score, content_hash, created_ms)
     VALUES (?, ?, ?, 'model', 'm', -0.5, ?, 1)`,
  )
  store.database.exec('BEGIN')
  for (let id = 1; id <= photos; id++) {
    const takenMs = 1e12 + id * 400_000
    const content = createHash('sha256').update(bytesOf(id)).digest()
    const place = [`d${Math.floor(id / perDirectory)}`, `IMG_${id}.jpg`]
    const [size, camera] = [bytesOf(id).length, `Camera ${id % 40}`]
    insertPhoto.run(folderId, ...place, size, takenMs, id, content, takenMs, camera, id)
    insertCaption.run(id, id, captionOf(id), content)
    if (id % 50_000 === 0) store.database.exec('COMMIT; BEGIN')
  }
  store.database.exec('COMMIT')
  await searchIndex.rebuild()
  store.database.pragma('wal_checkpoint(TRUNCATE)')
  store.close()
}

const directory = mkdtempSync(join(tmpdir(), 'lenslore-bench-stalls-'))
const made = options.keep ?? join(directory, 'made')
try {
  if (!existsSync(made)) {
    mkdirSync(made, { recursive: true })
    await fill(made)
  }
  cpSync(join(made, 'library'), join(directory, 'library'), { recursive: true })
  await measureAll(join(directory, 'library'))
} finally {
  rmSync(directory, { recursive: true, force: true })
}

async function measureAll(libraryDirectory: string): Promise<void> {
  const elsewhere = join(directory, 'elsewhere')
  const folderId = putSample(libraryDirectory, elsewhere)
  const [here, there] = createMemoryChannel()
  const library = createLibrary({
    directory: libraryDirectory,
    dataDirectory: directory,
    startEngine: () => {
      throw new Error('Nothing is captioned here.')
    },
    version: '0.0.0',
  })
  const { emit } = serve<LibraryCalls, LibraryEvents>(there, libraryCalls, library.handlers)
  library.onEvent(emit)
  const client = connect<LibraryCalls, LibraryEvents>(here, libraryCalls)
  let shown: Pick<Progress, 'done' | 'total' | 'phase'> = { done: 0, total: 0, phase: 'scan' }
  client.on('progress', (works) => {
    shown = works.at(-1) ?? shown
  })
  let asked = 0

  async function measure(
    what: string,
    work: (signal: AbortSignal) => Promise<unknown>,
    isEditing = true,
  ): Promise<number> {
    const stop = new AbortController()
    let [stallMs, computedMs, searchMs, editMs] = [0, 0, 0, 0]
    shown = { ...shown, done: 0, total: 0 }
    // The cost of making the library, or of the work before, is not this one's.
    await sleep(200)
    let last = { atMs: performance.now(), computingMs: threadMs() }
    const turns = setInterval(() => {
      const now = { atMs: performance.now(), computingMs: threadMs() }
      stallMs = Math.max(stallMs, now.atMs - last.atMs)
      computedMs = Math.max(computedMs, now.computingMs - last.computingMs)
      last = now
    }, 1)
    const askAgain = async (everyMs: number, ask: () => Promise<unknown>, tell: (ms: number) => void) => {
      while (!stop.signal.aborted) {
        const startMs = performance.now()
        await ask()
        tell(performance.now() - startMs)
        await sleep(everyMs)
      }
    }
    const query = () => `${words[asked++ % words.length]} ${words[(asked * 5) % words.length]}`
    const asking = [
      askAgain(
        searchEveryMs,
        () => client.search({ query: query() }),
        (ms) => {
          searchMs = Math.max(searchMs, ms)
        },
      ),
      askAgain(
        editEveryMs,
        async () =>
          isEditing &&
          client
            .setCaption({ photo: 1 + ((asked * 1009) % photos), text: `words ${asked++}` })
            .catch(() => {}),
        (ms) => {
          editMs = Math.max(editMs, ms)
        },
      ),
    ]
    const startMs = performance.now()
    let how = ''
    const limit = limitMs > 0 ? AbortSignal.timeout(limitMs) : stop.signal
    try {
      await work(limit)
    } catch (thrown) {
      if (!limit.aborted) how = ` ${(thrown as Error).message}`
    }
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
    if (limit.aborted) how = ` cancelled at ${shown.done} of ${shown.total} (${shown.phase})`
    stop.abort()
    clearInterval(turns)
    await Promise.all(asking)
    const ms = (value: number) => `${value.toFixed(0)} ms`.padStart(8)
    console.log(
      `${what.padEnd(28)} ${ms(stallMs)} ${ms(computedMs)} ${ms(searchMs)} ${ms(editMs)} ${seconds.padStart(8)} s${how}`,
    )
    return stallMs
  }

  console.log(`${photos} photos`.padEnd(28), '   stall computed   search     edit       took')
  const idleMs = await measure('nothing', () => sleep(5000))
  const stalls = [
    await measure('status', () => client.status({})),
    await measure('a folder is elsewhere', (signal) =>
      client.relocateFolder({ folderId, path: elsewhere }, { signal }),
    ),
    await measure('the database is checked', (signal) => client.checkDatabase({}, { signal })),
    await measure('a replacement is shown', (signal) =>
      client.replaceInCaptions({ find: 'a', replace: 'one' }, { signal }),
    ),
    await measure(
      'words are replaced',
      (signal) => client.replaceInCaptions({ find: 'number', replace: 'no.', preview: false }, { signal }),
      false,
    ),
    // With edits between, it would be the last of those.
    await measure('the edit is taken back', (signal) => client.undoEdit({}, { signal }), false),
    await measure('the edit is brought back', (signal) => client.redoEdit({}, { signal }), false),
    await measure('a table is exported', (signal) =>
      client.exportTable({ path: join(directory, 'table.json'), format: 'json' }, { signal }),
    ),
  ]
  await editTable(join(directory, 'table.json'), join(directory, 'edited.json'))
  const edited = { path: join(directory, 'edited.json'), format: 'json' } as const
  stalls.push(
    await measure('a table is looked at', (signal) => client.planTableImport(edited, { signal })),
    await measure('a table is imported', (signal) => client.importTable(edited, { signal })),
    await measure('an export is planned', (signal) => client.planExport({}, { signal })),
    await measure('the index is made anew', (signal) => client.rebuildSearch({}, { signal })),
    await measure('a scan finds nothing left', (signal) => client.scan({}, { signal })),
    await measure('a folder is removed', (signal) => client.removeFolder({ folderId }, { signal })),
  )
  const longestMs = Math.max(...stalls)
  console.log(`longest stall / that of the idle thread: ${(longestMs / idleMs).toFixed(1)}`)
  here.close()
  await library.close()
}

/** Processor time of this thread. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** What must be there for the folder to have gone there. */
function putSample(libraryDirectory: string, elsewhere: string): number {
  const store = openStore(databaseFileIn(libraryDirectory))
  const folderId = store.folders.list()[0]!.id
  for (const { directory: below, name } of createRootState(store.database).sample(folderId, 40)) {
    const file = join(elsewhere, below, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bytesOf(Number(/\d+/.exec(name)![0])))
  }
  store.close()
  return folderId
}

/** Other words of a person for every photo. */
async function editTable(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return writeFileSync(to, '[]')
  const out = createWriteStream(to)
  for await (const line of createInterface({ input: createReadStream(from) })) {
    out.write(
      `${line.replace('"caption":"', '"caption":"edited ').replace(/"source":"\w+"/, '"source":"person"')}\n`,
    )
  }
  out.end()
  await finished(out)
}
