import { differentiate, type Shortcut } from '../model/autodiff/differentiate.ts'
import type { CaptionModel } from '../model/caption-graph.ts'
import type { AdapterConfig } from '../model/configuration.ts'
import { type Decoder, decodeTexts, projectMemory, scoreWords } from '../model/decoder.ts'
import { Graph, type Value } from '../model/graph.ts'
import {
  add,
  affine,
  clip,
  concat,
  divide,
  exponential,
  gather,
  logarithm,
  matmul,
  maximum,
  multiply,
  power,
  slice,
  softmax,
  squareRoot,
  squeeze,
  subtract,
  sum,
  sumAway,
  sumOfSquares,
  topK,
  unsqueeze,
} from '../model/operators.ts'
import { memoryLength } from '../model/vision-tower.ts'
import { FedWeights } from '../model/weights.ts'

/**
 * The graphs that an adapter is trained with, over a frozen decoder and cached visual memory. All read the same batch:
 *
 * - `memory` `[B, 1+N, dv]` and `tokens` int32 `[B, T]`;
 * - `rows` int32 `[S]`, at least one: which of the B·T positions count, so that no logits are made of the others; `targets` int32
 *   `[S]`, `weights` `[S, 1]` of their cross-entropy;
 * - where there are gradients, `row_of` int32 `[B·T]`: which of the rows each position is, S for one that does not count;
 * - where replayed examples are held to a reference, also `reference_ids` int32 `[S, K]` and
 *   `reference_probabilities` `[S, K]`, its likeliest tokens, and `reference_weights` `[S, 1]` of the divergence.
 *
 * The adapter's tensors are inputs under their own names. Numbers are int32, for which WebGPU has shaders, and nothing is scattered: a
 * graph that keeps to that has no copy between host and device besides what it is fed and gives.
 */

export interface FrozenDecoder {
  decoder: Omit<Decoder, 'adapter'>
  adapter: AdapterConfig
  /** Rows and width of one picture's visual memory. */
  memoryShape: readonly [length: number, width: number]
  /** The most tokens that a text has. */
  longestText: number
}

/** @param adapter what the trained one is like; the model's own is left out */
export function freeze(model: CaptionModel, adapter: AdapterConfig, longestText: number): FrozenDecoder {
  const { adapter: _own, ...decoder } = model.decoder
  const { config } = model.vision
  return { decoder, adapter, memoryShape: [memoryLength(config), config.width], longestText }
}

export interface LossSettings {
  /** ε: so much of each target's weight is spread over the whole vocabulary. */
  labelSmoothing: number
  /** Whether batches bring a reference. */
  hasReference: boolean
  /** What logits are divided by; 1 is usual. */
  temperature?: number
}

/** AdamW (arXiv 1711.05101) after clipping by the norm of all gradients. */
export interface UpdateSettings {
  betas: readonly [number, number]
  epsilon: number
  weightDecay: number
  clipNorm: number
}

/** What each of a trained tensor's companions is called. */
export const companion = {
  mean: (name: string) => `mean/${name}`,
  variance: (name: string) => `variance/${name}`,
  gradient: (name: string) => `gradient/${name}`,
  next: (name: string) => `next/${name}`,
} as const

/**
 * A whole step of one batch: the batch, the adapter, its moments, `rate` `[]` and `step` `[]` (from 1) → `loss` `[]`,
 * `gradient_norm` `[]` before clipping, and all that changes under `next/…`.
 */
export function buildStepGraph(frozen: FrozenDecoder, loss: LossSettings, update: UpdateSettings): Graph {
  const g = new Graph('training-step')
  const { variables, gradients } = differentiateLoss(g, frozen, loss)
  updateAll(g, variables, gradients, update)
  return g
}

/**
 * One of several batches of a step: the batch, the adapter and the sums so far, `gradient/…` → `loss` `[]` and the next
 * sums, `next/gradient/…`.
 */
export function buildGradientGraph(frozen: FrozenDecoder, loss: LossSettings): Graph {
  const g = new Graph('gradients')
  const { variables, gradients } = differentiateLoss(g, frozen, loss)
  for (const [name, { shape }] of variables) {
    const before = g.input(companion.gradient(name), 'float32', shape)
    g.namedOutput(companion.next(before.name), add(g, before, gradients.get(name)!))
  }
  return g
}

