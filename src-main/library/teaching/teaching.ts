import { readdirSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ErrorRecord, LensloreError, toErrorRecord } from '../../contract/errors.ts'
import type { LibraryCalls } from '../../contract/library-calls.ts'
import { findNames } from '../../contract/names.ts'
import type { ProviderName } from '../../contract/providers.ts'
import type { ModelChoice } from '../../contract/rooms/models.ts'
import type { HeldOut, LossPoint, NameInLabels, Teaching, Training } from '../../contract/rooms/teaching.ts'
import type { CheckedParamsOf } from '../../contract/rpc.ts'
import {
  planFileName,
  type TrainingOutcome,
  type TrainingPlan,
  type TrainingProgress,
} from '../../contract/training.ts'
import type { ProgressMeter, WorkUnderWay } from '../queue/progress.ts'
import type { StartEngine } from '../queue/start-engine.ts'
import type { FileLock } from '../store/database.ts'
import { lockForTraining } from '../store/lock.ts'
import type { Store } from '../store/store.ts'
import type { StoredTraining } from '../store/trainings.ts'
import { type AdapterShelf, heldOutOf } from './adapter-shelf.ts'
import { createChance } from './chance.ts'
import { type MemoryPlace, planTraining } from './plan-training.ts'
import { fewestGroups } from './split.ts'
import { runTraining } from './training-run.ts'
import { chooseWorthLabelling } from './worth-labelling.ts'

/** Of a chart; more are thinned out. */
const mostPoints = 400
/** To find names in: captions of the person, and of the model. */
const labelsRead = 2000
const spokenRead = 1000
/** Photos that are looked at to find those most worth a label. */
const candidatesLookedAt = 1000

export type TrainingWish = CheckedParamsOf<LibraryCalls['startTraining']>

export interface TeachingOptions {
  /** The library's own. */
  directory: string
  store: Store
  shelf: AdapterShelf
  startEngine: StartEngine
  memories: MemoryPlace
  chosen(): ModelChoice
  /** @throws LensloreError `MODEL_NOT_FOUND` */
  modelDirectory(): Promise<string>
  /** How the engine is to compute. */
  way(): { provider: ProviderName; threads: number | null }
  /** Of the model and adapter that caption, where that is known. */
  activeKey(): string | null
  forgottenNames(): string[]
  progress: ProgressMeter
  onTeachingChanged(): void
  onTrainingProgress(told: { training: number; progress: NonNullable<Training['progress']> }): void
  onProblem(problem: ErrorRecord): void
}

/** What a person teaches the model, and the training under way. */
export interface TeachingRoom {
  state(): Teaching
  worthLabelling(limit: number): number[]
  foundNames(): NameInLabels[]
  /** What labels call by a name, and what adapters learned to call so. */
  taughtNames(): Pick<NameInLabels, 'text' | 'isPerson'>[]
  /** Another one where `taughtNames` may have changed. */
  namesVersion(): string
  /** @throws LensloreError as `startTraining` */
  start(wish: TrainingWish): Promise<Training>
  /** Goes on with a training that was cut off, unless another process is at one. */
  resumeLeft(): void
  cancel(): Training | null
  /** @throws LensloreError as `acceptTraining` */
  accept(id: number, name: string, anyway: boolean, signal: AbortSignal): Promise<Training>
  /** @throws LensloreError as `discardTraining` */
  discard(id: number): Training
  heldOut(id: number, offset: number, limit: number): { total: number; photos: HeldOut[] }
  /** Somebody wrote into the library: a training under way here may have been cancelled. */
  lookAgain(): void
  close(): Promise<void>
}

/** A training in this process. */
interface Running {
  id: number
  stop: AbortController
  progress: Training['progress']
  losses: LossPoint[]
  heldOutLosses: LossPoint[]
  shown: WorkUnderWay | undefined
  finished: Promise<void>
}

