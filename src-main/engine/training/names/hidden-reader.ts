import type { ProviderName } from '../../../contract/providers.ts'
import { packModel } from '../../captioning/packed-model.ts'
import { openSessionInThread } from '../../captioning/session-thread.ts'
import type { CaptionModel } from '../../model/caption-graph.ts'
import type { AdapterConfig } from '../../model/configuration.ts'
import { buildHiddenGraph } from '../../model/teacher-forced-graph.ts'
import { memoryLength } from '../../model/vision-tower.ts'
import { FedWeights } from '../../model/weights.ts'

/** Tells what the decoder chooses each word of given captions from. */
export interface HiddenReader {
  /** Of a row: d. */
  readonly width: number
  /**
   * @param memory `[1+N, dv]`
   * @param caption tokens without start and end token; what does not fit into the decoder's positions is left out
   * @returns `[d]` for each token, from which it was chosen
   */
  read(memory: Float32Array, caption: readonly number[]): Promise<Float32Array[]>
  close(): Promise<void>
}

/**
 * @param adapter its tensors by name
 * @throws LensloreError `PROVIDER_UNAVAILABLE`, `ENGINE_FAILED`
 */
export async function openHiddenReader(
  model: CaptionModel,
  config: AdapterConfig,
  adapter: ReadonlyMap<string, Float32Array>,
  provider: ProviderName,
  threads: number,
): Promise<HiddenReader> {
  const fed = new FedWeights()
  const decoder = { ...model.decoder, adapter: { config, weights: fed } }
  const { startToken, positions, width } = decoder.config
  const graph = buildHiddenGraph({ ...model, decoder }, positions)
  const session = await openSessionInThread(await packModel(graph), provider, threads)
  const shape = [1, memoryLength(model.vision.config), model.vision.config.width]
  return {
    width,
    async read(memory, caption) {
      // What fills the text up stands behind it, where no token of it looks.
      const tokens = [startToken, ...caption, ...Array<number>(positions).fill(startToken)].slice(
        0,
        positions,
      )
      const { hidden } = await session.run({
        memory: { data: memory, shape },
        tokens: { data: BigInt64Array.from(tokens, BigInt), shape: [1, positions] },
        ...fed.feed(adapter),
      })
      const rows = hidden!.data as Float32Array
      return Array.from({ length: Math.min(caption.length, positions) }, (_, at) =>
        rows.slice(at * width, (at + 1) * width),
      )
    },
    close: () => session.close(),
  }
}
