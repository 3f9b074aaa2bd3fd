import { LensloreError, toErrorRecord } from '../../contract/errors.ts'
import {
  chooseFastest,
  isSameTrial,
  isSameWay,
  type ProviderAttempt,
  type ProviderTrial,
  type Way,
} from '../../contract/providers.ts'
import { type OwnEngine, withOwnEngine } from './own-engine.ts'
import type { StartEngine } from './start-engine.ts'
import type { TrialBook } from './trial-book.ts'

export interface TrialOptions {
  startEngine: StartEngine
  modelDirectory: string
  adapterPath?: string | null
  /** As of the engine's call. */
  formDirectory?: string | null
  book: TrialBook
  /** Runs `work` while nothing else of this program keeps the machine busy. */
  whileIdle?<T>(work: () => Promise<T>): Promise<T>
  /** Measures also what is known already, and tries again what died. */
  anew?: boolean
  deadlines?: Deadlines
  /** Gets how many of so many ways were tried. */
  onProgress?(done: number, total: number): void
  signal: AbortSignal
}

interface Deadlines {
  openMs: number
  runMs: number
}

/** A driver that compiles for the first time may take this long; one that takes longer hangs. */
const usualDeadlines: Deadlines = { openMs: 60_000, runMs: 30_000 }

/**
 * Tries every way to run a model on this device, each in an engine process of its own, and keeps the fastest whose captions
 * are the processor's. Written down before each attempt is what it tries: what killed the process, or the machine, is
 * not tried again, but for the processor.
 * @throws LensloreError `CANCELLED` through the signal, with nothing left in the book of what was under way;
 * `MODEL_NOT_FOUND` and the like
 */
export async function tryProviders(options: TrialOptions): Promise<ProviderTrial> {
  const { modelDirectory, adapterPath = null, formDirectory = null, book, signal, anew = false } = options
  const { whileIdle = (work) => work(), deadlines = usualDeadlines, onProgress } = options
  const plan = await withEngine(options, (engine) => engine.planTrial({ modelDirectory, adapterPath }))
  const known = anew ? undefined : book.read().find((trial) => isSameTrial(trial, plan))
  const attempts = (known?.attempts ?? []).map(asLeftBehind)
  const trial: ProviderTrial = {
    modelId: plan.modelId,
    device: plan.device,
    attempts,
    chosen: null,
    finishedMs: null,
  }

  let expected: string[] | undefined
  for (const [at, { refusal, ...candidate }] of plan.candidates.entries()) {
    onProgress?.(at, plan.candidates.length)
    const before = attempts.findIndex((each) => isSameWay(each, candidate))
    if (before >= 0 && attempts[before]!.state === 'died') continue
    if (before >= 0) attempts.splice(before, 1)
    const attempt: ProviderAttempt = { ...candidate, state: 'trying', message: null, openMs: null, rates: [] }
    attempts.push(attempt)
    if (refusal !== null) {
      Object.assign(attempt, { state: 'unproven', message: refusal })
      continue
    }
    book.write(trial)
    try {
      await withEngine(options, async (engine, setDeadline) => {
        setDeadline(deadlines.openMs)
        const { openMs, captions } = await engine.openAttempt({
          modelDirectory,
          adapterPath,
          formDirectory,
          ...candidate,
        })
        setDeadline(null)
        attempt.openMs = openMs
        if (candidate.provider === 'cpu' && candidate.precision === 'fp32') expected ??= captions
        attempt.message = disagreement(candidate, captions, expected)
        if (attempt.message !== null) {
          attempt.state = 'disagrees'
          return
        }
        attempt.rates = await whileIdle(() => {
          setDeadline(deadlines.runMs)
          return engine.runAttempt({})
        })
        attempt.state = 'measured'
      })
    } catch (thrown) {
      if (signal.aborted) {
        attempts.splice(attempts.indexOf(attempt), 1)
        book.write(trial)
        throw new LensloreError('CANCELLED', 'The trial was stopped.', { cause: thrown })
      }
      const { code, message } = toErrorRecord(thrown)
      attempt.state = code === 'ENGINE_DIED' ? 'died' : 'unavailable'
      attempt.message = message
    }
  }
  trial.chosen = chooseFastest(attempts)
  trial.finishedMs = Date.now()
  book.write(trial)
  return trial
}

/**
 * Of fewer bits, captions may be others: how good they are was measured beforehand. But where none of them is the processor's,
 * something is broken.
 * @param expected of the processor in fp32
 * @returns a sentence, or null where they agree
 */
function disagreement(
  { provider, precision }: Way,
  captions: readonly string[],
  expected: readonly string[] | undefined,
): string | null {
  const equal = captions.filter((caption, picture) => caption === expected?.[picture]).length
  if (equal === captions.length || (precision !== 'fp32' && equal > 0)) return null
  if (precision === 'fp32') return `${provider} writes other captions than the processor.`
  return `In ${precision}, ${provider} writes nothing that the processor writes.`
}

/** It is ended by a deadline, too, while one is set. */
async function withEngine<T>(
  { startEngine, signal }: TrialOptions,
  work: (engine: OwnEngine, setDeadline: (afterMs: number | null) => void) => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const died = 'The engine stopped while it tried this.'
  return withOwnEngine({ startEngine, signal, died }, (engine, end) =>
    work(engine, (afterMs) => {
      clearTimeout(timer)
      if (afterMs === null) return
      timer = setTimeout(() => end(`It did not answer within ${afterMs / 1000} s.`), afterMs)
    }),
  ).finally(() => clearTimeout(timer))
}

/** What was being tried when the program ended may have ended it; the processor is not suspected. */
function asLeftBehind(attempt: ProviderAttempt): ProviderAttempt {
  if (attempt.state !== 'trying' || attempt.provider === 'cpu') return attempt
  return { ...attempt, state: 'died', message: 'The program ended while it tried this.' }
}
