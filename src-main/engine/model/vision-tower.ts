import type { VisionConfig } from './configuration.ts'
import { buildEfficientNetLite, featureMapSide } from './efficientnet-lite.ts'
import type { Graph, Value } from './graph.ts'
import { buildVisionTransformer, patchGridSide } from './vision-transformer.ts'
import type { Weights } from './weights.ts'

export interface VisionTower {
  config: VisionConfig
  weights: Weights
}

/** How many places the memory has of a picture, in each direction. */
export function memorySide(config: VisionConfig): number {
  return config.kind === 'efficientnet_lite' ? featureMapSide(config) : patchGridSide(config)
}

/** Rows of the visual memory: one for the whole picture (class token or mean), then its places, row by row. */
export function memoryLength(config: VisionConfig): number {
  return 1 + memorySide(config) ** 2
}

/**
 * What the decoder gets to see of pictures, which become an input of the graph: `pixels` `[B, 3, S, S]`.
 * @returns the visual memory `[B, 1+N, dv]`
 * @throws LensloreError `CHECKPOINT_INVALID`
 */
export function buildVisionTower(g: Graph, { config, weights }: VisionTower): Value {
  const size = config.imageSizePx
  const pixels = g.input('pixels', 'float32', ['B', 3, size, size])
  return config.kind === 'efficientnet_lite'
    ? buildEfficientNetLite(g, pixels, { config, weights })
    : buildVisionTransformer(g, pixels, { config, weights })
}

/** The same of pictures that were seen before, an input itself: `memory` `[B, 1+N, dv]`. */
export function inputMemory(g: Graph, config: VisionConfig): Value {
  return g.input('memory', 'float32', ['B', memoryLength(config), config.width])
}
