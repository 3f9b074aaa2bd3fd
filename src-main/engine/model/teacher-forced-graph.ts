import { type CaptionModel, meanLook } from './caption-graph.ts'
import { type Decoded, type Decoder, decodeTexts, projectMemory, scoreWords } from './decoder.ts'
import { type Form, Graph, type Value } from './graph.ts'
import { reshape } from './operators.ts'
import { buildVisionTower, inputMemory } from './vision-tower.ts'

/**
 * All positions of given texts at once, each seeing itself and those before.
 * `pixels` `[B, 3, S, S]`, `tokens` int64 `[B, T]` → `memory` `[B, 1+N, dv]`, `logits` `[B, T, vocabulary]`, and
 * `attention` `[B, heads, T, 1+N]` of the last layer that looks at the picture.
 * @param form whose logits are to be known; null: fp32
 */
export function buildTeacherForcedGraph(
  { vision, decoder }: CaptionModel,
  textLength: number,
  form: Form | null = null,
): Graph {
  const g = new Graph('teacher-forced', null, form)
  const memory = buildVisionTower(g, vision)
  g.namedOutput('memory', memory)
  readTexts(g, memory, decoder, textLength)
  return g
}

/** The same for pictures that were seen before: `memory` and `tokens` → `logits` and `attention`. */
export function buildTextReadingGraph({ vision, decoder }: CaptionModel, textLength: number): Graph {
  const g = new Graph('text-reading')
  readTexts(g, inputMemory(g, vision.config), decoder, textLength)
  return g
}

/**
 * Where the decoder looks while it says a given text: `pixels` and `tokens` → `looks` `[B, T, 1+N]`, each position's being of the
 * token that follows it, as `attention` of the caption graph.
 */
export function buildLookingGraph({ vision, decoder }: CaptionModel, textLength: number): Graph {
  const g = new Graph('looking')
  const { looks } = readTokens(g, buildVisionTower(g, vision), decoder, textLength)
  g.namedOutput('looks', meanLook(g, looks)!)
  return g
}

/**
 * From what the decoder chooses the next token of given texts about pictures that were seen before: `memory` and `tokens` → `hidden`
 * `[B, T, d]`, its last rows.
 */
export function buildHiddenGraph({ vision, decoder }: CaptionModel, textLength: number): Graph {
  const g = new Graph('hidden')
  const { hidden } = readTokens(g, inputMemory(g, vision.config), decoder, textLength)
  g.namedOutput('hidden', reshape(g, hidden, ['B', textLength, decoder.config.width]))
  return g
}

function readTexts(g: Graph, memory: Value, decoder: Decoder, textLength: number): void {
  const { hidden, looks } = readTokens(g, memory, decoder, textLength)
  const logits = scoreWords(g, hidden, decoder)
  g.namedOutput('logits', reshape(g, logits, ['B', textLength, decoder.config.vocabulary]))
  const last = looks.at(-1)
  if (last) g.namedOutput('attention', last)
}

function readTokens(g: Graph, memory: Value, decoder: Decoder, textLength: number): Decoded {
  const tokens = g.input('tokens', 'int64', ['B', textLength])
  return decodeTexts(g, tokens, textLength, decoder, projectMemory(g, memory, decoder))
}