/** What ends a step of several batches: the sums, the adapter, its moments, `rate`, `step` → as the whole step. */
export function buildUpdateGraph(
  tensors: ReadonlyMap<string, readonly number[]>,
  settings: UpdateSettings,
): Graph {
  const g = new Graph('update')
  const variables = new Map<string, Value>()
  const gradients = new Map<string, Value>()
  for (const [name, shape] of tensors) {
    variables.set(name, g.input(name, 'float32', shape))
    gradients.set(name, g.input(companion.gradient(name), 'float32', shape))
  }
  updateAll(g, variables, gradients, settings)
  return g
}

/** The gradients alone, for comparing: the batch and the adapter → `loss` and `gradient/…`. */
export function buildComparedGraph(frozen: FrozenDecoder, loss: LossSettings): Graph {
  const g = new Graph('compared-gradients')
  for (const [name, gradient] of differentiateLoss(g, frozen, loss).gradients) {
    g.namedOutput(companion.gradient(name), gradient)
  }
  return g
}

/** The batch and the adapter → `losses` `[S, 1]`, weighted cross-entropies without label smoothing. */
export function buildEvaluationGraph(frozen: FrozenDecoder): Graph {
  const g = new Graph('evaluation')
  const { losses } = readLosses(g, frozen, { labelSmoothing: 0, hasReference: false }, false)
  g.namedOutput('losses', losses)
  return g
}

/**
 * What the decoder expects at each position: `memory`, `tokens`, `rows` and the adapter → `ids` int32 `[S, K]`, the
 * likeliest first, and their `probabilities` `[S, K]`.
 */
export function buildPredictionGraph(frozen: FrozenDecoder, count: number): Graph {
  const g = new Graph('prediction')
  const { decoder, hidden } = readBatch(g, frozen)
  const { values, indices } = topK(g, softmax(g, scoreWords(g, hidden, decoder)), count)
  g.namedOutput('ids', indices)
  g.namedOutput('probabilities', values)
  return g
}

/** The adapter's tensors by name, in the order of the graphs, with their shapes. */
export function describeTensors(frozen: FrozenDecoder): Map<string, readonly number[]> {
  const { fed } = readBatch(new Graph('description'), frozen)
  return new Map([...fed.inputs].map(([name, { shape }]) => [name, shape as readonly number[]]))
}

interface ReadBatch {
  decoder: Decoder
  fed: FedWeights
  /** Of the positions that count, `[S, d]`. */
  hidden: Value
  /** Of all, `[B·T, d]`. */
  everywhere: Value
}

function readBatch(g: Graph, frozen: FrozenDecoder): ReadBatch {
  const fed = new FedWeights()
  const decoder = { ...frozen.decoder, adapter: { config: frozen.adapter, weights: fed } }
  const memory = g.input('memory', 'float32', ['B', ...frozen.memoryShape])
  const tokens = g.input('tokens', 'int32', ['B', 'T'])
  const rows = g.input('rows', 'int32', ['S'])
  const sight = projectMemory(g, memory, decoder)
  const { hidden } = decodeTexts(g, tokens, frozen.longestText, decoder, sight)
  return { decoder, fed, hidden: gather(g, hidden, rows), everywhere: hidden }
}

/**
 * No position is looked up twice, so each gets the gradient of its own row, or zeros: looked up once more, where the gradient of any
 * lookup is scattered, which WebGPU does by int64 from the host.
 */
function placeRows(g: Graph, { hidden, everywhere }: ReadBatch): Shortcut {
  const rowOf = g.input('row_of', 'int32', [everywhere.shape[0]!])
  const width = hidden.shape[1] as number
  const zeros = g.constant('float32', [1, width], Array(width).fill(0))
  return {
    value: hidden,
    source: everywhere,
    gradient: (_, byRows) => gather(g, concat(g, [byRows, zeros], 0), rowOf),
  }
}

function differentiateLoss(
  g: Graph,
  frozen: FrozenDecoder,
  settings: LossSettings,
): { variables: Map<string, Value>; gradients: Map<string, Value> } {
  const { losses, fed, shortcuts } = readLosses(g, frozen, settings, true)
  const loss = sumAway(g, losses, [0, 1])
  g.namedOutput('loss', loss)
  const gradients = differentiate(g, loss, [...fed.inputs.values()], shortcuts)
  const names = [...fed.inputs.keys()]
  return { variables: fed.inputs, gradients: new Map(names.map((name, index) => [name, gradients[index]!])) }
}

