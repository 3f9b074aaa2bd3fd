import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { contractHash } from '../contract/contract-hash.ts'
import { type ErrorRecord, LensloreError, toErrorRecord } from '../contract/errors.ts'
import { displayFileName } from '../contract/file-name.ts'
import { type LibraryCalls, type LibraryEvents, libraryCalls } from '../contract/library-calls.ts'
import { previewPath } from '../contract/preview-path.ts'
import type { ProviderName } from '../contract/provider-names.ts'
import type { AddedFolder, LibraryStatus, PhotoDetails } from '../contract/records.ts'
import type { ModelChoice } from '../contract/rooms/models.ts'
import type { Selection } from '../contract/rooms/parameters.ts'
import type { CheckedParamsOf, Handlers } from '../contract/rpc.ts'
import { thumbnailPath } from '../contract/thumbnail-path.ts'
import { createFindAlike } from './alike.ts'
import { createCaptionEdits } from './caption-edits.ts'
import type { CaptioningModel } from './captioning-service.ts'
import { createChosenEngine } from './chosen-engine.ts'
import { createStackLists } from './copies/list-stacks.ts'
import { embedCurrentCaption } from './editing/embed.ts'
import { checkIsFolder, overlapsOf } from './folders/check-place.ts'
import { setExcludes } from './folders/excludes.ts'
import { planJoin } from './folders/join.ts'
import { realPath, realPathOfFile } from './folders/real-path.ts'
import { createReconciler } from './folders/reconcile.ts'
import { createFindKnownNames } from './known-names.ts'
import { createLikes } from './likes.ts'
import { createLongWork } from './long-work.ts'
import { createHubness } from './meaning/hubness.ts'
import { createMeaningIndex } from './meaning/meaning-index.ts'
import {
  createWaitingExporter,
  setExportsAlways,
  settleExportTurns,
  summariseExport,
} from './metadata/exchange.ts'
import type { ExportRequest } from './metadata/export-plan.ts'
import { currentCaptions, exportCaptions, undoLastExport } from './metadata/export-sidecars.ts'
import type { ImportTarget } from './metadata/import-table.ts'
import { createMetadataStore } from './metadata/metadata-store.ts'
import { readExposure } from './metadata/read.ts'
import { createModelQuestions } from './model-questions.ts'
import { listModels } from './models/models.ts'
import { createNameOfferer } from './name-offers.ts'
import { createFindNearestPassing } from './nearest-passing.ts'
import { createLikePicture } from './outside-pictures.ts'
import { createPhotoChanges } from './photo-changes.ts'
import { createPlaceStore } from './places/place-store.ts'
import { createPreviews } from './previews.ts'
import type { CaptionEngine } from './queue/caption-engine.ts'
import { makeThumbnail } from './queue/make-thumbnail.ts'
import type { FarEngine, OtherMachines } from './queue/other-machines.ts'
import { withOwnEngine } from './queue/own-engine.ts'
import { poolEngines } from './queue/pooled-engine.ts'
import { createProgressMeter } from './queue/progress.ts'
import { readFileOnce } from './queue/read-photo.ts'
import type { StartEngine } from './queue/start-engine.ts'
import { openTrialBook, trialBookFileIn } from './queue/trial-book.ts'
import { createSearch } from './search/search.ts'
import { queriesBefore } from './search/suggest.ts'
import { createSelect, type SelectedPhotos } from './selection.ts'
import { createShownPictures } from './shown-pictures.ts'
import { backUpInThread, listBackups } from './store/backups.ts'
import { createCaptionChanges } from './store/caption-changes.ts'
import { modelKey } from './store/captions.ts'
import { checkInThread } from './store/check.ts'
import { createCompanionStore } from './store/companions.ts'
import { watchOthersCommits } from './store/others-commits.ts'
import { createOutsidePictureStore } from './store/outside-pictures.ts'
import {
  type RestoredBackup,
  type RestoreOptions,
  restoreBackup as restoreDatabase,
} from './store/restore.ts'
import { createRootState } from './store/root-state.ts'
import { createSavedSearches } from './store/saved-searches.ts'
import { createSettings } from './store/settings.ts'
import { createSidecarState } from './store/sidecar-state.ts'
import { inSlices } from './store/slices.ts'
import { databaseFileIn, openStore } from './store/store.ts'
import { type UpdateProgress, updateInThread } from './store/update.ts'
import { createAdapterShelf } from './teaching/adapter-shelf.ts'
import { createTeaching } from './teaching/teaching.ts'
import { readTiles } from './tiles.ts'
import { createWishes } from './wishes.ts'

