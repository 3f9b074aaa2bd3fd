import { openSession, type SessionTensor } from '../../src-main/engine/captioning/session.ts'
import { searchBeams } from '../../src-main/engine/model/beam-search.ts'
import type { CaptionModel, GenerationConfig } from '../../src-main/engine/model/caption-graph.ts'
import {
  buildTeacherForcedGraph,
  buildTextReadingGraph,
} from '../../src-main/engine/model/teacher-forced-graph.ts'

export interface Found {
  /** Generated tokens, the end token included. */
  ids: readonly number[]
  score: number
}

/**
 * The reference search over a step that reads the whole text anew for every token, picture by picture.
 * @param pixels `[B, 3, S, S]`
 */
export async function searchReadably(
  model: CaptionModel,
  pixels: SessionTensor,
  generation: GenerationConfig,
): Promise<Found[]> {
  const { data, shape } = await see(model, pixels)
  const [pictures, ...place] = shape as [number, ...number[]]
  const size = data.length / pictures
  const { maxNewTokens } = generation
  const { startToken, endToken, vocabulary } = model.decoder.config
  const session = await openSession(buildTextReadingGraph(model, maxNewTokens), 'cpu', 1)
  try {
    const found: Found[] = []
    for (let picture = 0; picture < pictures; picture++) {
      const memory = data.slice(picture * size, (picture + 1) * size)
      const step = async (texts: readonly (readonly number[])[]) => {
        const padded = texts.flatMap((text) =>
          [startToken, ...text, ...Array(maxNewTokens).fill(0)].slice(0, maxNewTokens),
        )
        const repeated = Float32Array.from({ length: size * texts.length }, (_, at) =>
          Number(memory[at % size]),
        )
        const { logits } = await session.run({
          memory: { data: repeated, shape: [texts.length, ...place] },
          tokens: { data: BigInt64Array.from(padded, BigInt), shape: [texts.length, maxNewTokens] },
        })
        return texts.map((text, row) => {
          const at = (row * maxNewTokens + text.length) * vocabulary
          return (logits!.data as Float32Array).slice(at, at + vocabulary)
        })
      }
      const { best, score } = await searchBeams(step, { ...generation, endToken })
      found.push({ ids: best.ids, score })
    }
    return found
  } finally {
    await session.close()
  }
}

/** @returns the visual memory `[B, 1+N, dv]` */
async function see(model: CaptionModel, pixels: SessionTensor): Promise<SessionTensor> {
  const session = await openSession(buildTeacherForcedGraph(model, 1), 'cpu', 1)
  try {
    const pictures = pixels.shape[0]!
    const tokens = { data: new BigInt64Array(pictures), shape: [pictures, 1] }
    return (await session.run({ pixels, tokens })).memory!
  } finally {
    await session.close()
  }
}
