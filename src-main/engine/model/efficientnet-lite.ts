import type { EfficientNetLiteConfig } from './configuration.ts'
import { averageOf, type FeatureMap, fullOf, reducedOf, reluLimit, stepsOf } from './feature-map.ts'
import type { Graph, ReducedMatrix, Value } from './graph.ts'
import { layerNorm, linear } from './layers.ts'
import {
  add,
  type ConvolutionOptions,
  cast,
  clip,
  concat,
  convolve,
  convolveInInt8,
  divide,
  less,
  mean,
  multiply,
  type Padding,
  reshape,
  squareRoot,
  subtract,
  sum,
  sumAway,
  transpose,
  unsqueeze,
  where,
} from './operators.ts'
import type { Weights } from './weights.ts'

/**
 * EfficientNet-Lite (arXiv 1905.11946; the Lite variants of Google's TPU models: no squeeze-and-excitation, ReLU6, stem and
 * head of fixed width) with the names that `timm` gives its tensors and TensorFlow's SAME padding, and after it what
 * makes a visual memory of its last feature map: one projection, learned places and a layer norm.
 */
interface EfficientNetLite {
  config: EfficientNetLiteConfig
  weights: Weights
}

const stemStride = 2
const stemKernel = 3
/** Far below what 32 bits hold. */
const largestSum = 2 ** 30

/** Side of the last feature map, for a picture of the configured size. */
export function featureMapSide({ imageSizePx, stages }: EfficientNetLiteConfig): number {
  return stages.reduce((side, { stride }) => Math.ceil(side / stride), Math.ceil(imageSizePx / stemStride))
}

/**
 * @param pixels `[B, 3, S, S]`
 * @returns the visual memory `[B, 1+N, dv]`: the mean of the map, then its places row by row
 * @throws LensloreError `CHECKPOINT_INVALID`
 */
export function buildEfficientNetLite(g: Graph, pixels: Value, { config, weights }: EfficientNetLite): Value {
  const { stemWidth, headWidth, width, stages, normEpsilon } = config
  const layer = (
    x: FeatureMap,
    convolution: string,
    norm: string,
    outWidth: number,
    shape: LayerShape = {},
  ) => convolutionLayer(g, x, weights, config, { convolution, norm, outWidth, ...shape })

  const seenFirst = { value: pixels, norms: [], isLinear: true }
  const stem = { kernel: stemKernel, stride: stemStride, staysFull: true }
  let map = layer(seenFirst, 'conv_stem', 'bn1', stemWidth, stem)
  for (const [index, stage] of stages.entries()) {
    for (let repeat = 0; repeat < stage.repeats; repeat++) {
      const block = `blocks.${index}.${repeat}`
      const shape = { kernel: stage.kernel, stride: repeat === 0 ? stage.stride : 1, isDepthwise: true }
      const inWidth = map.value.shape[1] as number
      let inner = map
      if (stage.expansion === 1) {
        // Of few channels and large maps: little is gained here, and what is lost runs through all the rest.
        const staysFull = true
        inner = layer(inner, `${block}.conv_dw`, `${block}.bn1`, inWidth, { ...shape, staysFull })
        inner = layer(inner, `${block}.conv_pw`, `${block}.bn2`, stage.width, { isLinear: true, staysFull })
      } else {
        const wide = inWidth * stage.expansion
        inner = layer(inner, `${block}.conv_pw`, `${block}.bn1`, wide)
        inner = layer(inner, `${block}.conv_dw`, `${block}.bn2`, wide, shape)
        inner = layer(inner, `${block}.conv_pwl`, `${block}.bn3`, stage.width, { isLinear: true })
      }
      map = shape.stride === 1 && inWidth === stage.width ? addMaps(g, inner, map) : inner
    }
  }
  const last = fullOf(g, layer(map, 'conv_head', 'bn2', headWidth))

  const places = featureMapSide(config) ** 2
  const rows = transpose(g, reshape(g, last, ['B', headWidth, places]), [0, 2, 1]) // [B, N, head]
  const seen = concat(g, [unsqueeze(g, mean(g, rows, 1), 1), rows], 1) // [B, 1+N, head]
  const length = 1 + places
  const flat = reshape(g, seen, [`B*${length}`, headWidth])
  const projected = reshape(g, linear(g, flat, weights, 'projection', width), ['B', length, width])
  const placed = add(g, projected, weights.value(g, 'position_embedding', [length, width]))
  return layerNorm(g, placed, weights, 'norm', normEpsilon)
}

interface LayerShape {
  kernel?: number
  stride?: number
  isDepthwise?: boolean
  /** Without the activation. */
  isLinear?: boolean
  /** In float32 in any form. */
  staysFull?: boolean
}