export { realPath } from './folders/real-path.ts'
export { downloadModel } from './models/download.ts'
export { defaultModelName, findModel, formDirectoryIn, listModels } from './models/models.ts'
export type { CaptionEngine } from './queue/caption-engine.ts'
export { captionFile } from './queue/caption-engine.ts'
export { type SupervisedEngine, superviseEngine } from './queue/engine-supervisor.ts'
export { inspectAdapterFile } from './queue/inspect-adapter-file.ts'
export type { FarEngine, OtherMachines, SharedModel } from './queue/other-machines.ts'
export { tryProviders } from './queue/provider-trial.ts'
export { openTrialBook, type TrialBook, trialBookFileIn } from './queue/trial-book.ts'
export type { RestoredBackup, RestoreStep } from './store/restore.ts'
export type { UpdateProgress } from './store/update.ts'

export interface LibraryOptions {
  /** Folder of the database and the thumbnails; made where it is not there. */
  directory: string
  /** Where downloaded models are. */
  dataDirectory: string
  /** A model's name, or the folder of one. */
  model?: string
  startEngine: StartEngine
  /** That caption beside this one, or in its place. */
  otherMachines?: OtherMachines
  /** Of the product. */
  version: string
}

/** Of what models saw in photos, which trainings look at again and again; some ten thousand photos. */
const memoryLimitBytes = 2 ** 30
/** Of files that cannot be read. */
const shownProblems = 20
/** Another process that has written nothing for so long may be gone, in the middle of what it was at. */
const othersAreQuietMs = 5000

/** Of what a person set here, among what files say. */
const ownSource: PhotoDetails['words']['sources'][number] = {
  kind: 'person',
  name: '',
  problem: null,
  cut: [],
}

type Emit = <Name extends keyof LibraryEvents & string>(name: Name, data: LibraryEvents[Name]) => void

export interface Library {
  /** Why it can be looked at and searched alone; null where it can be changed. */
  readonly hindrance: ErrorRecord | null
  readonly handlers: Handlers<LibraryCalls>
  /** @returns a function that ends it. */
  onEvent(listener: Emit): () => void
  close(): Promise<void>
}

/**
 * Brings the database of a library to this version of the program, after a backup and in a thread of its own; nothing
 * where it is up to date. To be awaited before `createLibrary`, which would do the same while its host stands still.
 * @param options.signal ends it before the next step; what was done stays.
 * @throws LensloreError `LIBRARY_LOCKED` while another process has the library open, `DATABASE_DAMAGED`,
 * `DATABASE_NEWER`, `DISK_FULL`, `WRITE_FAILED`, `CANCELLED`.
 */
export async function prepareLibrary(
  directory: string,
  options: { onProgress?: (progress: UpdateProgress) => void; signal?: AbortSignal } = {},
): Promise<void> {
  await updateInThread(databaseFileIn(resolve(directory)), options)
}

/**
 * Opens a library: the composition of all its parts behind the contract.
 * @throws LensloreError `DATABASE_DAMAGED`, `DATABASE_NEWER`, `LIBRARY_LOCKED`, `WRITE_FAILED`
 */
