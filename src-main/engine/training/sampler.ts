import { buildSamplingGraph, type SamplingSettings } from '../model/sampling-graph.ts'
import { type MemorySessionOptions, openMemorySession } from './memory-session.ts'

/** Draws captions of pictures from their visual memory, each as likely as an adapter of the moment holds it at a temperature. */
export interface Sampler {
  /**
   * @param memories each `[1+N, dv]`
   * @param adapter the adapter's tensors by name
   * @param random numbers from 0 to below 1, which decide what is drawn
   * @returns of each picture its captions, as token ids: the end token is the last one, where there is one
   * @throws LensloreError `ENGINE_FAILED`
   */
  draw(
    memories: readonly Float32Array[],
    adapter: ReadonlyMap<string, Float32Array>,
    random: () => number,
  ): Promise<number[][][]>
  close(): Promise<void>
}

export async function openSampler(options: MemorySessionOptions & SamplingSettings): Promise<Sampler> {
  const { samples, longest, model } = options
  const { endToken } = model.decoder.config
  const session = await openMemorySession(options, (fed) => buildSamplingGraph(fed, options))
  return {
    async draw(memories, adapter, random) {
      const shape = [longest, memories.length, samples]
      const data = Float32Array.from({ length: longest * memories.length * samples }, random)
      const { ids } = await session.run(memories, adapter, { chances: { data, shape } })
      const length = ids!.shape[2]!
      return memories.map((_, picture) =>
        Array.from({ length: samples }, (_, sample) => {
          const from = (picture * samples + sample) * length
          const tokens = Array.from(ids!.data.subarray(from, from + length), Number)
          const end = tokens.indexOf(endToken)
          return end < 0 ? tokens : tokens.slice(0, end + 1)
        }),
      )
    },
    close: () => session.close(),
  }
}
