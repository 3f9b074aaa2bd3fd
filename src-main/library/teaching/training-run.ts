import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AdapterDescription } from '../../contract/adapters.ts'
import { LensloreError, toErrorRecord } from '../../contract/errors.ts'
import {
  planFileName,
  type TrainingOutcome,
  type TrainingPlan,
  type TrainingProgress,
  trainedAdapterFileName,
} from '../../contract/training.ts'
import { withOwnEngine } from '../queue/own-engine.ts'
import type { StartEngine } from '../queue/start-engine.ts'

/** It goes on so often after its engine died. */
export const mostResumes = 3
/** An engine that gives no sign for so long hangs, and is ended like one that died. */
const hangsAfterMs = 300_000

export interface TrainingRunOptions {
  startEngine: StartEngine
  modelDirectory: string
  runDirectory: string
  /** How often it was resumed before. */
  resumes: number
  /** Makes the plan; not asked where it lies there already. */
  plan(): TrainingPlan
  onProgress(progress: TrainingProgress): void
  /** Told before it goes on once more. */
  onResume(): void
  signal: AbortSignal
}

export interface FinishedTraining {
  outcome: TrainingOutcome
  adapter: AdapterDescription
  adapterPath: string
}

/**
 * Trains an adapter in an engine process that is there for that alone, and goes on when that dies, from the files in its directory.
 * @throws LensloreError `ENGINE_DIED` after too many deaths; `CANCELLED` through the signal: then it can go on later; what the
 * engine says of the plan or the model
 */
export async function runTraining(options: TrainingRunOptions): Promise<FinishedTraining> {
  const { signal, onResume } = options
  for (let resumes = options.resumes; ; resumes++) {
    try {
      return await trainOnce(options)
    } catch (thrown) {
      if (signal.aborted) {
        throw new LensloreError('CANCELLED', 'The training was stopped.', { cause: thrown })
      }
      const { code, message } = toErrorRecord(thrown)
      if (code !== 'ENGINE_DIED') throw thrown
      if (resumes >= mostResumes) {
        throw new LensloreError(
          'ENGINE_DIED',
          `The training was given up, for its engine stopped ${mostResumes + 1} times. ${message}`,
          { cause: thrown },
        )
      }
      onResume()
    }
  }
}

async function trainOnce(options: TrainingRunOptions): Promise<FinishedTraining> {
  const { startEngine, modelDirectory, runDirectory, signal, plan, onProgress } = options
  const patiently = () =>
    startEngine().catch((cause: unknown) => {
      throw new LensloreError('ENGINE_DIED', `No engine can be started: ${toErrorRecord(cause).message}`, {
        cause,
      })
    })
  const died = 'It ended by itself, as happens where memory is short.'
  return withOwnEngine({ startEngine: patiently, signal, died }, async (engine, end) => {
    let hangTimer: NodeJS.Timeout | undefined
    const showSign = () => {
      clearTimeout(hangTimer)
      hangTimer = setTimeout(() => end('It gave no sign of life for five minutes.'), hangsAfterMs)
    }
    showSign()
    engine.on('trainingProgress', (told) => {
      showSign()
      onProgress(told)
    })
    try {
      const planPath = join(runDirectory, planFileName)
      if (!existsSync(planPath)) await writePlan(planPath, plan())
      const outcome = await engine.train({ runDirectory })
      const adapterPath = join(runDirectory, trainedAdapterFileName)
      return { outcome, adapterPath, adapter: await engine.inspectAdapter({ modelDirectory, adapterPath }) }
    } finally {
      clearTimeout(hangTimer)
    }
  })
}

/** A kill leaves all of it or nothing. */
async function writePlan(path: string, plan: TrainingPlan): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(`${path}.part`, JSON.stringify(plan), { flush: true })
  await rename(`${path}.part`, path)
}
