import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import type { EngineInfo } from '../contract/engine-calls.ts'
import { LensloreError } from '../contract/errors.ts'
import { displayFileName, fileNameFromText } from '../contract/file-name.ts'
import type { LibraryCalls, LibraryEvents, PhotoReference, ScanSummary } from '../contract/library-calls.ts'
import type { Caption, LibraryStatus, PhotoDetails } from '../contract/records.ts'
import type { Handlers } from '../contract/rpc.ts'
import { thumbnailPath } from '../contract/thumbnail-path.ts'
import { planReplacement } from './editing/find-replace.ts'
import { createReconciler } from './folders/reconcile.ts'
import { createMetadataStore } from './metadata/metadata-store.ts'
import { defaultModelName, findModel } from './models/models.ts'
import { captionAll } from './queue/captioning.ts'
import { type StartEngine, type SupervisedEngine, superviseEngine } from './queue/engine-supervisor.ts'
import { indexAll } from './queue/indexer.ts'
import { createContentKeeper, createContentReader } from './queue/photo-content.ts'
import { createProgressMeter } from './queue/progress.ts'
import { modelKey } from './store/captions.ts'
import { lockForWork } from './store/lock.ts'
import { databaseFileIn, openStore } from './store/store.ts'

export { downloadModel } from './models/download.ts'
export { defaultModelName, findModel, listModels } from './models/models.ts'
export { type SupervisedEngine, superviseEngine } from './queue/engine-supervisor.ts'

export interface LibraryOptions {
  /** Folder of the database and the thumbnails; made where it is not there. */
  directory: string
  /** Where downloaded models are. */
  dataDirectory: string
  /** A model's name, or the folder of one. */
  model?: string
  startEngine: StartEngine
}

type Emit = <Name extends keyof LibraryEvents & string>(name: Name, data: LibraryEvents[Name]) => void

export interface Library {
  readonly handlers: Handlers<LibraryCalls>
  /** The one listener of all events. */
  onEvent(emit: Emit): void
  close(): void
}

/**
 * Opens a library: the composition of all its parts behind the contract.
 * @throws LensloreError `DATABASE_DAMAGED`, `DATABASE_NEWER`, `WRITE_FAILED`
 */