interface Layer extends LayerShape {
  convolution: string
  norm: string
  outWidth: number
}

/** In float32, for rounding sums block after block adds up. */
function addMaps(g: Graph, a: FeatureMap, b: FeatureMap): FeatureMap {
  return { value: add(g, fullOf(g, a), fullOf(g, b)), norms: [...a.norms, ...b.norms], isLinear: true }
}

/**
 * A convolution with its batch norm folded in: `W · γ / √(σ² + ε)` and `β − μ · γ / √(σ² + ε)`, products of stored
 * tensors alone, which the runtime computes once when it opens the graph. In int8 where the graph's form has the weights so.
 */
function convolutionLayer(
  g: Graph,
  x: FeatureMap,
  weights: Weights,
  { batchNormEpsilon }: EfficientNetLiteConfig,
  layer: Layer,
): FeatureMap {
  const { convolution, norm, outWidth, kernel = 1, stride = 1 } = layer
  const { isDepthwise = false, isLinear = false, staysFull = false } = layer
  const [, inWidth, side] = x.value.shape as [string, number, number]
  const kernelShape = [outWidth, isDepthwise ? 1 : inWidth, kernel, kernel]
  const [scale, shift, average, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((name) =>
    weights.value(g, `${norm}.${name}`, [outWidth]),
  ) as [Value, Value, Value, Value]
  const gain = divide(g, scale, squareRoot(g, add(g, variance, g.scalar(batchNormEpsilon))))
  const stored = weights.value(g, `${convolution}.weight`, kernelShape)
  const bias = subtract(g, shift, multiply(g, average, gain))
  const options = {
    stride,
    padding: samePadding(side, kernel, stride),
    groups: isDepthwise ? inWidth : 1,
  }
  const known = { norms: [{ shift, scale }], isLinear }
  const reduced = staysFull ? null : g.reduced(stored, 'kernel')
  if (reduced) {
    const lost = multiply(g, lostOnAverage(g, averageOf(g, x), stored, reduced), gain)
    const folded = { ...reduced, scales: multiply(g, reduced.scales, gain) }
    const value = convolveReduced(g, x, folded, add(g, bias, lost), { ...options, ...known })
    return { value, ...known }
  }
  const folded = multiply(g, stored, reshape(g, gain, [outWidth, 1, 1, 1]))
  const out = convolve(g, fullOf(g, x), folded, bias, options)
  return { value: isLinear ? out : clip(g, out, 0, reluLimit), ...known }
}

/**
 * Weights that were rounded shift what comes out, for what goes in is mostly above zero: by how much, with each channel at its average
 * everywhere (arXiv 1906.04721).
 * @param average `[C]`
 * @returns `[d]`: what is missing
 */
function lostOnAverage(
  g: Graph,
  average: Value,
  stored: Value,
  { matrix, scales }: ReducedMatrix<Value>,
): Value {
  const [outWidth, inputs] = stored.shape as [number, number]
  const rounded = multiply(g, cast(g, matrix, 'float32'), reshape(g, scales, [outWidth, 1, 1, 1]))
  const difference = sumAway(g, subtract(g, stored, rounded), [2, 3]) // [d, C / groups]
  // Of depthwise weights each output has one input, which is its own.
  const seen = reshape(g, average, inputs === 1 ? [outWidth, 1] : [1, inputs])
  return reshape(g, sum(g, multiply(g, difference, seen), 1), [outWidth])
}

/** The steps of what comes out end where ReLU6 does, so that they are the activation as well. @returns uint8 */
function convolveReduced(
  g: Graph,
  x: FeatureMap,
  { matrix, scales }: ReducedMatrix<Value>,
  bias: Value,
  { norms, isLinear, ...options }: ConvolutionOptions & Omit<FeatureMap, 'value'>,
): Value {
  const stepsIn = stepsOf(g, x)
  // A channel that its norm all but switches off is its bias, for which the sums have to have room.
  const least = divide(g, bias, multiply(g, stepsIn.size, g.scalar(largestSum)))
  const isOff = less(g, multiply(g, scales, scales), multiply(g, least, least))
  const roomy = { matrix, scales: where(g, isOff, least, scales) }
  const stepsOut = stepsOf(g, { norms, isLinear })
  return convolveInInt8(g, reducedOf(g, x), roomy, bias, { ...options, stepsIn, stepsOut })
}

/** TensorFlow's SAME: as many places out as `side / stride` rounded up, and the odd pixel of padding at the end. */
function samePadding(side: number, kernel: number, stride: number): Padding {
  const total = Math.max((Math.ceil(side / stride) - 1) * stride + kernel - side, 0)
  const start = Math.floor(total / 2)
  return { start, end: total - start }
}