/**
 * Cross-entropy with label smoothing is `logΣexp z − (1 − ε)·z[target] − ε·mean z`, and both `z[target]` and `mean z`
 * are products of the hidden row with one row of the embeddings, or with their mean. So of all that is as wide as the
 * vocabulary only the logits and their softmax are made, once for both ways.
 */
function readLosses(
  g: Graph,
  frozen: FrozenDecoder,
  { labelSmoothing, hasReference, temperature = 1 }: LossSettings,
  hasGradient: boolean,
): { losses: Value; fed: FedWeights; shortcuts: Shortcut[] } {
  const batch = readBatch(g, frozen)
  const { decoder, fed, hidden: read } = batch
  const hidden = temperature === 1 ? read : multiply(g, read, g.scalar(1 / temperature))
  const { vocabulary, width } = decoder.config
  const words = decoder.weights.value(g, 'wte.weight', [vocabulary, width])
  const parts = decoder.weights.parts(g, 'wte.weight', [vocabulary, width], partsOfVocabulary(vocabulary))
  const total = sumExponentials(g, hidden, parts, hasGradient)

  const targets = g.input('targets', 'int32', ['S'])
  const weights = g.input('weights', 'float32', ['S', 1])
  const right = sum(g, multiply(g, hidden, gather(g, words, targets)), 1) // [S, 1]
  let likelihood = subtract(g, right, total.value)
  if (labelSmoothing > 0) {
    const whole = parts.map((part) => sum(g, part, 0)).reduce((a, b) => add(g, a, b)) // [1, d]
    const middle = multiply(g, whole, g.scalar(1 / vocabulary))
    const average = affine(g, hidden, middle, null, 'out-in') // [S, 1]
    const share = (x: Value, part: number) => multiply(g, x, g.scalar(part))
    likelihood = subtract(
      g,
      add(g, share(right, 1 - labelSmoothing), share(average, labelSmoothing)),
      total.value,
    )
  }
  let losses = multiply(g, weights, multiply(g, likelihood, g.scalar(-1)))
  if (hasReference) {
    const divergence = divergeFromReference(g, hidden, words, total.value)
    const referenceWeights = g.input('reference_weights', 'float32', ['S', 1])
    losses = add(g, losses, multiply(g, referenceWeights, divergence))
  }
  return { losses, fed, shortcuts: hasGradient ? [total, placeRows(g, batch)] : [] }
}

/**
 * `logΣexp` of the logits. With their softmax p at hand, which is fast, it is `max z − log max p`, which is not what one
 * would differentiate: its gradient by the hidden row is what the row expects to say, the mean of the words' embeddings by p.
 * What is as wide as the vocabulary is made, and gone, for a part of the words at a time: sum and gradient are put together part
 * by part, so that the runtime, which goes for one input after the other, is done with one before the next. Of all parts, the sum is
 * that of their sums, and the gradient the mean of theirs by the softmax of these.
 * @param hidden `[S, d]`
 * @param words the vocabulary in parts, `[words, d]` each
 * @param hasGradient whether anybody will want it
 * @returns `[S, 1]`, with that gradient
 */
export function sumExponentials(
  g: Graph,
  hidden: Value,
  words: readonly Value[],
  hasGradient: boolean,
): Shortcut {
  const width = hidden.shape[1] as number
  const columns = hasGradient ? 1 + width : 1
  const summed = words.map((part) => {
    const logits = affine(g, hidden, part, null, 'out-in') // [S, words]
    const probabilities = softmax(g, logits)
    const total = logOfSum(g, logits, probabilities)
    return hasGradient ? concat(g, [total, affine(g, probabilities, part, null, 'in-out')], 1) : total
  })
  const joined = concat(g, summed, 1) // [S, parts · columns]
  const cut = (part: number, from: number, to: number) =>
    slice(g, joined, 1, part * columns + from, part * columns + to)
  const totals = concat(
    g,
    words.map((_, part) => cut(part, 0, 1)),
    1,
  ) // [S, parts]
  const shares = softmax(g, totals)
  return {
    value: logOfSum(g, totals, shares),
    source: hidden,
    gradient: (_, byTotal) => {
      const means = words.map((_, part) =>
        multiply(g, cut(part, 1, columns), slice(g, shares, 1, part, part + 1)),
      )
      return multiply(
        g,
        means.reduce((a, b) => add(g, a, b)),
        byTotal,
      )
    },
  }
}

/** `logΣexp` along the last axis, which stays with size one, by the softmax along it. */
function logOfSum(g: Graph, x: Value, probabilities: Value): Value {
  return subtract(g, maximum(g, x), logarithm(g, maximum(g, probabilities)))
}

