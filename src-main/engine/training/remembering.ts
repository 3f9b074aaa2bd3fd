import type { EngineCalls, RememberedPhoto } from '../../contract/engine-calls.ts'
import type { CheckedParamsOf } from '../../contract/rpc.ts'
import { readCheckpoint } from '../captioning/checkpoint.ts'
import { defaultThreads } from '../trial/attempt.ts'
import { openVisualMemory, type VisualMemory } from './visual-memory.ts'

type RememberOptions = CheckedParamsOf<EngineCalls['remember']>

export interface Remembering {
  remember(options: RememberOptions, signal: AbortSignal): Promise<RememberedPhoto[]>
}

/** The tower has weights of its own in memory: it goes when nobody asks any more. */
const keptForMs = 60_000

/** The engine's side of `remember`: the tower of the model that was asked for last stays open for a while. */
export function createRemembering(): Remembering {
  let opened: { key: string; memory: Promise<VisualMemory> } | undefined
  let closing: NodeJS.Timeout | undefined
  /** One after the other: another model has another tower. */
  let last: Promise<unknown> = Promise.resolve()

  async function close(): Promise<void> {
    const closed = opened
    opened = undefined
    await (await closed?.memory.catch(() => undefined))?.close()
  }

  async function memoryFor(options: RememberOptions): Promise<VisualMemory> {
    const { modelDirectory, memoryDirectory, memoryLimitBytes, provider } = options
    const threads = options.threads ?? defaultThreads
    const key = JSON.stringify([modelDirectory, memoryDirectory, memoryLimitBytes, provider, threads])
    if (opened?.key !== key) {
      await close()
      const memory = readCheckpoint(modelDirectory, null).then((checkpoint) =>
        openVisualMemory({ checkpoint, memoryDirectory, memoryLimitBytes, provider, threads }),
      )
      opened = { key, memory }
    }
    return opened.memory
  }

  async function remember(options: RememberOptions, signal: AbortSignal): Promise<RememberedPhoto[]> {
    clearTimeout(closing)
    try {
      const memory = await memoryFor(options)
      const { shape } = memory
      return (await memory.recall(options.photos, signal)).map((photo) =>
        'error' in photo
          ? { contentHash: photo.contentHash, error: photo.error }
          : { contentHash: photo.contentHash, mean: meanOfRows(photo.memory, shape) },
      )
    } finally {
      closing = setTimeout(() => void close(), keptForMs).unref()
    }
  }

  return {
    remember(options, signal) {
      const mine = last.then(() => remember(options, signal))
      last = mine.catch(() => {})
      return mine
    },
  }
}

/** @param memory `[1+N, dv]` @returns `[dv]` */
function meanOfRows(memory: Float32Array, [rows, width]: VisualMemory['shape']): Float32Array {
  const mean = new Float32Array(width)
  for (const [index, value] of memory.entries()) mean[index % width]! += value / rows
  return mean
}
