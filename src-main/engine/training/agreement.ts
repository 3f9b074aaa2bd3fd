import { z } from 'zod'
import type { ProviderName } from '../../contract/providers.ts'
import { runOnce } from '../captioning/search-session.ts'
import type { SessionTensor } from '../captioning/session.ts'
import {
  countedPlaces,
  feedLabels,
  feedRowOf,
  feedTexts,
  type TrainingBatch,
  totalWeight,
} from './batch-feeds.ts'
import { buildComparedGraph, companion, type FrozenDecoder } from './step-graph.ts'
import { createTrainer } from './trainer.ts'

/** What an independent implementation says of one batch, and of some steps of AdamW on it. */
export const expectedTraining = z.object({
  /** `[B, T]` */
  input_ids: z.array(z.array(z.int().min(0)).min(1)).min(1),
  /** `[B, T]`; below zero where nothing is to be said. */
  target_ids: z.array(z.array(z.int())),
  loss: z.number(),
  label_smoothing: z.number().min(0).max(1).default(0),
  adamw: z
    .object({
      lr: z.number(),
      betas: z.tuple([z.number(), z.number()]),
      eps: z.number(),
      weight_decay: z.number(),
      clip_norm: z.number().positive(),
      loss_and_grad_norm: z.array(z.tuple([z.number(), z.number()])),
    })
    .optional(),
})
export type ExpectedTraining = z.output<typeof expectedTraining>

/** The largest over all elements: plain, and beside the largest expected element of the same tensor. */
export interface Difference {
  absolute: number
  relative: number
}

export interface TrainingAgreement {
  loss: number
  gradients?: Record<string, Difference>
  /** Of each step. */
  steps?: { loss: number; gradientNorm: number }[]
  adapter?: Record<string, Difference>
  /**
   * Tensors on which the loss does not depend, such as the bias of keys, which softmax takes away again. Their gradient is
   * rounding alone, and AdamW makes full steps of it: no two implementations train them alike. They are reported, and
   * are not held to agree after training.
   */
  undetermined: string[]
}

interface Compared {
  frozen: FrozenDecoder
  adapter: ReadonlyMap<string, SessionTensor>
  memory: SessionTensor
  expected: ExpectedTraining
  gradients: ReadonlyMap<string, SessionTensor>
  trained: ReadonlyMap<string, SessionTensor>
  provider: ProviderName
}

/** @param gradients expected ones by the adapter's names, and `trained` likewise; empty: not compared */
export async function measureTraining(compared: Compared): Promise<TrainingAgreement> {
  const { expected, gradients, trained } = compared
  const batch = batchOf(compared)
  const own = await computeGradients(compared, batch)
  const agreement: TrainingAgreement = {
    loss: Math.abs(Number(own.loss!.data[0]) - expected.loss),
    undetermined: findUndetermined(gradients),
  }
  if (gradients.size > 0) {
    agreement.gradients = compareAll(gradients, (name) => own[companion.gradient(name)]?.data)
  }
  if (expected.adamw) {
    const { steps, tensors } = await train(compared, batch, expected.adamw)
    agreement.steps = steps
    if (trained.size > 0) agreement.adapter = compareAll(trained, (name) => tensors.get(name))
  }
  return agreement
}

/** Every difference that is held to be small. */
export function trainingFigures({
  loss,
  gradients,
  steps,
  adapter,
  undetermined,
}: TrainingAgreement): number[] {
  const settled = Object.entries(adapter ?? {}).filter(([name]) => !undetermined.includes(name))
  return [
    loss,
    ...Object.values(gradients ?? {}).map(({ absolute }) => absolute),
    ...(steps ?? []).flatMap((step) => [step.loss, step.gradientNorm]),
    ...settled.map(([, { absolute }]) => absolute),
  ]
}

function batchOf({ memory, expected }: Compared): TrainingBatch {
  const { input_ids: inputs, target_ids: targets } = expected
  return {
    memory: memory.data as Float32Array,
    tokens: Int32Array.from(inputs.flat()),
    targets: Int32Array.from(targets.flat(), (id) => Math.max(0, id)),
    weights: Float32Array.from(targets.flat(), (id) => (id < 0 ? 0 : 1)),
    textLength: inputs[0]!.length,
  }
}

async function computeGradients(
  { frozen, adapter, expected, provider }: Compared,
  batch: TrainingBatch,
): Promise<Record<string, SessionTensor>> {
  const loss = { labelSmoothing: expected.label_smoothing, hasReference: false }
  const places = countedPlaces(batch)
  const feeds = {
    ...feedTexts(batch, frozen, places),
    ...feedRowOf(batch, places),
    ...feedLabels(batch, places, totalWeight(batch)),
    ...Object.fromEntries(adapter),
  }
  return runOnce(buildComparedGraph(frozen, loss), feeds, provider)
}

async function train(
  { frozen, adapter, expected, provider }: Compared,
  batch: TrainingBatch,
  adamw: NonNullable<ExpectedTraining['adamw']>,
): Promise<{ steps: { loss: number; gradientNorm: number }[]; tensors: Map<string, Float32Array> }> {
  const trainer = createTrainer({
    frozen,
    adapter: new Map([...adapter].map(([name, { data }]) => [name, data as Float32Array])),
    settings: {
      labelSmoothing: expected.label_smoothing,
      hasReference: false,
      betas: adamw.betas,
      epsilon: adamw.eps,
      weightDecay: adamw.weight_decay,
      clipNorm: adamw.clip_norm,
    },
    provider,
    threads: 1,
  })
  try {
    const steps = []
    for (const [loss, norm] of adamw.loss_and_grad_norm) {
      const got = await trainer.step([batch], adamw.lr)
      steps.push({ loss: Math.abs(got.loss - loss), gradientNorm: Math.abs(got.gradientNorm - norm) })
    }
    return { steps, tensors: await trainer.tensors() }
  } finally {
    await trainer.close()
  }
}

/** What float32 can tell from zero beside the largest of all gradients. */
const noise = 1e-6

function findUndetermined(gradients: ReadonlyMap<string, SessionTensor>): string[] {
  const largest = new Map([...gradients].map(([name, { data }]) => [name, largestOf(data as Float32Array)]))
  const bound = noise * Math.max(...largest.values())
  return [...largest].filter(([, size]) => size < bound).map(([name]) => name)
}

function compareAll(
  expected: ReadonlyMap<string, SessionTensor>,
  got: (name: string) => SessionTensor['data'] | undefined,
): Record<string, Difference> {
  return Object.fromEntries(
    [...expected].map(([name, { data }]) => {
      const wanted = data as Float32Array
      const found = got(name)
      // Nothing, or NaN, agrees with nothing.
      const absolute = largestOf(wanted.map((value, index) => value - Number(found?.[index] ?? Number.NaN)))
      return [name, { absolute, relative: absolute / largestOf(wanted) }]
    }),
  )
}

function largestOf(numbers: Float32Array): number {
  return numbers.reduce((largest, each) => Math.max(largest, Math.abs(each)), 0)
}