/** Cut where it is long, as GPT-2's of 50,257 words. */
function partsOfVocabulary(words: number): number {
  return Math.ceil(words / 16_384)
}

/** Keeps a logarithm finite; less than what float32 loses of a probability beside one. */
const leastProbability = 1e-7

/**
 * KL divergence of the decoder from a reference that is known by its K likeliest tokens, all others taken together as
 * one: less than the whole divergence by what is inside the rest, which the reference hardly ever says.
 * @param hidden `[S, d]`
 * @param total log Σ exp of the logits, `[S, 1]`
 * @returns `[S, 1]`
 */
function divergeFromReference(g: Graph, hidden: Value, words: Value, total: Value): Value {
  const ids = g.input('reference_ids', 'int32', ['S', 'K'])
  const wanted = g.input('reference_probabilities', 'float32', ['S', 'K'])
  const own = gather(g, words, ids) // [S, K, d]
  const column = unsqueeze(g, hidden, 2) // [S, d, 1]
  const logits = squeeze(g, matmul(g, own, column), 2) // [S, K]
  const likelihoods = subtract(g, logits, total)
  const bounded = (x: Value) => clip(g, x, leastProbability, 1)
  const rest = (probabilities: Value) => bounded(subtract(g, g.scalar(1), sum(g, probabilities, 1))) // [S, 1]

  const surprise = subtract(g, logarithm(g, bounded(wanted)), likelihoods)
  const named = sum(g, multiply(g, wanted, surprise), 1)
  const wantedRest = rest(wanted)
  const restSurprise = subtract(g, logarithm(g, wantedRest), logarithm(g, rest(exponential(g, likelihoods))))
  return add(g, named, multiply(g, wantedRest, restSurprise))
}

/** Appends the update of every tensor: decoupled decay and bias correction, by gradients clipped together. */
function updateAll(
  g: Graph,
  variables: ReadonlyMap<string, Value>,
  gradients: ReadonlyMap<string, Value>,
  { betas, epsilon, weightDecay, clipNorm }: UpdateSettings,
): void {
  const rate = g.input('rate', 'float32', [])
  const step = g.input('step', 'float32', [])
  const one = g.scalar(1)
  const norm = squareRoot(
    g,
    [...gradients.values()].map((each) => sumOfSquares(g, each)).reduce((a, b) => add(g, a, b)),
  )
  g.namedOutput('gradient_norm', norm)
  const shrink = clip(g, divide(g, g.scalar(clipNorm), add(g, norm, g.scalar(1e-6))), 0, 1)
  const [meanBias, varianceBias] = betas.map((beta) => subtract(g, one, power(g, g.scalar(beta), step)))
  // All that is the same for every element is put together first: passes over the tensors are what an update costs.
  const deviationBias = squareRoot(g, varianceBias!)
  const stride = multiply(g, divide(g, rate, meanBias!), deviationBias)
  const least = multiply(g, g.scalar(epsilon), deviationBias)
  const kept = subtract(g, one, multiply(g, rate, g.scalar(weightDecay)))
  const meanShare = multiply(g, shrink, g.scalar(1 - betas[0]))
  const varianceShare = multiply(g, multiply(g, shrink, shrink), g.scalar(1 - betas[1]))

  for (const [name, tensor] of variables) {
    const gradient = gradients.get(name)!
    const mean = g.input(companion.mean(name), 'float32', tensor.shape)
    const variance = g.input(companion.variance(name), 'float32', tensor.shape)
    const nextMean = blend(mean, betas[0], gradient, meanShare)
    const square = multiply(g, gradient, gradient)
    const nextVariance = blend(variance, betas[1], square, varianceShare)
    const deviation = add(g, squareRoot(g, nextVariance), least)
    const change = divide(g, multiply(g, nextMean, stride), deviation)
    g.namedOutput(companion.next(name), subtract(g, multiply(g, tensor, kept), change))
  }

  /** The next moment, under its name: as an output of its own it would be copied, for the update reads it as well. */
  function blend(before: Value, share: number, now: Value, nowShare: Value): Value {
    const parts = [multiply(g, before, g.scalar(share)), multiply(g, now, nowShare)]
    const { type, shape } = before
    const [blended] = g.node('Add', parts, [{ type, shape, name: companion.next(before.name) }])
    g.output(blended!)
    return blended!
  }
}
