import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { nativePath } from '../../../src-main/contract/native-path.ts'
import type { ScanSummary } from '../../../src-main/contract/rooms/folders.ts'
import { settleIdentity } from '../../../src-main/library/folders/identity.ts'
import { createReconciler, type Reconciler } from '../../../src-main/library/folders/reconcile.ts'
import { findSidecars } from '../../../src-main/library/metadata/sidecar-names.ts'
import { createSearch, type Search } from '../../../src-main/library/search/search.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'

/** A library on real files in a directory of its own. */
export interface LibraryOnDisk extends AsyncDisposable {
  directory: string
  store: Store
  search: Search
  reconciler: Reconciler
  now(): number
  /** Moves the library's clock; the files keep the machine's. */
  addMs(elapsedMs: number): void
  addFolder(name: string): number
  /** Writes a file, directories included; paths are below the directory. */
  put(path: string, content?: string): void
  path(below: string): string
  scan(): Promise<ScanSummary>
  /** Reads all files that are still to be read, as the indexer does. */
  index(): void
  /** Scans, reads, and scans again, which finds nothing more. */
  sync(): Promise<ScanSummary>
  /** Photos by path below the directory, missing ones with a leading `-`; the id of each. */
  photos(): Record<string, number>
  idOf(path: string): number
  write(path: string, words: string): number
  wordsOf(path: string): string | null
  /** What stood in a photo's sidecars when it was read last. */
  sidecarsReadOf(photoId: number): string[]
}

export function createLibraryOnDisk(): LibraryOnDisk {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-folders-'))
  const store = openStore(databaseFileIn(join(directory, '.library')))
  const search = createSearch(store.database)
  let aheadMs = 0
  const now = () => Date.now() + aheadMs
  const reconciler = createReconciler(store.database, now)
  const path = (below: string) => join(directory, below)
  const sidecarsRead = new Map<number, string[]>()

  function index(): void {
    for (;;) {
      const items = store.queue.nextToIndex(1000)
      if (items.length === 0) return
      const namesIn = new Map<string, string[]>()
      store.database.write(() => {
        for (const item of items) {
          const file = join(item.folderPath, item.directory, item.name)
          const bytes = readFileSync(nativePath(file))
          const contentHash = createHash('sha256').update(bytes).digest('hex')
          const id = settleIdentity(store.database, item.photoId, contentHash, now())
          store.photos.setContent(id, { ...noFacts, contentHash }, now())
          const beside = dirname(file)
          const names = namesIn.get(beside) ?? namesBeside(file)
          namesIn.set(beside, names)
          sidecarsRead.set(id, sidecarsBeside(file, names))
        }
      })
    }
  }

  function photos(): Record<string, number> {
    const rows = store.database
      .prepare<{ id: number; folder: string; directory: string; name: string; missing: number }>(
        `SELECT photos.id, path AS folder, directory, name, missing_since_ms IS NOT NULL AS missing
         FROM photos JOIN folders ON folders.id = folder_id`,
      )
      .all()
    return Object.fromEntries(
      rows
        .map(({ id, folder, directory: below, name, missing }): [string, number] => [
          (missing ? '-' : '') + join(folder, below, name).slice(directory.length + 1),
          id,
        ])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    )
  }

  const scan = () => reconciler.scan()
  const idOf = (below: string) => {
    const id = store.photos.byPath(path(below))?.id
    if (id === undefined)
      throw new Error(`No photo is known at ${below}; known: ${Object.keys(photos()).join(', ')}`)
    return id
  }

  return {
    directory,
    store,
    search,
    reconciler,
    path,
    now,
    scan,
    index,
    photos,
    idOf,
    addMs: (elapsedMs) => {
      aheadMs += elapsedMs
    },
    addFolder(name) {
      mkdirSync(path(name), { recursive: true })
      return store.folders.insert(path(name), now()).id
    },
    put(below, content = below) {
      mkdirSync(dirname(path(below)), { recursive: true })
      writeFileSync(path(below), content)
    },
    async sync() {
      const summary = await scan()
      index()
      return summary
    },
    write: (below, words) => store.captions.setByPerson(idOf(below), words, now()).photoId,
    sidecarsReadOf: (photoId) => sidecarsRead.get(photoId) ?? [],
    wordsOf: (below) => store.captions.current(idOf(below))?.text ?? null,
    async [Symbol.asyncDispose]() {
      await reconciler.close()
      store.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function namesBeside(file: string): string[] {
  return readdirSync(nativePath(dirname(file)))
}

/** What stands in the sidecars of a photo now. */
export function sidecarsBeside(file: string, names = namesBeside(file)): string[] {
  return findSidecars(names, basename(file)).map(({ name }) =>
    readFileSync(nativePath(join(dirname(file), name)), 'utf8'),
  )
}

const noFacts = {
  pictureHash: null,
  widthPx: null,
  heightPx: null,
  orientation: null,
  takenAt: null,
  takenOffsetMinutes: null,
  camera: null,
  lens: null,
  latitude: null,
  longitude: null,
}
