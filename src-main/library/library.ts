import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { EngineInfo } from '../contract/engine-calls.ts'
import { type ErrorRecord, LensloreError, toErrorRecord } from '../contract/errors.ts'
import { displayFileName } from '../contract/file-name.ts'
import type {
  EditChange,
  LibraryCalls,
  LibraryEvents,
  PhotoReference,
  ReplacementOptions,
  Replacements,
} from '../contract/library-calls.ts'
import type { Caption, LibraryStatus, PhotoDetails } from '../contract/records.ts'
import type { Handlers } from '../contract/rpc.ts'
import { thumbnailPath } from '../contract/thumbnail-path.ts'
import { embedCurrentCaption } from './editing/embed.ts'
import { planReplacement, type ReplacedCaption } from './editing/find-replace.ts'
import { checkPlace } from './folders/check-place.ts'
import { setExcludes } from './folders/excludes.ts'
import { createReconciler } from './folders/reconcile.ts'
import { createLongWork } from './long-work.ts'
import { createWaitingExporter, setExportsAlways, summariseExport } from './metadata/exchange.ts'
import { currentCaptions, exportCaptions, undoLastExport } from './metadata/export-sidecars.ts'
import { exportTable } from './metadata/export-table.ts'
import { type ImportTarget, importTable, planImport } from './metadata/import-table.ts'
import { createMetadataStore } from './metadata/metadata-store.ts'
import { createTableWords } from './metadata/table-words.ts'
import { defaultModelName, findModel } from './models/models.ts'
import { type SupervisedEngine, superviseEngine } from './queue/engine-supervisor.ts'
import { createProgressMeter } from './queue/progress.ts'
import type { StartEngine } from './queue/start-engine.ts'
import { openTrialBook, trialBookFileIn } from './queue/trial-book.ts'
import { createSearch } from './search/search.ts'
import { backUpInThread, listBackups } from './store/backups.ts'
import { type ChangeOptions, createCaptionChanges } from './store/caption-changes.ts'
import { modelKey } from './store/captions.ts'
import { checkInThread } from './store/check.ts'
import { watchOthersCommits } from './store/others-commits.ts'
import { type RestoredBackup, restoreBackup as restoreDatabase } from './store/restore.ts'
import { createRootState } from './store/root-state.ts'
import { inSlices } from './store/slices.ts'
import { databaseFileIn, openStore } from './store/store.ts'

export { downloadModel } from './models/download.ts'
export { defaultModelName, findModel, listModels } from './models/models.ts'
export { type SupervisedEngine, superviseEngine } from './queue/engine-supervisor.ts'
export { tryProviders } from './queue/provider-trial.ts'
export { openTrialBook, type TrialBook, trialBookFileIn } from './queue/trial-book.ts'
export type { RestoredBackup } from './store/restore.ts'

export interface LibraryOptions {
  /** Folder of the database and the thumbnails; made where it is not there. */
  directory: string
  /** Where downloaded models are. */
  dataDirectory: string
  /** A model's name, or the folder of one. */
  model?: string
  startEngine: StartEngine
}

/** Of an edit that is taken back, or brought back, and of files that cannot be read. */
const shownOfEdit = 20
const shownProblems = 20
/** Of a replacement, people read the beginning. */
const shownReplacements = 1000
/** An edit of no more photos than these is made at once. */
const editedAtOnce = 50
/** Of a change, these sidecars are written before others that wait. */
const writtenFirst = 500

type Emit = <Name extends keyof LibraryEvents & string>(name: Name, data: LibraryEvents[Name]) => void

export interface Library {
  readonly handlers: Handlers<LibraryCalls>
  /** The one listener of all events. */
  onEvent(emit: Emit): void
  close(): Promise<void>
}

/**
 * Opens a library: the composition of all its parts behind the contract.
 * @throws LensloreError `DATABASE_DAMAGED`, `DATABASE_NEWER`, `WRITE_FAILED`
 */
