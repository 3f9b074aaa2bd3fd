import { runOnce } from '../../src-main/engine/captioning/search-session.ts'
import { openSession, type Session, type SessionTensor } from '../../src-main/engine/captioning/session.ts'
import { searchBeams } from '../../src-main/engine/model/beam-search.ts'
import type { CaptionModel, GenerationConfig } from '../../src-main/engine/model/caption-graph.ts'
import type { Name } from '../../src-main/engine/model/names.ts'
import {
  buildHiddenGraph,
  buildTeacherForcedGraph,
  buildTextReadingGraph,
} from '../../src-main/engine/model/teacher-forced-graph.ts'
import { describeMemory } from '../../src-main/engine/training/names/describe-memory.ts'

export interface Found {
  /** Generated tokens, the end token included. */
  ids: readonly number[]
  score: number
}

/** A name with the numbers that its weights have. */
export interface ReadableName extends Name {
  numbers: {
    weight: Float32Array
    bias: Float32Array
    'place.weight': Float32Array
    'place.bias': Float32Array
  }
}

/** Texts are filled up to a multiple of it, for each length has a graph of its own. */
const lengthStep = 8

/**
 * The reference search over a step that reads the whole text anew for every token, picture by picture.
 * @param pixels `[B, 3, S, S]`
 */
export async function searchReadably(
  model: CaptionModel,
  pixels: SessionTensor,
  generation: GenerationConfig,
  names: readonly ReadableName[] = [],
  gluing: readonly number[] = [],
): Promise<Found[]> {
  const { data, shape } = await see(model, pixels)
  const [pictures, ...place] = shape as [number, ...number[]]
  const size = data.length / pictures
  const { maxNewTokens } = generation
  const { startToken, endToken, vocabulary, width } = model.decoder.config
  const readers = new Map<number, Promise<Session[]>>()
  /** For texts of up to so many tokens; what stands behind it only where there are names. */
  function readerOf(length: number): Promise<Session[]> {
    const graphs = [buildTextReadingGraph, ...(names.length > 0 ? [buildHiddenGraph] : [])]
    const known = readers.get(length)
    const reader = known ?? Promise.all(graphs.map((build) => openSession(build(model, length), 'cpu', 1)))
    readers.set(length, reader)
    return reader
  }
  try {
    const found: Found[] = []
    for (let picture = 0; picture < pictures; picture++) {
      const memory = data.slice(picture * size, (picture + 1) * size)
      const step = async (texts: readonly (readonly number[])[]) => {
        const longest = 1 + Math.max(...texts.map((text) => text.length))
        const length = Math.min(maxNewTokens, Math.ceil(longest / lengthStep) * lengthStep)
        const padded = texts.flatMap((text) =>
          [startToken, ...text, ...Array(length).fill(0)].slice(0, length),
        )
        const repeated = Float32Array.from({ length: size * texts.length }, (_, at) =>
          Number(memory[at % size]),
        )
        const feeds = {
          memory: { data: repeated, shape: [texts.length, ...place] },
          tokens: { data: BigInt64Array.from(padded, BigInt), shape: [texts.length, length] },
        }
        const [session, hiddenSession] = await readerOf(length)
        const { logits } = await session!.run(feeds)
        const hidden = (await hiddenSession?.run(feeds))?.hidden?.data
        return texts.map((text, row) => {
          const at = row * length + text.length
          const last = hidden?.slice(at * width, (at + 1) * width) as Float32Array
          return {
            logits: (logits!.data as Float32Array).slice(at * vocabulary, (at + 1) * vocabulary),
            places: names.map(
              ({ numbers }) => dot(numbers['place.weight'], last) + numbers['place.bias'][0]!,
            ),
          }
        })
      }
      const features = describeMemory(memory as Float32Array, place[1]!)
      const { best, score } = await searchBeams(step, {
        ...generation,
        endToken,
        gluing,
        names: names.map((name) => ({
          ...name,
          isSeen: dot(name.numbers.weight, features) + name.numbers.bias[0]! > 0,
          isPossible: dot(name.numbers.weight, features) + name.numbers.bias[1]! > 0,
        })),
      })
      found.push({ ids: best.ids, score })
    }
    return found
  } finally {
    for (const reader of readers.values()) for (const session of await reader) await session.close()
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * b[at]!, 0)
}

/** @returns the visual memory `[B, 1+N, dv]` */
async function see(model: CaptionModel, pixels: SessionTensor): Promise<SessionTensor> {
  const pictures = pixels.shape[0]!
  const tokens = { data: new BigInt64Array(pictures), shape: [pictures, 1] }
  return (await runOnce(buildTeacherForcedGraph(model, 1), { pixels, tokens })).memory!
}
