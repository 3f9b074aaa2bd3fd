import type { SessionTensor } from '../captioning/session.ts'
import { buildRecallGraph, type GenerationConfig } from '../model/caption-graph.ts'
import type { SayableNames } from '../model/names.ts'
import { type MemorySessionOptions, openMemorySession } from './memory-session.ts'

/** What is said of a picture that was seen before. */
export interface Recalled {
  /** Of the best beam, without start and end token. */
  tokenIds: number[]
  /** Of all beams, in no order. */
  beams: number[][]
}

/** Describes pictures from their visual memory with an adapter that changes from call to call: decoder work alone. */
export interface Recaller {
  /**
   * @param memories each `[1+N, dv]`
   * @param adapter the adapter's tensors by name
   * @throws LensloreError `ENGINE_FAILED`
   */
  describe(memories: readonly Float32Array[], adapter: ReadonlyMap<string, Float32Array>): Promise<Recalled[]>
  close(): Promise<void>
}

/** @param options.names that the adapter says beside its own words */
export async function openRecaller(
  options: MemorySessionOptions & { names: SayableNames; generation: GenerationConfig },
): Promise<Recaller> {
  const { positions, endToken } = options.model.decoder.config
  const maxNewTokens = Math.min(options.generation.maxNewTokens, positions)
  const generation = { ...options.generation, maxNewTokens }
  const session = await openMemorySession(options, (model) =>
    buildRecallGraph(model, generation, options.names),
  )
  return {
    async describe(memories, adapter) {
      const outputs = await session.run(memories, adapter)
      return memories.map((_, index) => readRecalled(outputs, index, endToken))
    },
    close: () => session.close(),
  }
}

function readRecalled(
  { ids, beam_ids: beamIds }: Record<string, SessionTensor>,
  index: number,
  endToken: number,
): Recalled {
  const [, beams, longest] = beamIds!.shape as [number, number, number]
  const row = ({ data }: SessionTensor, at: number) => {
    const tokens = Array.from(data.subarray(at * longest, (at + 1) * longest), Number)
    const end = tokens.indexOf(endToken)
    return end < 0 ? tokens : tokens.slice(0, end)
  }
  return {
    tokenIds: row(ids!, index),
    beams: Array.from({ length: beams }, (_, beam) => row(beamIds!, index * beams + beam)),
  }
}
