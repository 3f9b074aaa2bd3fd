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
import type { SessionTensor } from '../captioning/session.ts'
import { keepFile } from '../imaging/keep-file.ts'
import {
  float32Tensor,
  readSafetensorsHeader,
  readTensor,
  type SafetensorsHeader,
  writeSafetensors,
} from '../model/safetensors.ts'
import { course } from './course.ts'

/** Tensors by name, float32. */
export type Tensors = Readonly<Record<string, SessionTensor>>

const progress = z.object({
  /** Of the plan that it is the progress of. */
  plan: z.string(),
  /** Of the trainings so far; the last one may be under way. */
  courses: z.array(course),
  /** That was worked, before the last start and since. */
  elapsedMs: z.number().min(0),
})
export type RunProgress = z.output<typeof progress>

const stateFileName = 'state.safetensors'

/** @throws LensloreError `FILE_NOT_FOUND`, `IMPORT_INVALID` naming the field */
export async function readPlan(
  runDirectory: string,
): Promise<{ plan: CheckedTrainingPlan; digest: string }> {
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

/** What a run that ended came to. */
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
  await replaceSafetensors(join(runDirectory, stateFileName), tensors, { progress: JSON.stringify(said) })
}

/** Where the run stopped; null for one that has not begun, or whose plan is another now. */
export async function readSavedRun(
  runDirectory: string,
  planDigest: string,
): Promise<{ progress: RunProgress; tensors: Tensors } | null> {
  const header = await readSafetensorsHeader(join(runDirectory, stateFileName)).catch(() => null)
  const said = progress.safeParse(parseJson(header?.metadata.progress ?? 'null'))
  if (!header || said.data?.plan !== planDigest) return null
  return { progress: said.data, tensors: await readTensors(header) }
}

export async function readTensors(header: SafetensorsHeader): Promise<Tensors> {
  const tensors: Record<string, SessionTensor> = {}
  for (const [name, { shape }] of header.tensors)
    tensors[name] = { data: await readTensor(header, name), shape }
  return tensors
}

/** Another reader sees a whole file or the one before. @throws LensloreError `DISK_FULL`, `WRITE_FAILED` */
export async function replaceSafetensors(
  path: string,
  tensors: Tensors,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const toWrite = Object.entries(tensors).map(
    ([name, { data, shape }]) => [name, float32Tensor(shape, data as Float32Array)] as const,
  )
  try {
    await writeSafetensors(`${path}.part`, new Map(toWrite), metadata)
    await rename(`${path}.part`, path)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new LensloreError('DISK_FULL', 'There is no room left for the training.', { cause })
    throw new LensloreError('WRITE_FAILED', `Writing ${path} failed: ${code ?? String(cause)}.`, { cause })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
