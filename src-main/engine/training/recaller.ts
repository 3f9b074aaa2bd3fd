import type { GenerationConfig } from '../model/caption-graph.ts'
import type { SayableNames } from '../model/names.ts'
import { buildSearch } from '../model/search-in-pieces.ts'
import { type MemorySessionOptions, openMemorySession } from './memory-session.ts'

/** Describes pictures from their visual memory with an adapter that changes from call to call: decoder work alone. */
export interface Recaller {
  /**
   * @param memories each `[1+N, dv]`
   * @param adapter the adapter's tensors by name
   * @returns the tokens of each picture's best beam, without start and end token
   * @throws LensloreError `ENGINE_FAILED`
   */
  describe(memories: readonly Float32Array[], adapter: ReadonlyMap<string, Float32Array>): Promise<number[][]>
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
    buildSearch(options.provider, 'memory', model, generation, options.names),
  )
  return {
    async describe(memories, adapter) {
      const { ids } = await session.run(memories, adapter)
      const longest = ids!.shape[1]!
      return memories.map((_, index) => {
        const tokens = Array.from(ids!.data.subarray(index * longest, (index + 1) * longest), Number)
        const end = tokens.indexOf(endToken)
        return end < 0 ? tokens : tokens.slice(0, end)
      })
    },
    close: () => session.close(),
  }
}