export function createLibrary(options: LibraryOptions): Library {
  const directory = resolve(options.directory)
  const store = openStore(databaseFileIn(directory))
  const { photos, captions, folders, queue } = store
  const { searcher, searchIndex } = createSearch(store.database)
  const metadata = createMetadataStore(store.database, captions)
  const reconciler = createReconciler(store.database)
  const roots = createRootState(store.database)
  const thumbnailDirectory = join(directory, 'thumbnails')
  const changes = createCaptionChanges(store.database, captions, createTableWords(metadata))
  let emit: Emit = () => {}
  const progress = createProgressMeter((state) => emit('progress', state))
  const onPhotosChanged = (photoIds: number[]) => emit('photosChanged', { photoIds })
  const onFoldersChanged = () => emit('foldersChanged', {})
  const onProblem = (problem: ErrorRecord) => emit('problem', problem)
  const exporter = createWaitingExporter(store, onProblem)
  let engine: SupervisedEngine | undefined
  const book = openTrialBook(trialBookFileIn(options.dataDirectory))
  const longWork = createLongWork({
    directory,
    thumbnailDirectory,
    store,
    searchIndex,
    metadata,
    reconciler,
    progress,
    exporter,
    openEngine,
    onPhotosChanged,
    onFoldersChanged,
    onProblem,
  })

  const stopWatchingOthers = watchOthersCommits(store.database, () => {
    longWork.lookAgain()
    emit('changedElsewhere', {})
  })

  const stop = new AbortController()
  let resuming = resume(stop.signal)

  /** Does what a process that was killed, or a call that was cancelled, left to do, as far as no other is at it. */
  async function resume(signal: AbortSignal): Promise<void> {
    try {
      await changes.resume()
      await longWork.forgetLeft(signal)
      await longWork.renewSearch(signal)
    } catch (thrown) {
      const error = toErrorRecord(thrown)
      if (!signal.aborted && error.code !== 'LIBRARY_LOCKED') onProblem(error)
    }
  }

  async function openEngine(): Promise<{ engine: SupervisedEngine; info: EngineInfo }> {
    const modelDirectory = await findModel(options.model ?? defaultModelName, options.dataDirectory)
    engine ??= superviseEngine(
      options.startEngine,
      { modelDirectory, thumbnailDirectory },
      { book, onProblem },
    )
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

  async function setCaptions(
    edits: { photo: PhotoReference; text: string }[],
    signal: AbortSignal,
  ): Promise<Caption[]> {
    if (edits.length <= editedAtOnce) {
      const resolved = edits.map(({ photo, text }) => ({ photoId: photoIdOf(photo), text }))
      const set = captions.setManyByPerson(resolved, Date.now())
      captionsChanged(resolved.map(({ photoId }) => photoId))
      return set
    }
    const photoIds: number[] = []
    await changeMany(
      (options) =>
        changes.set((add, limit) => {
          const some = edits.slice(photoIds.length, photoIds.length + limit)
          for (const { photo, text } of some) {
            const photoId = photoIdOf(photo)
            photoIds.push(photoId)
            add({
              photoId,
              captionId: captions.current(photoId)?.id ?? null,
              text,
              source: 'person',
              language: null,
            })
          }
          return some.length
        }, options),
      signal,
    )
    const set: Caption[] = []
    await inSlices(store.database, (limit) => {
      const some = photoIds.slice(set.length, set.length + limit)
      set.push(...some.map((photoId) => captions.current(photoId)!))
      return some.length
    })
    return set
  }

  function changeHistory(
    photo: PhotoReference,
    change: (photoId: number) => Caption | null | undefined,
    refusal: string,
  ): Caption | null {
    const id = photoIdOf(photo)
    const caption = change(id)
    if (caption === undefined) throw new LensloreError('INVALID_ARGUMENT', refusal)
    captionsChanged([id])
    return caption
  }

  function captionsChanged(photoIds: number[]): void {
    onPhotosChanged(photoIds)
    exporter.writeBehind(photoIds)
  }

  /**
   * Shows a change of many captions, and tells of it; what it leaves to do in the search index is done with it.
   * @returns null where there was nothing to change.
   */
  async function changeMany(
    change: (options: ChangeOptions) => Promise<number | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<EditChange | null> {
    const first: number[] = []
    const changed = await progress
      .during('change', 0, ({ onProgress, setTotal }) =>
        change({
          signal,
          onProgress,
          onPlanned: setTotal,
          onPhotosChanged(photoIds) {
            first.push(...photoIds.slice(0, writtenFirst - first.length))
            onPhotosChanged(photoIds)
          },
        }),
      )
      .catch((thrown: unknown) => {
        resuming = resuming.then(() => resume(stop.signal))
        throw thrown
      })
    if (changed === undefined) return null
    exporter.writeBehind(first)
    await longWork.renewSearch(signal)
    return { photos: changed, first: photos.byIds(first.slice(0, shownOfEdit)) }
  }

  async function replaceInCaptions(
    preview: boolean,
    replacement: ReplacementOptions,
    signal: AbortSignal,
  ): Promise<Replacements> {
    let replaced = 0
    const first = new Map<number, ReplacedCaption>()
    const note = (each: ReplacedCaption) => {
      replaced++
      if (first.size < shownReplacements) first.set(each.photoId, each)
    }
    if (preview) {
      const { photos: present } = queue.counts(null)
      await progress.during('change', present, ({ onProgress }) =>
        inSlices(store.database, planReplacement(captions, replacement, note), { signal, onProgress }),
      )
    } else {
      await changeMany((options) => {
        let plan: ((limit: number) => number) | undefined
        return changes.set((add, limit) => {
          plan ??= planReplacement(captions, replacement, (each) => {
            note(each)
            add({ ...each, text: each.after, source: 'person', language: null })
          })
          return plan(limit)
        }, options)
      }, signal)
    }
    return {
      changes: replaced,
      first: photos.byIds([...first.keys()]).map(({ id, path }) => {
        const { before, after } = first.get(id)!
        return { photoId: id, path, before, after }
      }),
    }
  }

  function detailsOf(id: number): PhotoDetails {
    const details = store.details(id)!
    const { contentHash } = details
    const thumbnail = contentHash === null ? null : thumbnailPath(thumbnailDirectory, contentHash)
    const { title, keywords, people, places, rating, isFavorite } = metadata.joined(id)
    return {
      ...details,
      words: {
        title,
        keywords,
        people,
        places: places.map((place) => place.name),
        rating,
        isFavorite,
        sources: metadata
          .sources(id)
          .map(({ kind, name, refused, cut }) => ({ kind, name, problem: refused ?? null, cut: cut ?? [] })),
      },
      thumbnailPath: thumbnail && existsSync(thumbnail) ? thumbnail : null,
    }
  }

  async function addFolder(path: string, signal: AbortSignal) {
    const absolute = resolve(path)
    const known = folders.byPath(absolute)
    if (known) return known
    // One that was removed just now, and is still being forgotten.
    const other = roots.overlapping(absolute, null)
    if (other !== undefined && !folders.byPath(other)) await longWork.forgetLeft(signal)
    checkPlace(roots, absolute, null)
    const folder = folders.insert(absolute, Date.now())
    onFoldersChanged()
    return folder
  }

  function status(): LibraryStatus {
    const latest = captions.latestModel()
    const { toIndex: _toIndex, ...counts } = queue.counts(keyOf(latest))
    return {
      directory,
      ...counts,
      folders: folders.list(),
      unreadable: roots
        .unreadable()
        .map(({ folderPath, directory, code }) => ({ path: join(folderPath, directory), code })),
      modelId: keyOf(latest),
      providerTrial: book.read().find((trial) => trial.modelId === latest?.modelId) ?? null,
      waitingExports: exporter.waiting(),
      sidecarProblems: metadata.refused(shownProblems),
      cutWords: metadata.cut(shownProblems),
      progress: progress.current(),
    }
  }

  const importTarget: ImportTarget = {
    database: store.database,
    photos,
    captions,
    changes: {
      async set(plan, { signal } = {}) {
        return (await changeMany((options) => changes.set(plan, options), signal))!.photos
      },
    },
  }

  return {
    handlers: {
      addFolder: ({ path }, signal) => addFolder(path, signal),
      folders: () => folders.list(),
      async setExcludes({ folderId, globs }) {
        await setExcludes(store.database, folderId, globs, Date.now())
        onFoldersChanged()
        return folders.byId(folderId)!
      },
      async relocateFolder({ folderId, path }, signal) {
        if (!folders.byId(folderId)) throw unknownFolder(folderId)
        await longWork.relocate(folderId, resolve(path))
        onFoldersChanged()
        await longWork.renewSearch(signal)
        return folders.byId(folderId)!
      },
      async removeFolder({ folderId }, signal) {
        if (!folders.byId(folderId)) throw unknownFolder(folderId)
        folders.leave(folderId)
        longWork.foldersChanged()
        onFoldersChanged()
        await longWork.forgetLeft(signal)
        return null
      },
      scan: ({ folderIds }, signal) => longWork.scan(folderIds, signal),
      captionAll: (_, signal) => longWork.captionAll(signal),
      watch: (_, signal) => longWork.watch(signal),
      search: ({ query, ...options }) => searcher.search(query, options),
      photo: ({ photo }) => detailsOf(photoIdOf(photo)),
      setCaption: async ({ photo, text }, signal) => (await setCaptions([{ photo, text }], signal))[0]!,
      setCaptions: ({ edits }, signal) => setCaptions(edits, signal),
      undoCaption: ({ photo }) =>
        changeHistory(
          photo,
          (id) => captions.undo(id, Date.now()),
          'There is no caption of yours to take back.',
        ),
      redoCaption: ({ photo }) =>
        changeHistory(photo, (id) => captions.redo(id), 'There is no caption to bring back.'),
      undoEdit: (_, signal) => changeMany((options) => changes.undoEdit(Date.now(), options), signal),
      redoEdit: (_, signal) => changeMany((options) => changes.redoEdit(options), signal),
      replaceInCaptions: ({ preview, ...replacement }, signal) =>
        replaceInCaptions(preview, replacement, signal),
      planExport: ({ folderIds, sources }, signal) =>
        summariseExport(currentCaptions(store.database, given({ folderIds, sources })), { signal }),
      exportCaptions: ({ folderIds, sources }, signal) =>
        exportCaptions(store.database, currentCaptions(store.database, given({ folderIds, sources })), {
          signal,
        }),
      async undoExport(_, signal) {
        // What is being written out is to be taken back too.
        await exporter.idle()
        return (await undoLastExport(store.database, { signal })) ?? null
      },
      async setExportsAlways({ folderId, always }, signal) {
        if (!folders.byId(folderId)) throw unknownFolder(folderId)
        setExportsAlways(store.database, folderId, always)
        return (await exporter.write({ signal })) ?? null
      },
      async embedCaption({ photo }) {
        const id = photoIdOf(photo)
        await embedCurrentCaption(store, thumbnailDirectory, id)
        onPhotosChanged([id])
        return null
      },
      exportTable: ({ path, format }, signal) =>
        progress.during('export', queue.counts(null).captioned, ({ onProgress }) =>
          exportTable(store.database, resolve(path), { format, signal, onProgress }),
        ),
      planTableImport: ({ path, format }, signal) =>
        progress.during('import', 0, ({ onProgress }) =>
          planImport(importTarget, resolve(path), { format, signal, onProgress }),
        ),
      importTable: ({ path, format }, signal) =>
        progress.during('import', 0, ({ onProgress }) =>
          importTable(importTarget, resolve(path), { format, signal, onProgress }),
        ),
      status,
      checkDatabase: (_, signal) =>
        progress.during('check', 0, () => checkInThread(store.database.file, signal)),
      backUp: (_, signal) => backUpInThread(store.database.file, 'asked', signal),
      rebuildSearch: (_, signal) => longWork.rebuildSearch(signal),
    },
    onEvent(listener) {
      emit = listener
    },
    async close() {
      stop.abort()
      stopWatchingOthers()
      engine?.close()
      await resuming
      await changes.close()
      await exporter.close()
      await reconciler.close()
      store.close()
    },
  }
}

function keyOf(model: { modelId: string; adapterId: string | null } | null): string | null {
  return model && modelKey(model.modelId, model.adapterId)
}

/**
 * Puts a backup in the place of a library's database, as `store/restore.ts` says, and brings the search index along.
 * @throws LensloreError as there.
 */
export async function restoreBackup(directory: string, backup?: string): Promise<RestoredBackup> {
  const restored = restoreDatabase(directory, backup)
  const store = openStore(databaseFileIn(directory))
  try {
    await createSearch(store.database).searchIndex.renewAll()
  } finally {
    store.close()
  }
  return restored
}

/** The backups of a library, newest first, also of one that cannot be opened. */
export function listLibraryBackups(directory: string): string[] {
  return listBackups(databaseFileIn(directory))
}

function unknownFolder(folderId: number): LensloreError {
  return new LensloreError('FOLDER_NOT_FOUND', `There is no folder ${folderId}.`)
}

/** Without the members that are undefined: for options whose absence means something. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
