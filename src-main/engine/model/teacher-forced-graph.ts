import { rowsOf } from './attention.ts'
import type { CaptionModel } from './caption-graph.ts'
import { decode, embedTokens, projectMemory } from './decoder.ts'
import { Graph, type Value } from './graph.ts'
import { reshape } from './operators.ts'
import { buildVisionTower } from './vision-tower.ts'

/**
 * All positions of given texts at once, each seeing itself and those before.
 * `pixels` `[B, 3, S, S]`, `tokens` int64 `[B, T]` → `memory` `[B, 1+N, dv]`, `logits` `[B, T, vocabulary]`, and
 * `attention` `[B, heads, T, 1+N]` of the last layer that looks at the picture.
 */
export function buildTeacherForcedGraph({ vision, decoder }: CaptionModel, textLength: number): Graph {
  const g = new Graph('teacher-forced')
  const { width, vocabulary } = decoder.config
  const size = vision.config.imageSizePx
  const pixels = g.input('pixels', 'float32', ['B', 3, size, size])
  const tokens = g.input('tokens', 'int64', ['B', textLength])
  const memory = buildVisionTower(g, pixels, vision)

  const positions = g.integers(...Array(textLength).keys())
  const embedded = embedTokens(g, tokens, positions, decoder) // [B, T, d]
  const rows = reshape(g, embedded, [rowsOf(textLength), width])
  const sight = projectMemory(g, memory, decoder)
  const { logits, looks } = decode(g, rows, textLength, decoder, sight, null, causalMask(g, textLength))

  g.namedOutput('memory', memory)
  g.namedOutput('logits', reshape(g, logits, ['B', textLength, vocabulary]))
  const last = looks.at(-1)
  if (last) g.namedOutput('attention', last)
  return g
}

/** Hides from each position those after it: `[T, T]`. */
function causalMask(g: Graph, length: number): Value {
  const hidden = Array.from({ length: length ** 2 }, (_, index) =>
    index % length > Math.floor(index / length) ? -1e30 : 0,
  )
  return g.constant('float32', [length, length], hidden)
}