export function createLibrary(options: LibraryOptions): Library {
  const directory = resolve(options.directory)
  const store = openStore(databaseFileIn(directory))
  const { photos, captions, folders, queue } = store
  const { searcher, searchIndex, likes: likesOfQueries } = createSearch(store.database)
  const stackLists = createStackLists({ database: store.database, stacks: store.stacks, searcher })
  const meaningIndex = createMeaningIndex(store.database)
  const hubness = createHubness(store.database)
  const selectNow = createSelect(store.database, searcher)
  const metadata = createMetadataStore(store.database, captions)
  const derivedPlaces = createPlaceStore(store.database)
  const sidecarState = createSidecarState(store.database)
  const companions = createCompanionStore(store.database)
  const reconciler = createReconciler(store.database)
  const roots = createRootState(store.database)
  const thumbnailDirectory = join(directory, 'thumbnails')
  const previewDirectory = join(directory, 'previews')
  const memoryDirectory = join(directory, 'memories')
  const adapterDirectory = join(directory, 'adapters')
  const adapterFile = (id: string) => join(adapterDirectory, `${id}.safetensors`)
  const listeners = new Set<Emit>()
  const emit: Emit = (name, data) => {
    for (const listener of listeners) listener(name, data)
  }
  const progress = createProgressMeter((works) => emit('progress', works))
  const photoChanges = createPhotoChanges(store.database, (told) => emit('photosChanged', told))
  const onPhotosChanged = photoChanges.note
  const onFoldersChanged = () => emit('foldersChanged', {})
  const onEdited = () => emit('editChanged', {})
  const onProblem = (problem: ErrorRecord) => emit('problem', problem)
  const exporter = createWaitingExporter(store, onProblem)
  const settings = createSettings(store.database)
  const savedSearches = createSavedSearches(store.database)
  const book = openTrialBook(trialBookFileIn(options.dataDirectory))
  const engine = createChosenEngine({
    model: options.model,
    settings,
    dataDirectory: options.dataDirectory,
    adapterFile,
    startEngine: options.startEngine,
    book,
    progress,
    onProblem,
  })
  async function openEngine() {
    const choice = engine.chosen()
    const opened = await engine.open()
    const { modelId, adapterId } = opened.info
    settings.setOpened({ choice, modelId, adapterId })
    return opened
  }
  /** What captions on other machines, too, for as long as the own engine is the same. */
  let shared: { own: CaptionEngine; far: FarEngine; engine: CaptionEngine } | undefined
  /** Decodes here, and captions wherever there is room. */
  async function openCaptioning() {
    const { engine: own, info } = await openEngine()
    const { otherMachines } = options
    if (!otherMachines) return { decoder: own, engine: own, info }
    if (shared?.own !== own) {
      shared?.far.close()
      const { model } = engine.chosen()
      const modelName = model === basename(model) ? model : null
      const far = otherMachines.open({ info, modelName, adapterPath: engine.adapterPath(), own }, onProblem)
      shared = { own, far, engine: otherMachines.isAlone ? far : poolEngines(own, far) }
    }
    return { decoder: own, engine: shared.engine, info }
  }
  function closeEngine(): void {
    shared?.engine.close()
    shared = undefined
    engine.close()
  }
  const longWork = createLongWork({
    directory,
    thumbnailDirectory,
    previewDirectory,
    memoryDirectory,
    store,
    searchIndex,
    meaningIndex,
    hubness,
    embedText: async (text) => (await questions.embedText(text)).embedding,
    metadata,
    reconciler,
    progress,
    exporter,
    openEngine: openCaptioning,
    closeEngine,
    onPhotosChanged,
    onSearchRenewed: photoChanges.noteAll,
    onFoldersChanged,
    onProblem,
  })

  const shownPictures = createShownPictures({
    photos,
    previews: createPreviews(previewDirectory),
    openDecoder: engine.decoder,
  })
  const questions = createModelQuestions({
    store,
    thumbnailDirectory,
    openEngine: engine.open,
    openReader: engine.decoder,
    // A pause gave its memory back.
    onIdle: () => longWork.captioning.state().state === 'paused' && engine.close(),
  })

  const nearestPassing = createFindNearestPassing({ searcher, index: meaningIndex })
  const outsidePictures = createOutsidePictureStore(store.database)
  const likePicture = createLikePicture({
    directory: join(directory, 'pictures-to-compare'),
    store: outsidePictures,
    photosWithContent: photos.withContent,
    space: questions.space,
    embedFile: questions.embedFile,
  })
  const likes = createLikes({
    database: store.database,
    searcher,
    index: meaningIndex,
    nearestPassing,
    likes: likesOfQueries,
    arePhotos: (ids) => photos.byIds(ids).length > 0,
    outside: outsidePictures,
    embedText: questions.embedText,
    space: questions.space,
  })
  const findKnownNames = createFindKnownNames({
    database: store.database,
    searcher,
    taughtNames: () => teaching.taughtNames(),
    version: () => teaching.namesVersion(),
  })
  const findAlike = createFindAlike({
    searcher,
    index: meaningIndex,
    hubness,
    nearestPassing,
    findKnownNames,
    embedText: questions.embedText,
    resolveLikes: likes.resolve,
  })

  const wishes = createWishes({
    settings,
    captioning: longWork.captioning,
    takeUpEngine: takeUpModel,
    onCaptioningChanged: (state) => emit('captioningChanged', state),
    onPreferencesChanged: (preferences) => emit('preferencesChanged', preferences),
  })
  wishes.takeUp()
  let lookingForRest: NodeJS.Timeout | undefined
  function takeUpOthers(): void {
    wishes.takeUp()
    longWork.lookAgain()
    teaching.lookAgain()
    emit('changedElsewhere', {})
    clearTimeout(lookingForRest)
    lookingForRest = setTimeout(resumeNext, othersAreQuietMs).unref()
  }
  const stopWatchingOthers = watchOthersCommits(store.database, takeUpOthers, (thrown) => {
    // Whoever has the database lets go of it, and the next look is soon.
    if (toErrorRecord(thrown).code !== 'LIBRARY_LOCKED') longWork.orTell(thrown)
  })

  let hashOfContract: Promise<string> | undefined
  const stop = new AbortController()
  const captionChanges = createCaptionChanges(store.database, captions, {
    begin: (state, left) => progress.begin(state === 'undoing' ? 'revert' : 'change', left),
  })
  const edits = createCaptionEdits({
    store,
    changes: captionChanges,
    progress,
    onPhotosChanged,
    onEdited,
    onAsked: askedForWork,
    writeBehind: exporter.writeBehind,
    renewSearch: longWork.renewSearch,
    onStopped: resumeNext,
  })
  const importTarget: ImportTarget = {
    database: store.database,
    photos,
    captions,
    marks: store.marks,
    changes: edits.forImport,
  }
  const onAdaptersChanged = () => emit('adaptersChanged', {})
  const memories = { memoryDirectory, memoryLimitBytes }
  const shelf = createAdapterShelf({
    store,
    adapterDirectory,
    adapterFile,
    chosen: engine.chosen,
    modelDirectory: engine.modelDirectory,
    async choose(choice) {
      await useModel(choice)
    },
    withEngine: (work, signal) =>
      withOwnEngine(
        { startEngine: options.startEngine, signal, died: 'The engine stopped unexpectedly.' },
        work,
      ),
    memories() {
      const { provider, threads } = trainingWay()
      return { ...memories, provider, ...given({ threads: threads ?? undefined }) }
    },
    onChanged: onAdaptersChanged,
  })
  const teaching = createTeaching({
    directory,
    store,
    shelf,
    startEngine: options.startEngine,
    memories,
    chosen: engine.chosen,
    modelDirectory: engine.modelDirectory,
    way: trainingWay,
    activeKey: () => keyOf(chosenModel()),
    forgottenNames: () => settings.forgottenNames(),
    progress,
    onTeachingChanged: () => emit('teachingChanged', {}),
    onTrainingProgress: (told) => emit('trainingProgress', told),
    onProblem,
  })
  const nameOfferer = createNameOfferer({
    store,
    searcher,
    index: meaningIndex,
    space: questions.space,
    foundNames: teaching.foundNames,
  })
  let resuming = resume(stop.signal, true)

  /** Does what a process that was killed, or a call that was cancelled, left to do, as far as no other is at it. */
  async function resume(signal: AbortSignal, isOpening = false): Promise<void> {
    try {
      if (store.hindrance) return
      const left = await captionChanges.resume()
      if (left !== 'none') onEdited()
      if (left === 'planned' && isOpening) onProblem(cutOffBeforeItBegan())
      await longWork.joinLeft(signal)
      await longWork.forgetLeft(signal)
      await settleExportTurns(store.database, { signal })
      await longWork.renewSearch(signal)
    } catch (thrown) {
      const error = toErrorRecord(thrown)
      if (!signal.aborted && error.code !== 'LIBRARY_LOCKED') onProblem(error)
    }
  }

  function resumeNext(): void {
    resuming = resuming.then(() => resume(stop.signal))
  }

  /** Photos are in the queue that were not, or are before others. */
  function askedForWork(): void {
    longWork.captioning.wake()
    longWork.lookAgain()
  }

  /** Of a query, once it is known what its `like:` come to. */
  async function found<T>(query: string, ask: () => T): Promise<T> {
    await likes.resolve(query)
    return ask()
  }

  /** @throws LensloreError as `Select` */
  async function select(selection: Selection | undefined): Promise<SelectedPhotos> {
    if (selection && 'query' in selection) await likes.resolve(selection.query)
    return selectNow(selection)
  }

  /** Tries photos that failed again, before others. @returns how many. */
  async function retry(selected: SelectedPhotos | undefined, signal: AbortSignal): Promise<number> {
    let retried = 0
    const failed = selected
      ? (limit: number) => queue.retryFailed(selected.next(limit))
      : queue.retryAllFailed()
    await inSlices(
      store.database,
      (limit) => {
        const { looked, photoIds } = failed(limit)
        retried += photoIds.length
        onPhotosChanged(photoIds)
        return looked
      },
      { signal },
    )
    askedForWork()
    return retried
  }

  function photoIdAt(path: string): number {
    const photo = photos.byPath(path) ?? photos.byPath(realPathOfFile(path))
    if (photo) return photo.id
    throw new LensloreError('PHOTO_NOT_FOUND', `The library knows no photo ${displayFileName(path)}.`)
  }

  function detailsOf(id: number): PhotoDetails {
    const details = store.details(id)!
    const { contentHash } = details
    const thumbnail = contentHash === null ? null : thumbnailPath(thumbnailDirectory, contentHash)
    const { title, keywords, people, places, creators, copyright, rating, isFavorite } = metadata.joined(id)
    return {
      ...details,
      place: derivedPlaces.ofPhoto(id),
      words: {
        title,
        keywords,
        people,
        places: places.map((place) => place.name),
        creators,
        copyright,
        rating,
        isFavorite,
        sources: [
          ...(details.marks.some(({ isCurrent }) => isCurrent) ? [ownSource] : []),
          ...metadata.sources(id).map(({ kind, name, refused, cut }) => ({
            kind,
            name,
            problem: refused ?? null,
            cut: cut ?? [],
          })),
        ],
      },
      thumbnailPath: thumbnail && existsSync(thumbnail) ? thumbnail : null,
      isCopyKept: contentHash !== null && existsSync(previewPath(previewDirectory, contentHash)),
    }
  }

  async function useModel(choice: ModelChoice): Promise<ModelChoice> {
    await engine.choose(choice)
    takeUpModel()
    return choice
  }

  function trainingWay(): { provider: ProviderName; threads: number | null } {
    const { provider, threads } = settings.preferences()
    return { provider: provider === 'auto' ? 'cpu' : provider, threads }
  }

  function takeUpModel(): void {
    if (engine.isOutdated()) longWork.captioning.reopen()
  }

  /** Shows how far an export is, as far as it can be told before: not every caption is among those chosen. */
  async function exporting<T>(
    phase: 'plan' | 'export',
    { folderIds, sources, selection }: CheckedParamsOf<LibraryCalls['planExport']>,
    signal: AbortSignal,
    work: (requests: Iterable<ExportRequest>, onProgress: (done: number) => void) => Promise<T>,
  ): Promise<T> {
    await joined(signal)
    const selected = selection && (await select(selection))
    const requests = currentCaptions(store.database, {
      contentOf: async (path) => (await readFileOnce(path)).contentHash,
      ...given({ folderIds, sources, nextPhotos: selected?.next }),
    })
    return progress.during(phase, selected?.total ?? queue.counts(null).captioned, ({ onProgress }) =>
      work(requests, onProgress),
    )
  }

  /** A folder that lies in others becomes theirs, and others that lie in it become its own. */
  async function addFolder(path: string, signal: AbortSignal): Promise<AddedFolder> {
    await joined(signal)
    const named = resolve(path)
    const absolute = realPath(named)
    const known =
      folders.byPath(named) ??
      folders.byPath(absolute) ??
      folders.list().find((folder) => realPath(folder.path) === absolute)
    if (known) return { ...known, joined: [] }
    checkIsFolder(absolute)
    // Some may have been removed just now, and are still being forgotten.
    if (
      Object.values(overlapsOf(roots, absolute, null))
        .flat()
        .some(({ id }) => !folders.byId(id))
    ) {
      await longWork.forgetLeft(signal)
    }
    const { above, below } = overlapsOf(roots, absolute, null)
    if (above.length > 0) {
      const [child, parent] = [absolute, above[0]!.path].map(displayFileName)
      throw new LensloreError(
        'FOLDER_OVERLAPS',
        `${child} lies in ${parent}, which the library has: what is in it is taken in with that folder.`,
      )
    }
    const folder = folders.insert(absolute, Date.now(), planJoin(roots, absolute, below))
    longWork.foldersChanged()
    onFoldersChanged()
    await joined(signal)
    return { ...folders.byId(folder.id)!, joined: below.map((each) => each.path) }
  }

  /** Waits until no folder is becoming a part of another: who speaks of that one means all of it. */
  async function joined(signal: AbortSignal): Promise<void> {
    try {
      await longWork.joinLeft(signal)
    } catch (thrown) {
      resumeNext()
      throw thrown
    }
  }

  /** Before it was open once, nobody knows what the chosen one calls itself. */
  function chosenModel(): CaptioningModel | null {
    const opened = settings.opened()
    return isDeepStrictEqual(opened?.choice, engine.chosen()) ? opened : null
  }

  function status(): LibraryStatus {
    const model = chosenModel() ?? longWork.captioning.model() ?? captions.latestModel()
    const modelId = keyOf(model)
    const { toIndex: _toIndex, ...counts } = queue.counts(modelId)
    const session = engine.session()
    return {
      directory,
      ...counts,
      folders: folders.list(),
      unreadable: roots
        .unreadable()
        .map(({ folderPath, directory, code }) => ({ path: join(folderPath, directory), code })),
      modelId,
      engine: session && {
        provider: session.provider,
        threads: session.threads,
        precision: session.precision,
        device: session.device,
      },
      providerTrial: book.read().find((trial) => trial.modelId === model?.modelId) ?? null,
      companions: companions.count(),
      waitingExports: exporter.waiting(),
      straySidecars: sidecarState.strays(shownProblems),
      sidecarProblems: metadata.refused(shownProblems),
      cutWords: metadata.cut(shownProblems),
      captioning: longWork.captioning.state(),
      progress: progress.current(),
    }
  }

  return {
    hindrance: store.hindrance && toErrorRecord(store.hindrance),
    handlers: {
      addFolder: ({ path }, signal) => addFolder(path, signal),
      folders: () => folders.list(),
      async setExcludes({ folderId, globs }, signal) {
        await joined(signal)
        await setExcludes(store.database, folderId, globs, Date.now())
        onFoldersChanged()
        return folders.byId(folderId)!
      },
      async relocateFolder({ folderId, path }, signal) {
        await joined(signal)
        if (!folders.byId(folderId)) throw unknownFolder(folderId)
        await longWork.relocate(folderId, realPath(resolve(path)))
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
      watch: (_, signal) => {
        // Whoever watches a library is there for long.
        teaching.resumeLeft()
        return longWork.watch(signal)
      },
      search: ({ query, ...options }) => found(query, () => searcher.search(query, options)),
      alike: ({ query, limit }) => findAlike(query, limit),
      likePicture: ({ bytes }) => likePicture(bytes),
      photo: ({ photo }) => detailsOf(photos.known(photo).id),
      exposure: ({ photo }) => readExposure(photos.present(photo).path),
      photoAt: ({ path }) => detailsOf(photoIdAt(resolve(path))),
      photos: (asked) => photos.byIds(asked.photos),
      stacks: ({ query, ...page }) => found(query, () => stackLists.page(query, page)),
      stackOf: ({ photo }) => stackLists.ofPhoto(photos.known(photo).id),
      standForStack({ photo, isChosen }) {
        store.stacks.choose(photos.known(photo).id, isChosen, Date.now())
        const stack = stackLists.ofPhoto(photo)
        onPhotosChanged(stack?.photos.map(({ id }) => id) ?? [photo])
        return stack
      },
      exportStacks: ({ query, path, format }, signal) =>
        progress.during('export', 0, async ({ onProgress }) => {
          const { exportStacks } = await import('./copies/export-stacks.ts')
          return found(query, () =>
            exportStacks(stackLists, resolve(path), { query, format, signal, onProgress }),
          )
        }),
      thumbnail: async ({ photo }) => ({
        path: await makeThumbnail({ store, openDecoder: engine.decoder, thumbnailDirectory }, photo),
      }),
      timeline: ({ query }) => found(query, () => searcher.timeline(query)),
      months: ({ query, months }) => found(query, () => searcher.months(query, months)),
      timelinePage: ({ query, ...place }) => found(query, () => searcher.timelinePage(query, place)),
      tiles: (asked) => readTiles(store.database, asked.photos),
      picture: ({ photo }) => shownPictures.fileOf(photo),
      photoFile({ photo }) {
        const { path } = photos.present(photo)
        return { path, companions: companions.namesOf(photo).map((name) => join(dirname(path), name)) }
      },
      placeOf: ({ query, photo }) => found(query, () => searcher.placeOf(query, photo)),
      facets: ({ query }) => found(query, () => searcher.facets(query)),
      subfolders: ({ query, folderId, below }) =>
        found(query, () => searcher.subfolders(query, folderId, below)),
      async suggest({ query, limit }) {
        for (const each of queriesBefore(query)) await likes.resolve(each)
        return found(query, () => searcher.suggest(query, limit))
      },
      setMarks: async ({ selection, change }, signal) => ({
        photos: await edits.mark(await select(selection), change, signal),
      }),
      setCaption: async (edit, signal) => (await edits.set([edit], signal))[0]!,
      setCaptions: (asked, signal) => edits.set(asked.edits, signal),
      readings: ({ photo }) => questions.readings(photo),
      attention: ({ photo, text }) => questions.attention(photo, text ?? null),
      undoCaption: ({ photo }) => edits.undo(photo),
      redoCaption: ({ photo }) => edits.redo(photo),
      undoEdit: (_, signal) => edits.undoEdit(signal),
      redoEdit: (_, signal) => edits.redoEdit(signal),
      lastEdit: () => edits.last(),
      stopChange() {
        captionChanges.turnRound()
        return null
      },
      replaceInCaptions: async ({ preview, selection, ...replacement }, signal) =>
        edits.replace(preview, replacement, selection && (await select(selection)), signal),
      captionNone: async ({ selection }, signal) => ({
        photos: await edits.setAll(await select(selection), '', signal),
      }),
      captionSelection: async ({ selection, text }, signal) => ({
        photos: await edits.setAll(await select(selection), text, signal),
      }),
      regenerate: async ({ selection }, signal) => ({
        photos: await edits.regenerate(await select(selection), signal),
      }),
      withdrawWords: async ({ source, selection }, signal) => ({
        photos: await edits.withdraw(source, await select(selection), signal),
      }),
      retry: async ({ selection }, signal) => ({
        photos: await retry(selection && (await select(selection)), signal),
      }),
      planExport: (chosen, signal) =>
        exporting('plan', chosen, signal, (requests, onProgress) =>
          summariseExport(requests, { signal, onProgress }),
        ),
      exportCaptions: (chosen, signal) =>
        exporting('export', chosen, signal, (requests, onProgress) =>
          exportCaptions(store.database, requests, { signal, onProgress }),
        ),
      async undoExport(_, signal) {
        // What is being written out is to be taken back too.
        await exporter.idle()
        const undone = await progress.during('undo', 0, ({ onProgress }) =>
          undoLastExport(store.database, { signal, onProgress }),
        )
        return undone ?? null
      },
      async setExportsAlways({ folderId, always }, signal) {
        await joined(signal)
        if (!folders.byId(folderId)) throw unknownFolder(folderId)
        await setExportsAlways(store.database, folderId, always, { signal }).catch((thrown: unknown) => {
          resumeNext()
          throw thrown
        })
        const written = await progress.during(
          'export',
          always ? folders.byId(folderId)!.photos : 0,
          ({ onProgress }) => exporter.write({ signal, onProgress }),
        )
        return written ?? null
      },
      async embedCaption({ photo }) {
        await embedCurrentCaption(store, thumbnailDirectory, photos.known(photo).id)
        onPhotosChanged([photo])
        return null
      },
      exportTable: ({ path, format }, signal) =>
        progress.during('export', queue.counts(null).captioned, async ({ onProgress }) => {
          const { exportTable } = await import('./metadata/export-table.ts')
          return exportTable(store.database, resolve(path), { format, signal, onProgress })
        }),
      planTableImport: ({ path, format, as }, signal) =>
        progress.during('plan', 0, async ({ onProgress }) => {
          const { planImport } = await import('./metadata/import-table.ts')
          return planImport(importTarget, resolve(path), { format, as, signal, onProgress })
        }),
      importTable: ({ path, format, as }, signal) =>
        progress.during('import', 0, async ({ onProgress }) => {
          const { importTable } = await import('./metadata/import-table.ts')
          return importTable(importTarget, resolve(path), { format, as, signal, onProgress })
        }),
      pauseCaptioning() {
        wishes.setPaused(true)
        return null
      },
      resumeCaptioning() {
        wishes.setPaused(false)
        return null
      },
      preferences: () => wishes.preferences(),
      setPreferences: (change) => wishes.setPreferences(change),
      setMachine(machine) {
        wishes.setMachine(machine)
        return null
      },
      savedSearches: () => savedSearches.list(),
      saveSearch: ({ name, query }) => {
        const saved = savedSearches.save(name, query)
        emit('savedSearchesChanged', {})
        return saved
      },
      removeSavedSearch({ id }) {
        savedSearches.remove(id)
        emit('savedSearchesChanged', {})
        return null
      },
      async models() {
        return { models: await listModels(options.dataDirectory), chosen: engine.chosen() }
      },
      useModel: ({ name }) => useModel({ model: name, adapterPath: null, adapterId: null }),
      useModelFiles: (files) => useModel({ ...files, adapterId: null }),
      teaching: () => teaching.state(),
      labels: ({ before = Number.MAX_SAFE_INTEGER, limit }) => ({
        labels: store.labels.newest(before, limit),
      }),
      worthLabelling: ({ limit }) => ({ photos: teaching.worthLabelling(limit) }),
      foundNames: () => ({ names: teaching.foundNames() }),
      givenNames: () => ({ names: nameOfferer.names() }),
      nameOffers: ({ name, limit }, signal) => nameOfferer.offers(name, limit, signal),
      async acceptOffers({ name, photos: accepted, kind }, signal) {
        const known = accepted.map((photo) => photos.known(photo).id)
        const isPerson = kind ? kind === 'person' : store.labels.people([name]).has(name)
        store.refusals.allow(name, known)
        const change = isPerson ? { addPeople: [name] } : { addKeywords: [name] }
        return { photos: await edits.mark(await select({ photos: known }), change, signal) }
      },
      refuseOffers({ name, photos: asked, isRefused }) {
        const known = asked.map((photo) => photos.known(photo).id)
        const changed = isRefused
          ? store.refusals.refuse(name, known, Date.now())
          : store.refusals.allow(name, known)
        emit('teachingChanged', {})
        return { photos: changed }
      },
      async forgetName({ name }, signal) {
        settings.setForgottenNames([...new Set([...settings.forgottenNames(), name])])
        onAdaptersChanged()
        return shelf.forget(name, signal)
      },
      confirmCaption: ({ photo }) => edits.confirm(photo),
      startTraining(wish) {
        const asked = new Set(wish.names.map(({ text }) => text))
        const forgotten = settings.forgottenNames()
        if (forgotten.some((name) => asked.has(name))) {
          settings.setForgottenNames(forgotten.filter((name) => !asked.has(name)))
          onAdaptersChanged()
        }
        return teaching.start(wish)
      },
      cancelTraining: () => teaching.cancel(),
      acceptTraining: ({ training, name, anyway }, signal) => teaching.accept(training, name, anyway, signal),
      discardTraining: ({ training }) => teaching.discard(training),
      heldOut: ({ training, offset, limit }) => teaching.heldOut(training, offset, limit),
      adapters: () => shelf.list(),
      describeAdapter: ({ adapter, ...texts }) => shelf.describe(adapter, given(texts)),
      activateAdapter: ({ adapter, anyway }, signal) => shelf.activate(adapter, anyway, signal),
      rollBackAdapter: () => shelf.rollBack(),
      discardAdapter: ({ adapter }) => shelf.discard(adapter),
      measureAdapter: ({ adapter, against }, signal) => shelf.measure(adapter, against, signal),
      adapterChanges: ({ limit }) => ({ changes: shelf.changes(limit) }),
      learnedNames: () => shelf.names(),
      exportAdapter: ({ adapter, path }, signal) => shelf.exportTo(adapter, resolve(path), signal),
      importAdapter: ({ path }, signal) => shelf.importFrom(resolve(path), signal),
      contract: async () => {
        // Some 20 ms of the thread that answers searches, and every window asks.
        hashOfContract ??= contractHash(libraryCalls, options.version)
        return { hash: await hashOfContract }
      },
      status,
      workers: () => options.otherMachines?.status() ?? null,
      checkDatabase: (_, signal) =>
        progress.during('check', 0, () => checkInThread(store.database.file, signal)),
      backUp: (_, signal) =>
        progress.during('backup', statSync(store.database.file).size, ({ onProgress }) =>
          backUpInThread(store.database.file, 'asked', { signal, onProgress }),
        ),
      rebuildSearch: (_, signal) => longWork.rebuildSearch(signal),
    },
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      stop.abort()
      clearTimeout(lookingForRest)
      stopWatchingOthers()
      closeEngine()
      await options.otherMachines?.close()
      photoChanges.end()
      await teaching.close()
      await resuming
      await captionChanges.close()
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
export async function restoreBackup(
  directory: string,
  options: RestoreOptions = {},
): Promise<RestoredBackup> {
  const restored = restoreDatabase(directory, options)
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

function cutOffBeforeItBegan(): ErrorRecord {
  const message =
    'The library’s process ended before a change of many photos began: none of them was changed.'
  return toErrorRecord(new LensloreError('CHANNEL_CLOSED', message))
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
