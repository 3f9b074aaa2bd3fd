import type { ProviderName } from '../../contract/providers.ts'
import { type HoldingSession, openSession, type SessionTensor } from '../captioning/session.ts'
import type { Graph } from '../model/graph.ts'
import {
  countedPlaces,
  feedLabels,
  feedReference,
  feedRowOf,
  feedTexts,
  type Prediction,
  type TrainingBatch,
  totalWeight,
} from './batch-feeds.ts'
import {
  buildEvaluationGraph,
  buildGradientGraph,
  buildPredictionGraph,
  buildStepGraph,
  buildUpdateGraph,
  companion,
  describeTensors,
  type FrozenDecoder,
  type LossSettings,
  type UpdateSettings,
} from './step-graph.ts'
import { DeviceTensors, HostTensors, type Shapes, type TrainedTensors } from './trained-tensors.ts'

export interface TrainerSettings extends LossSettings, UpdateSettings {}

/** The paper gives none of them; these are the usual ones of fine-tuning. */
export const usualSettings: TrainerSettings = {
  labelSmoothing: 0.1,
  hasReference: false,
  betas: [0.9, 0.999],
  epsilon: 1e-8,
  weightDecay: 0.01,
  clipNorm: 1,
}

export interface StepResult {
  /** Weighted mean over the positions of all batches. */
  loss: number
  /** Of all gradients together, before clipping. */
  gradientNorm: number
}

export interface TextLoss {
  /** Sum of `weight · cross-entropy`, in nats. */
  lossSum: number
  /** Sum of the weights: tokens, where each counts one. */
  tokens: number
}

/** All that a training goes on from, exactly. */
export interface TrainerState {
  /** Steps done. */
  step: number
  /** The adapter by name, and its moments as `mean/…` and `variance/…`. */
  tensors: Map<string, Float32Array>
}

/**
 * An adapter that learns. Each of its graphs is opened when it is asked for first: to measure takes no graph of a step.
 * @throws LensloreError `PROVIDER_UNAVAILABLE`, `ENGINE_FAILED`, by whatever runs a graph
 */
export interface Trainer {
  /** The adapter's tensors. */
  readonly shapes: Shapes
  /**
   * One step of AdamW. Several batches count as one, and take the memory of one.
   * @param rate of learning
   */
  step(batches: readonly TrainingBatch[], rate: number): Promise<StepResult>
  /**
   * One step towards texts of positive weight, and away from those of negative: weights are advantages, and what is lowered is
   * the sum of `weight · cross-entropy` over `positions`. There is no label smoothing, which such weights would push about, and
   * no reference.
   * @param positions of all texts, those that weigh nothing included
   * @param temperature at which the texts were drawn
   */
  reinforce(
    batches: readonly TrainingBatch[],
    positions: number,
    rate: number,
    temperature?: number,
  ): Promise<StepResult>
  /** Without label smoothing and reference; of each text of the batch, in its order. */
  evaluate(batch: TrainingBatch): Promise<TextLoss[]>
  /** What the adapter of the moment expects at each position that counts. */
  predict(batch: TrainingBatch, count: number): Promise<Prediction>
  /** Copies of the adapter's tensors. */
  tensors(): Promise<Map<string, Float32Array>>
  state(): Promise<TrainerState>
  restore(state: TrainerState): void
  close(): Promise<void>
}