export function createLibrary(options: LibraryOptions): Library {
  const directory = resolve(options.directory)
  mkdirSync(directory, { recursive: true })
  const store = openStore(databaseFileIn(directory))
  const { photos, captions, folders, queue, searcher } = store
  const metadata = createMetadataStore(store.database, captions)
  const reconciler = createReconciler(store.database)
  const thumbnailDirectory = join(directory, 'thumbnails')
  let emit: Emit = () => {}
  const progress = createProgressMeter((state) => emit('progress', state))
  const onPhotosChanged = (photoIds: number[]) => emit('photosChanged', { photoIds })
  let engine: SupervisedEngine | undefined

  async function openEngine(): Promise<{ engine: SupervisedEngine; info: EngineInfo }> {
    const modelDirectory = await findModel(options.model ?? defaultModelName, options.dataDirectory)
    engine ??= superviseEngine(options.startEngine, { modelDirectory, thumbnailDirectory })
    try {
      return { engine, info: await engine.info() }
    } catch (thrown) {
      engine.close()
      engine = undefined
      throw thrown
    }
  }

  function photoIdOf(reference: PhotoReference): number {
    const photo = typeof reference === 'number' ? photos.byId(reference) : photos.byPath(resolve(reference))
    if (photo) return photo.id
    throw new LensloreError(
      'PHOTO_NOT_FOUND',
      typeof reference === 'number'
        ? `There is no photo ${reference}.`
        : `The library knows no photo ${displayFileName(reference)}.`,
    )
  }

  function setCaptions(edits: { photo: PhotoReference; text: string }[]): Caption[] {
    const resolved = edits.map(({ photo, text }) => ({ photoId: photoIdOf(photo), text }))
    const set = captions.setManyByPerson(resolved, Date.now())
    onPhotosChanged(resolved.map(({ photoId }) => photoId))
    return set
  }

  function detailsOf(id: number): PhotoDetails {
    const details = store.details(id)!
    const { contentHash } = details
    const thumbnail = contentHash === null ? null : thumbnailPath(thumbnailDirectory, contentHash)
    return { ...details, thumbnailPath: thumbnail && existsSync(thumbnail) ? thumbnail : null }
  }

  function addFolder(path: string) {
    const absolute = resolve(path)
    const known = folders.byPath(absolute)
    if (known) return known
    const name = fileNameFromText(absolute)
    const found = statSync(typeof name === 'string' ? name : Buffer.from(name), { throwIfNoEntry: false })
    if (!found?.isDirectory()) {
      throw new LensloreError('FOLDER_NOT_FOUND', `There is no folder ${displayFileName(absolute)}.`)
    }
    for (const folder of folders.list()) {
      if (isWithin(absolute, folder.path) || isWithin(folder.path, absolute)) {
        throw new LensloreError(
          'FOLDER_OVERLAPS',
          `${displayFileName(absolute)} and ${displayFileName(folder.path)}, which the library has, lie one in the other.`,
        )
      }
    }
    const folder = folders.insert(absolute, Date.now())
    emit('foldersChanged', {})
    return folder
  }

  async function scan(folderIds: number[] | undefined, signal: AbortSignal): Promise<ScanSummary> {
    using _lock = workLock(directory)
    progress.begin('scan')
    let counted = 0
    const summary = await reconciler.scan(folderIds, {
      signal,
      onPhotosChanged,
      onProgress: (files) => {
        progress.add(files - counted)
        counted = files
      },
    })
    emit('foldersChanged', {})
    progress.begin('idle')
    return summary
  }

  /** Reads what is new and captions it, at the same time: the first words come long before the last file is read. */
  async function captionEverything(signal: AbortSignal) {
    using _lock = workLock(directory)
    const { engine: running, info } = await openEngine()
    queue.retryUnreadable()
    progress.begin('caption', queue.counts(modelKey(info.modelId, info.adapterId)).waiting)
    const stop = new AbortController()
    const either = AbortSignal.any([signal, stop.signal])
    const indexing = indexAll({
      photos,
      queue,
      readContent: createContentReader(),
      apply: createContentKeeper(store, metadata),
      write: (work) => store.database.write(work),
      onPhotosChanged: (ids, failed) => {
        progress.add(failed, failed)
        onPhotosChanged(ids)
      },
      signal: either,
    })
    try {
      return await captionAll({
        engine: running,
        photos,
        captions,
        queue,
        progress,
        onPhotosChanged,
        filling: indexing,
        signal,
      })
    } finally {
      stop.abort()
      await indexing.catch(() => {})
      progress.begin('idle')
    }
  }

  function status(): LibraryStatus {
    const modelId = captions.latestModelKey()
    const { toIndex: _toIndex, ...counts } = queue.counts(modelId)
    return {
      directory,
      ...counts,
      folders: folders.list(),
      modelId,
      progress: progress.current(),
    }
  }

  return {
    handlers: {
      addFolder: ({ path }) => addFolder(path),
      folders: () => folders.list(),
      scan: ({ folderIds }, signal) => scan(folderIds, signal),
      captionAll: (_, signal) => captionEverything(signal),
      search: ({ query, limit, cursor }) => searcher.search(query, { limit, cursor }),
      photo: ({ photo }) => detailsOf(photoIdOf(photo)),
      setCaption: ({ photo, text }) => setCaptions([{ photo, text }])[0]!,
      setCaptions: ({ edits }) => setCaptions(edits),
      undoCaption({ photo }) {
        const id = photoIdOf(photo)
        const caption = captions.undo(id, Date.now())
        if (caption === undefined) {
          throw new LensloreError('INVALID_ARGUMENT', 'There is no caption of yours to take back.')
        }
        onPhotosChanged([id])
        return caption
      },
      redoCaption({ photo }) {
        const id = photoIdOf(photo)
        const caption = captions.redo(id)
        if (caption === undefined) {
          throw new LensloreError('INVALID_ARGUMENT', 'There is no caption to bring back.')
        }
        onPhotosChanged([id])
        return caption
      },
      replaceInCaptions({ preview, ...replacement }) {
        const changes = planReplacement(captions, photos, replacement)
        if (!preview) setCaptions(changes.map(({ photoId, after }) => ({ photo: photoId, text: after })))
        return changes
      },
      status,
      checkDatabase: () => store.check(),
    },
    onEvent(listener) {
      emit = listener
    },
    close() {
      engine?.close()
      store.close()
    },
  }
}

function workLock(directory: string): Disposable {
  const lock = lockForWork(directory)
  return { [Symbol.dispose]: () => lock.release() }
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !way.startsWith(sep))
}