export function createTeaching(options: TeachingOptions): TeachingRoom {
  const { directory, store, shelf, startEngine, memories, progress, onTeachingChanged } = options
  const { labels, trainings } = store
  const runs = join(directory, 'teaching')
  let running: Running | undefined
  let isClosed = false

  const directoryOf = (id: number) => join(runs, String(id))

  function shown(training: StoredTraining): Training {
    const { id, state, startedMs, endedMs, resumes, replayed, adapterId, error, outcome } = training
    const mine = running?.id === id ? running : undefined
    return {
      id,
      state,
      startedMs,
      endedMs,
      resumes,
      labels: training.labels,
      replayed,
      progress: mine?.progress ?? null,
      losses: mine?.losses ?? lossesOf(outcome),
      heldOutLosses: mine?.heldOutLosses ?? heldOutLossesOf(outcome),
      outcome: outcome && verdictOf(outcome),
      adapterId,
      error,
    }
  }

  const known = (id: number) => shown(trainings.byId(id)!)

  function begin(training: StoredTraining, lock: FileLock): void {
    const stop = new AbortController()
    const mine: Running = {
      id: training.id,
      stop,
      progress: null,
      losses: [],
      heldOutLosses: [],
      shown: undefined,
      finished: Promise.resolve(),
    }
    running = mine
    mine.finished = run(training, mine)
      .catch((thrown: unknown) => options.onProblem(toErrorRecord(thrown)))
      .finally(() => {
        mine.shown?.end()
        running = undefined
        lock.release()
        if (!isClosed) onTeachingChanged()
      })
  }

  async function run(training: StoredTraining, mine: Running): Promise<void> {
    const { id } = training
    const { signal } = mine.stop
    const runDirectory = directoryOf(id)
    try {
      removeLeft(id)
      const modelDirectory = await options.modelDirectory()
      const finished = await runTraining({
        startEngine,
        modelDirectory,
        runDirectory,
        resumes: training.resumes,
        signal,
        plan() {
          const { adapterId, adapterPath } = options.chosen()
          const planned = planTraining({
            store,
            model: { modelDirectory, adapterPath: adapterPath ?? shelf.pathOf(adapterId), ...options.way() },
            memories,
            startKey: options.activeKey(),
            asked: JSON.parse(training.asked) as TrainingWish,
          })
          trainings.setPlan(id, { ...planned, parent: adapterId })
          onTeachingChanged()
          return planned.plan
        },
        onProgress: (told) => show(mine, told),
        onResume() {
          trainings.countResume(id)
          onTeachingChanged()
        },
      })
      const parent = trainings.byId(id)!.parent
      const learned = await learnedIn(runDirectory)
      const adapterId = await shelf.takeTrained(finished, { parent, learned }, signal)
      const { outcome } = finished
      if (!trainings.end(id, { state: 'finished', outcome, adapterId }, Date.now()))
        discardProposed(adapterId)
    } catch (thrown) {
      // It goes on with the library.
      if (isClosed) return
      const error = toErrorRecord(thrown)
      const end = signal.aborted ? { state: 'cancelled' as const } : { state: 'failed' as const, error }
      trainings.end(id, end, Date.now())
    }
    rmSync(runDirectory, { recursive: true, force: true })
  }

  /** Of trainings that ended while their process did. */
  function removeLeft(except: number): void {
    for (const name of readDirectory(runs)) {
      if (name !== String(except)) rmSync(join(runs, name), { recursive: true, force: true })
    }
  }

  function show(
    mine: Running,
    told: Pick<TrainingProgress, 'phase' | 'done' | 'total'> & Partial<TrainingProgress>,
  ): void {
    const { runDirectory: _place, ...rest } = told
    const work = workOf(told.phase)
    if (mine.progress === null || workOf(mine.progress.phase) !== work) {
      mine.shown?.end()
      mine.shown = progress.begin(work === 'train' ? 'teach' : 'prepare', told.total)
    }
    mine.shown!.setTotal(told.total)
    mine.shown!.reach(told.done)
    mine.progress = { ...unknownYet, ...rest }
    const { training, loss, heldOutLoss, done: step } = mine.progress
    if (told.phase === 'train' && loss !== null) addPoint(mine.losses, { training, step, loss })
    if (told.phase === 'train' && heldOutLoss !== null && heldOutLoss !== mine.heldOutLosses.at(-1)?.loss) {
      addPoint(mine.heldOutLosses, { training, step, loss: heldOutLoss })
    }
    options.onTrainingProgress({ training: mine.id, progress: mine.progress })
  }

  function discardProposed(adapterId: string | null): void {
    if (adapterId !== null && store.adapters.byId(adapterId)?.state === 'proposed') shelf.discard(adapterId)
  }

  /** @throws LensloreError `INVALID_ARGUMENT` */
  function finishedOne(id: number): StoredTraining & { adapterId: string; outcome: TrainingOutcome } {
    const training = trainings.byId(id)
    if (training?.state !== 'finished' || !training.adapterId || !training.outcome) {
      throw new LensloreError('INVALID_ARGUMENT', `There is no training ${id} that waits to be accepted.`)
    }
    return { ...training, adapterId: training.adapterId, outcome: training.outcome }
  }

  function settle(id: number, state: 'accepted' | 'discarded'): Training {
    trainings.settle(id, state)
    onTeachingChanged()
    return known(id)
  }

  function foundNames(): NameInLabels[] {
    const texts = labels.newest(Number.MAX_SAFE_INTEGER, labelsRead).map(({ text }) => text)
    const spoken = labels.sample(spokenRead, createChance('spoken')).map(({ text }) => text)
    const forgotten = new Set(options.forgottenNames())
    const learned = new Map(shelf.names().map(({ name, adapters }) => [name, adapters]))
    const found = findNames(texts, spoken, [...learned.keys(), ...forgotten])
    const people = labels.people(found.map(({ text }) => text))
    return found.map(({ text, captions, isCertain }) => ({
      text,
      photos: captions.length,
      isCertain,
      isPerson: people.has(text),
      isForgotten: forgotten.has(text),
      adapters: learned.get(text) ?? [],
    }))
  }

  function resume(training: StoredTraining): void {
    begin(training, lockForTraining(directory))
    onTeachingChanged()
  }

  return {
    state() {
      const last = trainings.last()
      return { labels: labels.counts(), fewest: fewestGroups, training: last && shown(last) }
    },

    worthLabelling(limit) {
      const candidates = labels.sample(candidatesLookedAt, createChance(labels.counts().own))
      return chooseWorthLabelling(candidates, limit).map(({ photoId }) => photoId)
    },

    foundNames,

    taughtNames() {
      const found = foundNames()
      const learned = shelf.names().map(({ name }) => name)
      const others = [...new Set(learned).difference(new Set(found.map(({ text }) => text)))]
      const people = labels.people(others)
      return [...found, ...others.map((text) => ({ text, isPerson: people.has(text) }))]
    },

    namesVersion: () =>
      JSON.stringify([labels.version(), options.forgottenNames(), shelf.names().map(({ name }) => name)]),

    async start(wish) {
      // One that was cancelled ends with its step; what is wished for now is another.
      while (running?.stop.signal.aborted) await running.finished
      if (isClosed) throw new LensloreError('CANCELLED', 'The library was closed before a training began.')
      if (running) return known(running.id)
      const left = trainings.running()
      if (left) {
        resume(left)
        return known(left.id)
      }
      const counts = labels.counts()
      if (['own' as const, ...wish.also].every((kind) => counts[kind] === 0)) {
        throw new LensloreError(
          'INVALID_ARGUMENT',
          'There is nothing to learn from yet: correct or confirm captions of some photos first.',
        )
      }
      const lock = lockForTraining(directory)
      const training = trainings.begin(JSON.stringify(wish), Date.now())
      begin(training, lock)
      onTeachingChanged()
      return known(training.id)
    },

    resumeLeft() {
      const left = trainings.running()
      if (!left || running || isClosed) return
      try {
        resume(left)
      } catch (thrown) {
        if (toErrorRecord(thrown).code !== 'LIBRARY_LOCKED') throw thrown
      }
    },

    cancel() {
      const under = trainings.running()
      if (!under) return null
      trainings.end(under.id, { state: 'cancelled' }, Date.now())
      if (running?.id === under.id) running.stop.abort()
      onTeachingChanged()
      return known(under.id)
    },

    async accept(id, name, anyway, signal) {
      const { adapterId, outcome } = finishedOne(id)
      if (outcome.verdict === 'not-better' && !anyway) {
        throw new LensloreError(
          'INVALID_ARGUMENT',
          'What was learned is not better on the photos that were held out: the adapter of before is kept.',
        )
      }
      await shelf.accept(adapterId, signal)
      if (name !== '') shelf.describe(adapterId, { name })
      return settle(id, 'accepted')
    },

    discard(id) {
      discardProposed(finishedOne(id).adapterId)
      return settle(id, 'discarded')
    },

    heldOut(id, offset, limit) {
      const photos = trainings.byId(id)?.outcome?.photos ?? []
      return { total: photos.length, photos: heldOutOf(labels, photos.slice(offset, offset + limit)) }
    },

    lookAgain() {
      if (running && trainings.byId(running.id)?.state !== 'running') running.stop.abort()
    },

    async close() {
      isClosed = true
      running?.stop.abort()
      await running?.finished
    },
  }
}

