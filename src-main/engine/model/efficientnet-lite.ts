import type { EfficientNetLiteConfig } from './configuration.ts'
import type { Graph, Value } from './graph.ts'
import { layerNorm, linear } from './layers.ts'
import {
  add,
  clip,
  concat,
  convolve,
  divide,
  mean,
  multiply,
  type Padding,
  reshape,
  squareRoot,
  subtract,
  transpose,
  unsqueeze,
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
  const layer = (x: Value, convolution: string, norm: string, outWidth: number, shape: LayerShape = {}) =>
    convolutionLayer(g, x, weights, config, { convolution, norm, outWidth, ...shape })

  let map = layer(pixels, 'conv_stem', 'bn1', stemWidth, { kernel: stemKernel, stride: stemStride })
  for (const [index, stage] of stages.entries()) {
    for (let repeat = 0; repeat < stage.repeats; repeat++) {
      const block = `blocks.${index}.${repeat}`
      const shape = { kernel: stage.kernel, stride: repeat === 0 ? stage.stride : 1, isDepthwise: true }
      const inWidth = map.shape[1] as number
      let inner = map
      if (stage.expansion === 1) {
        inner = layer(inner, `${block}.conv_dw`, `${block}.bn1`, inWidth, shape)
        inner = layer(inner, `${block}.conv_pw`, `${block}.bn2`, stage.width, { isLinear: true })
      } else {
        const wide = inWidth * stage.expansion
        inner = layer(inner, `${block}.conv_pw`, `${block}.bn1`, wide)
        inner = layer(inner, `${block}.conv_dw`, `${block}.bn2`, wide, shape)
        inner = layer(inner, `${block}.conv_pwl`, `${block}.bn3`, stage.width, { isLinear: true })
      }
      map = shape.stride === 1 && inWidth === stage.width ? add(g, inner, map) : inner
    }
  }
  map = layer(map, 'conv_head', 'bn2', headWidth)

  const places = featureMapSide(config) ** 2
  const rows = transpose(g, reshape(g, map, ['B', headWidth, places]), [0, 2, 1]) // [B, N, head]
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
}

interface Layer extends LayerShape {
  convolution: string
  norm: string
  outWidth: number
}

/**
 * A convolution with its batch norm folded in: `W · γ / √(σ² + ε)` and `β − μ · γ / √(σ² + ε)`, products of stored
 * tensors alone, which the runtime computes once when it opens the graph.
 */
function convolutionLayer(
  g: Graph,
  x: Value,
  weights: Weights,
  { batchNormEpsilon }: EfficientNetLiteConfig,
  { convolution, norm, outWidth, kernel = 1, stride = 1, isDepthwise = false, isLinear = false }: Layer,
): Value {
  const [, inWidth, side] = x.shape as [string, number, number]
  const kernelShape = [outWidth, isDepthwise ? 1 : inWidth, kernel, kernel]
  const [scale, shift, average, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((name) =>
    weights.value(g, `${norm}.${name}`, [outWidth]),
  ) as [Value, Value, Value, Value]
  const gain = divide(g, scale, squareRoot(g, add(g, variance, g.scalar(batchNormEpsilon))))
  const stored = weights.value(g, `${convolution}.weight`, kernelShape)
  const folded = multiply(g, stored, reshape(g, gain, [outWidth, 1, 1, 1]))
  const bias = subtract(g, shift, multiply(g, average, gain))
  const out = convolve(g, x, folded, bias, {
    stride,
    padding: samePadding(side, kernel, stride),
    groups: isDepthwise ? inWidth : 1,
  })
  return isLinear ? out : clip(g, out, 0, 6)
}

/** TensorFlow's SAME: as many places out as `side / stride` rounded up, and the odd pixel of padding at the end. */
function samePadding(side: number, kernel: number, stride: number): Padding {
  const total = Math.max((Math.ceil(side / stride) - 1) * stride + kernel - side, 0)
  const start = Math.floor(total / 2)
  return { start, end: total - start }
}
