import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { EngineInfo } from '../contract/engine-calls.ts'
import { type ErrorRecord, LensloreError } from '../contract/errors.ts'
import { displayFileName } from '../contract/file-name.ts'
import type { EditChange, LibraryCalls, LibraryEvents, PhotoReference } from '../contract/library-calls.ts'
import type { Caption, LibraryStatus, PhotoDetails } from '../contract/records.ts'
import type { Handlers } from '../contract/rpc.ts'
import { thumbnailPath } from '../contract/thumbnail-path.ts'
import { embedCurrentCaption } from './editing/embed.ts'
import { planReplacement } from './editing/find-replace.ts'
import { checkPlace } from './folders/check-place.ts'
import { setExcludes } from './folders/excludes.ts'
import { createReconciler } from './folders/reconcile.ts'
import { createLongWork } from './long-work.ts'
import { createWaitingExporter, setExportsAlways, summariseExport } from './metadata/exchange.ts'
import { currentCaptions, exportCaptions, undoLastExport } from './metadata/export-sidecars.ts'
import { exportTable } from './metadata/export-table.ts'
import { importTable, planImport } from './metadata/import-table.ts'
import { createMetadataStore } from './metadata/metadata-store.ts'
import { defaultModelName, findModel } from './models/models.ts'
import { type SupervisedEngine, superviseEngine } from './queue/engine-supervisor.ts'
import { createProgressMeter } from './queue/progress.ts'
import type { StartEngine } from './queue/start-engine.ts'
import { openTrialBook, trialBookFileIn } from './queue/trial-book.ts'
import { backUpInThread, listBackups } from './store/backups.ts'
import { modelKey } from './store/captions.ts'
import { watchOthersCommits } from './store/others-commits.ts'
import { createRootState } from './store/root-state.ts'
import { databaseFileIn, openStore } from './store/store.ts'
import { removeLeftThumbnails } from './thumbnails.ts'

export { downloadModel } from './models/download.ts'
export { defaultModelName, findModel, listModels } from './models/models.ts'
export { captionFile } from './queue/caption-engine.ts'
export { type SupervisedEngine, superviseEngine } from './queue/engine-supervisor.ts'
export { tryProviders } from './queue/provider-trial.ts'
export { openTrialBook, type TrialBook, trialBookFileIn } from './queue/trial-book.ts'
export { type RestoredBackup, restoreBackup } from './store/restore.ts'

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
  const { photos, captions, folders, queue, searcher } = store
  const metadata = createMetadataStore(store.database, captions)
  const reconciler = createReconciler(store.database)
  const roots = createRootState(store.database)
  const thumbnailDirectory = join(directory, 'thumbnails')
  const importTarget = { database: store.database, photos, captions, metadata }
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

  async function openEngine(): Promise<{ engine: SupervisedEngine; info: EngineInfo }> {
    const modelDirectory = await findModel(options.model ?? defaultModelName, options.dataDirectory)
    engine ??= superviseEngine(options.startEngine, { modelDirectory }, { book, onProblem })
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
    captionsChanged(resolved.map(({ photoId }) => photoId))
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

  /** @returns null where there was nothing to change. */
  function changeEdit(change: () => number[] | undefined): EditChange | null {
    const photoIds = change()
    if (!photoIds) return null
    captionsChanged(photoIds)
    return { photos: photoIds.length, first: photos.byIds(photoIds.slice(0, shownOfEdit)) }
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

  function addFolder(path: string) {
    const absolute = resolve(path)
    const known = folders.byPath(absolute)
    if (known) return known
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

  return {
    handlers: {
      addFolder: ({ path }) => addFolder(path),
      folders: () => folders.list(),
      setExcludes({ folderId, globs }) {
        setExcludes(store.database, folderId, globs, Date.now())
        onFoldersChanged()
        return folders.byId(folderId)!
      },
      async relocateFolder({ folderId, path }) {
        if (!folders.byId(folderId)) throw unknownFolder(folderId)
        await longWork.relocate(folderId, resolve(path))
        onFoldersChanged()
        return folders.byId(folderId)!
      },
      async removeFolder({ folderId }) {
        if (!folders.byId(folderId)) throw unknownFolder(folderId)
        folders.remove(folderId)
        onFoldersChanged()
        await removeLeftThumbnails(store.database, thumbnailDirectory)
        return null
      },
      scan: ({ folderIds }, signal) => longWork.scan(folderIds, signal),
      captionAll: (_, signal) => longWork.captionAll(signal),
      watch: (_, signal) => longWork.watch(signal),
      search: ({ query, ...options }) => searcher.search(query, options),
      photo: ({ photo }) => detailsOf(photoIdOf(photo)),
      setCaption: ({ photo, text }) => setCaptions([{ photo, text }])[0]!,
      setCaptions: ({ edits }) => setCaptions(edits),
      undoCaption: ({ photo }) =>
        changeHistory(
          photo,
          (id) => captions.undo(id, Date.now()),
          'There is no caption of yours to take back.',
        ),
      redoCaption: ({ photo }) =>
        changeHistory(photo, (id) => captions.redo(id), 'There is no caption to bring back.'),
      undoEdit: () => changeEdit(() => captions.undoEdit(Date.now())),
      redoEdit: () => changeEdit(() => captions.redoEdit()),
      replaceInCaptions({ preview, ...replacement }) {
        const changes = planReplacement(captions, photos, replacement)
        if (!preview) setCaptions(changes.map(({ photoId, after }) => ({ photo: photoId, text: after })))
        return changes
      },
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
        exportTable(store.database, resolve(path), { format, signal }),
      planTableImport: ({ path, format }, signal) =>
        planImport(importTarget, resolve(path), { format, signal }),
      importTable: ({ path, format }, signal) => importTable(importTarget, resolve(path), { format, signal }),
      status,
      checkDatabase: () => store.check(),
      backUp: (_, signal) => backUpInThread(store.database.file, 'asked', signal),
      rebuildSearch: (_, signal) => longWork.rebuildSearch(signal),
    },
    onEvent(listener) {
      emit = listener
    },
    async close() {
      stopWatchingOthers()
      engine?.close()
      await exporter.close()
      await reconciler.close()
      store.close()
    },
  }
}

function keyOf(model: { modelId: string; adapterId: string | null } | null): string | null {
  return model && modelKey(model.modelId, model.adapterId)
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
