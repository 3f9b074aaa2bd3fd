import type { ProviderName } from '../../contract/providers.ts'
import { packSearch } from '../captioning/search-session.ts'
import type { SessionTensor } from '../captioning/session.ts'
import { openSessionInThread } from '../captioning/session-thread.ts'
import type { CaptionModel } from '../model/caption-graph.ts'
import type { AdapterConfig } from '../model/configuration.ts'
import type { Graph } from '../model/graph.ts'
import type { SearchInPieces } from '../model/search-in-pieces.ts'
import { memoryLength } from '../model/vision-tower.ts'
import { FedWeights } from '../model/weights.ts'

/** A graph that reads visual memory, with an adapter that changes from run to run. */
export interface MemorySession {
  /**
   * @param memories each `[1+N, dv]`
   * @param adapter the adapter's tensors by name
   * @param more what else the graph is fed
   * @throws LensloreError `ENGINE_FAILED`
   */
  run(
    memories: readonly Float32Array[],
    adapter: ReadonlyMap<string, Float32Array>,
    more?: Readonly<Record<string, SessionTensor>>,
  ): Promise<Record<string, SessionTensor>>
  close(): Promise<void>
}

export interface MemorySessionOptions {
  model: CaptionModel
  /** What the adapters are like; the model's own is left out. */
  adapter: AdapterConfig
  provider: ProviderName
  threads: number
}

/** @param build the graph over a model whose adapter is fed and which has no text encoder */
export async function openMemorySession(
  { model, adapter, provider, threads }: MemorySessionOptions,
  build: (model: CaptionModel) => Graph | SearchInPieces,
): Promise<MemorySession> {
  const fed = new FedWeights()
  const decoder = { ...model.decoder, adapter: { config: adapter, weights: fed } }
  const graph = build({ ...model, decoder, text: null })
  const session = await openSessionInThread(await packSearch(graph), provider, threads)
  const { config } = model.vision
  const shape = [memoryLength(config), config.width]

  return {
    run(memories, tensors, more = {}) {
      const size = memories[0]!.length
      const data = new Float32Array(memories.length * size)
      for (const [index, memory] of memories.entries()) data.set(memory, index * size)
      const memory = { data, shape: [memories.length, ...shape] }
      return session.run({ ...more, memory, ...fed.feed(tensors) })
    },
    close: () => session.close(),
  }
}
