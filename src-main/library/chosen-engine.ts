import { existsSync } from 'node:fs'
import type { EngineInfo } from '../contract/engine-calls.ts'
import { type ErrorRecord, LensloreError } from '../contract/errors.ts'
import { displayFileName } from '../contract/file-name.ts'
import type { Preferences } from '../contract/records.ts'
import type { ModelChoice } from '../contract/rooms/models.ts'
import { defaultModelName, findModel, formDirectoryIn } from './models/models.ts'
import type { PictureDecoder, TextReader } from './queue/caption-engine.ts'
import { type SupervisedEngine, superviseEngine } from './queue/engine-supervisor.ts'
import type { ProgressMeter, WorkUnderWay } from './queue/progress.ts'
import type { StartEngine } from './queue/start-engine.ts'
import type { TrialBook } from './queue/trial-book.ts'
import type { Settings } from './store/settings.ts'

export interface ChosenEngineOptions {
  /** For as long as this library is open; else what the library says. */
  model: string | undefined
  settings: Settings
  dataDirectory: string
  /** Where the file of one of the library's adapters is. */
  adapterFile(adapterId: string): string
  startEngine: StartEngine
  book: TrialBook
  progress: ProgressMeter
  onProblem(problem: ErrorRecord): void
}

/** The one engine of a library, with the model that its person chose. */
export interface ChosenEngine {
  /**
   * The engine that runs, or another one.
   * @throws LensloreError `MODEL_NOT_FOUND`, `MODEL_INCOMPLETE` where its adapter is gone, and what the engine says of the model
   */
  open(): Promise<{ engine: SupervisedEngine; info: EngineInfo }>
  /**
   * What decodes and reads texts, for which no model is opened.
   * @throws LensloreError `MODEL_NOT_FOUND`
   */
  decoder(): Promise<PictureDecoder & TextReader>
  close(): void
  /** What the model runs on at present; null while none is open. */
  session(): EngineInfo | null
  chosen(): ModelChoice
  /** The file of the chosen adapter; null for the model's own, if it has one. */
  adapterPath(): string | null
  /** Of the chosen model. @throws LensloreError `MODEL_NOT_FOUND` */
  modelDirectory(): Promise<string>
  /**
   * Chooses a model for this library, now and later. The engine that runs is another's until it is closed.
   * @throws LensloreError `MODEL_NOT_FOUND`; then nothing has changed.
   */
  choose(choice: ModelChoice): Promise<void>
  /** Whether an engine runs that is not the chosen one, or not as chosen: another process may have chosen, too. */
  isOutdated(): boolean
}

interface Running {
  engine: SupervisedEngine
  /** As `how` tells it. */
  how: string
}

export function createChosenEngine(options: ChosenEngineOptions): ChosenEngine {
  const { settings, dataDirectory, adapterFile, startEngine, book, progress, onProblem } = options
  let asked = options.model
  let running: Running | undefined

  function chosen(): ModelChoice {
    if (asked !== undefined) return { model: asked, adapterPath: null, adapterId: null }
    return settings.model() ?? { model: defaultModelName, adapterPath: null, adapterId: null }
  }

  /** All that an engine is opened with. */
  function how(): Omit<ModelChoice, 'adapterId'> &
    Pick<Preferences, 'provider' | 'precision' | 'threads' | 'memoryMb'> {
    const { model, adapterPath, adapterId } = chosen()
    const { provider, precision, threads, memoryMb } = settings.preferences()
    const ownFile = adapterId === null ? adapterPath : adapterFile(adapterId)
    return { model, adapterPath: ownFile, provider, precision, threads, memoryMb }
  }

  let trial: WorkUnderWay | undefined

  function onTrial(state: { done: number; total: number } | null): void {
    if (state) {
      trial ??= progress.begin('trial', state.total)
      trial.reach(state.done)
      return
    }
    trial?.end()
    trial = undefined
  }

  function close(): void {
    running?.engine.close()
    running = undefined
  }

  async function start(): Promise<Running> {
    const mine = how()
    const { model, adapterPath, provider, precision, threads, memoryMb } = mine
    const modelDirectory = await findModel(model, dataDirectory)
    running ??= {
      engine: superviseEngine(
        startEngine,
        {
          modelDirectory,
          adapterPath,
          provider,
          precision,
          formDirectory: formDirectoryIn(dataDirectory),
          threads: threads ?? undefined,
        },
        { book, onTrial, onProblem, mostMemoryBytes: memoryMb === null ? null : memoryMb * 2 ** 20 },
      ),
      how: JSON.stringify(mine),
    }
    return running
  }

  return {
    async open() {
      const { adapterPath } = how()
      if (adapterPath !== null && !existsSync(adapterPath)) throw goneAdapter(adapterPath)
      const mine = await start()
      try {
        return { engine: mine.engine, info: await progress.during('open', 0, () => mine.engine.info()) }
      } catch (thrown) {
        mine.engine.close()
        if (running === mine) running = undefined
        throw thrown
      }
    },
    decoder: async () => (await start()).engine,
    close,
    session: () => running?.engine.session() ?? null,
    chosen,
    adapterPath: () => how().adapterPath,
    modelDirectory: () => findModel(chosen().model, dataDirectory),
    async choose(choice) {
      await findModel(choice.model, dataDirectory)
      settings.setModel(choice)
      asked = undefined
    },
    isOutdated: () => running !== undefined && running.how !== JSON.stringify(how()),
  }
}

function goneAdapter(path: string): LensloreError {
  return new LensloreError(
    'MODEL_INCOMPLETE',
    `The adapter that captions this library has lost its file, ${displayFileName(path)}: put it back, or choose another one.`,
  )
}
