import type { ProviderName } from '../../contract/providers.ts'
import { packModel } from '../captioning/packed-model.ts'
import { openSessionInThread } from '../captioning/session-thread.ts'
import { buildRecallGraph, type CaptionModel, type GenerationConfig } from '../model/caption-graph.ts'
import type { AdapterConfig } from '../model/configuration.ts'
import type { SayableNames } from '../model/names.ts'
import { memoryLength } from '../model/vision-tower.ts'
import { FedWeights } from '../model/weights.ts'

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
export async function openRecaller(options: {
  model: CaptionModel
  adapter: AdapterConfig
  names: SayableNames
  generation: GenerationConfig
  provider: ProviderName
  threads: number
}): Promise<Recaller> {
  const { model, adapter, names, provider, threads } = options
  const { positions } = model.decoder.config
  const maxNewTokens = Math.min(options.generation.maxNewTokens, positions)
  const generation = { ...options.generation, maxNewTokens }
  const fed = new FedWeights()
  const decoder = { ...model.decoder, adapter: { config: adapter, weights: fed } }
  const graph = buildRecallGraph({ ...model, decoder, text: null }, generation, names)
  const session = await openSessionInThread(await packModel(graph), provider, threads)
  const { vision } = model
  const shape = [memoryLength(vision.config), vision.config.width]
  const { endToken } = decoder.config

  return {
    async describe(memories, tensors) {
      const size = memories[0]!.length
      const data = new Float32Array(memories.length * size)
      for (const [index, memory] of memories.entries()) data.set(memory, index * size)
      const memory = { data, shape: [memories.length, ...shape] }
      const { ids } = await session.run({ memory, ...fed.feed(tensors) })
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
