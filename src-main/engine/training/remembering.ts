import type { EngineCalls, RememberedPhoto } from '../../contract/engine-calls.ts'
import type { CheckedParamsOf } from '../../contract/rpc.ts'
import { readCheckpoint } from '../captioning/checkpoint.ts'
import { createKeptOpen } from '../captioning/kept-open.ts'
import { defaultThreads } from '../trial/attempt.ts'
import { meanOfRows, openVisualMemory, type VisualMemory } from './visual-memory.ts'

type RememberOptions = CheckedParamsOf<EngineCalls['remember']>

export interface Remembering {
  remember(options: RememberOptions, signal: AbortSignal): Promise<RememberedPhoto[]>
}

/** The engine's side of `remember`: the tower of the model that was asked for last stays open for a while. */
export function createRemembering(): Remembering {
  const kept = createKeptOpen<VisualMemory>()
  return {
    remember({ photos, modelDirectory, threads = defaultThreads, ...rest }, signal) {
      const open = async () => {
        const checkpoint = await readCheckpoint(modelDirectory, null)
        return openVisualMemory({ checkpoint, threads, ...rest })
      }
      return kept.use(JSON.stringify([modelDirectory, threads, rest]), open, async (memory) =>
        (await memory.recall(photos, signal)).map((photo) =>
          'error' in photo
            ? { contentHash: photo.contentHash, error: photo.error }
            : { contentHash: photo.contentHash, mean: meanOfRows(photo.memory, memory.shape[1]) },
        ),
      )
    },
  }
}
