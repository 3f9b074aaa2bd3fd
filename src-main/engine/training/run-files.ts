import { createHash } from 'node:crypto'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { LensloreError } from '../../contract/errors.ts'
import {
  type CheckedTrainingPlan,
  outcomeFileName,
  planFileName,
  type TrainingOutcome,
  trainingOutcome,
  trainingPlan,
} from '../../contract/training.ts'
import { keepFile, toWriteError } from '../imaging/keep-file.ts'
import { float32Tensor, readSafetensorsHeader, readTensors, writeSafetensors } from '../model/safetensors.ts'
import { course } from './course.ts'

/** Tensors by name, float32, as one row each. */
export type Tensors = ReadonlyMap<string, Float32Array>

const progress = z.object({
  /** Digest of the plan that it is the progress of. */
  plan: z.string(),
  /** Of the trainings so far; the last one may be under way. */
  courses: z.array(course),
  /** Of the self-critical training after them. */
  refinement: course.nullable().default(null),
  /** Time that was worked. */
  elapsedMs: z.number().min(0),
})
export type RunProgress = z.output<typeof progress>

const stateFileName = 'state.safetensors'

/** @throws LensloreError `FILE_NOT_FOUND`, `IMPORT_INVALID` naming the field */
export async function readPlan(runDirectory: string): Promise<{ plan: CheckedTrainingPlan; digest: string }> {
  const path = join(runDirectory, planFileName)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LensloreError('FILE_NOT_FOUND', `There is no plan for a training here: ${path}.`, { cause })
  })
  const checked = trainingPlan.safeParse(parseJson(text))
  if (!checked.success) {
    const { path: field, message } = checked.error.issues[0]!
    throw new LensloreError('IMPORT_INVALID', `${path} is no plan: ${field.join('.')}: ${message}.`)
  }
  return { plan: checked.data, digest: createHash('sha256').update(text).digest('hex') }
}

/** What a run came to; null for one that is not over. */
export async function readOutcome(runDirectory: string): Promise<TrainingOutcome | null> {
  const text = await readFile(join(runDirectory, outcomeFileName), 'utf8').catch(() => null)
  return text === null ? null : (trainingOutcome.safeParse(parseJson(text)).data ?? null)
}

/** @throws LensloreError `DISK_FULL`, `WRITE_FAILED` */
export async function writeOutcome(runDirectory: string, outcome: TrainingOutcome): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(outcome))
  await keepFile(join(runDirectory, outcomeFileName), bytes, 'what the training came to')
}

/**
 * Puts the state of a run in the place of the one before, whole or not at all.
 * @throws LensloreError `DISK_FULL`, `WRITE_FAILED`
 */
export async function saveRun(runDirectory: string, said: RunProgress, tensors: Tensors): Promise<void> {
  const path = join(runDirectory, stateFileName)
  const toWrite = [...tensors].map(([name, data]) => [name, float32Tensor([data.length], data)] as const)
  try {
    await writeSafetensors(`${path}.part`, new Map(toWrite), { progress: JSON.stringify(said) })
    await rename(`${path}.part`, path)
  } catch (cause) {
    throw toWriteError(cause, 'what the training has learned so far')
  }
}

/** Where a run stopped; null for one that has not begun, or whose plan is another now. */
export async function readSavedRun(
  runDirectory: string,
  planDigest: string,
): Promise<{ progress: RunProgress; tensors: Tensors } | null> {
  const header = await readSafetensorsHeader(join(runDirectory, stateFileName)).catch(() => null)
  const said = progress.safeParse(parseJson(header?.metadata.progress ?? 'null'))
  if (!header || said.data?.plan !== planDigest) return null
  return { progress: said.data, tensors: await readTensors(header) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