/** @param options.adapter its tensors to begin with */
export function createTrainer(options: {
  frozen: FrozenDecoder
  adapter: ReadonlyMap<string, Float32Array>
  settings: TrainerSettings
  provider: ProviderName
  /** Processor threads of one run. */
  threads: number
}): Trainer {
  const { frozen, settings, provider, threads } = options
  const shapes = describeTensors(frozen)
  const names = [...shapes.keys()]
  const hold = (of: Shapes): TrainedTensors =>
    provider === 'webgpu' ? new DeviceTensors(of) : new HostTensors(of)
  const renamed = (rename: (name: string) => string): Shapes =>
    new Map([...shapes].map(([name, shape]) => [rename(name), shape]))
  const adapter = hold(shapes)
  const moments = hold(new Map([...renamed(companion.mean), ...renamed(companion.variance)]))
  adapter.write(options.adapter)
  let stepsDone = 0
  /** Only there once a step had several batches. */
  let sums: TrainedTensors | null = null

  const sessions = new Map<string, Promise<HoldingSession>>()
  function open(name: string, build: () => Graph, replaced: readonly string[] = []): Promise<HoldingSession> {
    const known = sessions.get(name)
    if (known) return known
    const held = provider === 'webgpu' ? replaced.map(companion.next) : []
    const session = openSession(build(), provider, threads, { held, isThrifty: true })
    sessions.set(name, session)
    return session
  }
  const stateNames = [...names, ...names.map(companion.mean), ...names.map(companion.variance)]
  const openStep = (loss: LossSettings) =>
    open(nameGraph('step', loss), () => buildStepGraph(frozen, loss, settings), stateNames)

  function feed(
    batch: TrainingBatch,
    { hasReference }: LossSettings,
    total: number,
  ): Record<string, SessionTensor> {
    const places = countedPlaces(batch)
    return {
      ...feedTexts(batch, frozen, places),
      ...feedRowOf(batch, places),
      ...feedLabels(batch, places, total),
      ...(hasReference && feedReference(batch, places, total)),
    }
  }

  async function update(
    session: HoldingSession,
    feeds: Parameters<HoldingSession['runHolding']>[0],
    rate: number,
  ) {
    const { outputs, held } = await session.runHolding(
      {
        ...feeds,
        ...adapter.feeds(),
        ...moments.feeds(),
        rate: scalar(rate),
        step: scalar(stepsDone + 1),
      },
      { ...adapter.into(), ...moments.into() },
    )
    adapter.take(held)
    moments.take(held)
    stepsDone++
    return outputs
  }

  async function stepOnce(
    batch: TrainingBatch,
    loss: LossSettings,
    total: number,
    rate: number,
  ): Promise<StepResult> {
    const outputs = await update(await openStep(loss), feed(batch, loss, total), rate)
    return { loss: only(outputs.loss), gradientNorm: only(outputs.gradient_norm) }
  }

  async function stepOver(
    batches: readonly TrainingBatch[],
    settingsOfLoss: LossSettings,
    total: number,
    rate: number,
  ): Promise<StepResult> {
    const summed = names.map(companion.gradient)
    const session = await open(
      nameGraph('gradients', settingsOfLoss),
      () => buildGradientGraph(frozen, settingsOfLoss),
      summed,
    )
    sums ??= hold(renamed(companion.gradient))
    sums.clear()
    let loss = 0
    for (const batch of batches) {
      const { outputs, held } = await session.runHolding(
        { ...feed(batch, settingsOfLoss, total), ...adapter.feeds(), ...sums.feeds() },
        sums.into(),
      )
      sums.take(held)
      loss += only(outputs.loss)
    }
    const outputs = await update(
      await open('update', () => buildUpdateGraph(shapes, settings), stateNames),
      sums.feeds(),
      rate,
    )
    return { loss, gradientNorm: only(outputs.gradient_norm) }
  }

  const stepBy = (batches: readonly TrainingBatch[], loss: LossSettings, total: number, rate: number) =>
    batches.length === 1 ? stepOnce(batches[0]!, loss, total, rate) : stepOver(batches, loss, total, rate)

  return {
    shapes,
    async step(batches, rate) {
      const total = batches.reduce((sum, batch) => sum + totalWeight(batch), 0)
      if (total === 0) throw new RangeError('No position of these batches counts')
      return stepBy(batches, settings, total, rate)
    },
    reinforce: (batches, positions, rate, temperature = 1) =>
      stepBy(batches, { labelSmoothing: 0, hasReference: false, temperature }, positions, rate),
    async evaluate(batch) {
      const session = await open('evaluation', () => buildEvaluationGraph(frozen))
      const places = [...batch.weights.keys()].filter((place) => batch.weights[place] !== 0)
      const texts = Array.from({ length: batch.tokens.length / batch.textLength }, () => ({
        lossSum: 0,
        tokens: 0,
      }))
      if (places.length === 0) return texts
      const { outputs } = await session.runHolding({
        ...feedTexts(batch, frozen, places),
        ...feedLabels(batch, places, 1),
        ...adapter.feeds(),
      })
      for (const [row, place] of places.entries()) {
        const text = texts[Math.floor(place / batch.textLength)]!
        text.lossSum += Number(outputs.losses!.data[row])
        text.tokens += batch.weights[place]!
      }
      return texts
    },
    async predict(batch, count) {
      const session = await open(`prediction ${count}`, () => buildPredictionGraph(frozen, count))
      const places = countedPlaces(batch)
      const { outputs } = await session.runHolding({
        ...feedTexts(batch, frozen, places),
        ...adapter.feeds(),
      })
      const ids = new Int32Array(batch.tokens.length * count)
      const probabilities = new Float32Array(batch.tokens.length * count)
      for (const [row, place] of places.entries()) {
        const [from, to] = [row * count, (row + 1) * count]
        ids.set((outputs.ids!.data as Int32Array).subarray(from, to), place * count)
        probabilities.set((outputs.probabilities!.data as Float32Array).subarray(from, to), place * count)
      }
      return { ids, probabilities, count }
    },
    tensors: () => adapter.read(),
    state: async () => ({
      step: stepsDone,
      tensors: new Map([...(await adapter.read()), ...(await moments.read())]),
    }),
    restore({ step, tensors }) {
      stepsDone = step
      adapter.write(tensors)
      moments.write(tensors)
    },
    async close() {
      for (const tensors of [adapter, moments, sums]) await tensors?.close()
      for (const session of sessions.values()) await (await session.catch(() => undefined))?.close()
    },
  }
}

/** Sessions of graphs that are the same are one. */
function nameGraph(kind: string, { labelSmoothing, hasReference, temperature = 1 }: LossSettings): string {
  return `${kind}, smoothing ${labelSmoothing}, temperature ${temperature}${hasReference ? ', held' : ''}`
}

function scalar(value: number): SessionTensor {
  return { data: Float32Array.of(value), shape: [] }
}

function only(tensor: SessionTensor | undefined): number {
  return Number(tensor!.data[0])
}