const unknownYet = {
  training: 1,
  trainings: 1,
  loss: null,
  heldOutLoss: null,
  perSecond: 0,
  remainingMs: null,
}

/** Photos are tested on between steps, and steps alone are counted then. */
function workOf(phase: TrainingProgress['phase']): TrainingProgress['phase'] {
  return phase === 'evaluate' ? 'train' : phase
}

/** Every other one goes where there are too many. */
function addPoint(points: LossPoint[], point: LossPoint): void {
  points.push(point)
  if (points.length < 2 * mostPoints) return
  const kept = points.filter((_, index) => index % 2 === 0 || index === points.length - 1)
  points.splice(0, points.length, ...kept)
}

function lossesOf(outcome: TrainingOutcome | null): LossPoint[] {
  const points: LossPoint[] = []
  for (const [step, loss] of (outcome?.losses ?? []).entries())
    addPoint(points, { training: 1, step: step + 1, loss })
  return points
}

function heldOutLossesOf(outcome: TrainingOutcome | null): LossPoint[] {
  return (outcome?.heldOutLosses ?? []).map((point) => ({ training: 1, ...point }))
}

function verdictOf({
  photos: _photos,
  losses: _losses,
  heldOutLosses: _heldOut,
  version: _version,
  labels: _labels,
  replayed: _replayed,
  unreadable,
  ...verdict
}: TrainingOutcome): NonNullable<Training['outcome']> {
  return { ...verdict, unreadable: unreadable.length }
}

/** Contents whose labels were in the plan. */
async function learnedIn(runDirectory: string): Promise<string[]> {
  const plan = JSON.parse(await readFile(join(runDirectory, planFileName), 'utf8')) as TrainingPlan
  return plan.examples.filter(({ kind }) => kind === 'label').map(({ contentHash }) => contentHash)
}

function readDirectory(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
