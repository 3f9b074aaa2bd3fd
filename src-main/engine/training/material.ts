import { LensloreError } from '../../contract/errors.ts'
import type { TrainingExample } from '../../contract/training.ts'
import { type CaptionTokenizer, readTokenizer } from '../captioning/tokenizer.ts'
import { encodeCaption, type Text, toText } from './texts.ts'
import { openVisualMemory, type VisualMemory, type VisualMemoryOptions } from './visual-memory.ts'

/** What a run learns from and is judged by: photos as their visual memory, and captions as tokens. */
export interface Material {
  readonly examples: readonly TrainingExample[]
  /** Rows and width of a memory. */
  readonly memoryShape: VisualMemory['shape']
  readonly tokenizer: CaptionTokenizer
  /**
   * Sees to it that every photo's memory is kept.
   * @returns why some cannot be read, by their places in the examples
   * @throws LensloreError `CANCELLED` through the signal
   */
  remember(onProgress: (done: number) => void, signal: AbortSignal): Promise<Map<number, string>>
  /**
   * @returns memories `[1+N, dv]` in the order of the examples
   * @throws LensloreError as the photo, where one cannot be read any more
   */
  recall(examples: readonly number[]): Promise<Float32Array[]>
  /** All captions of some examples. */
  textsOf(examples: readonly number[]): Text[]
  /** What a model said itself. */
  toText(example: number, tokenIds: readonly number[]): Text
  close(): Promise<void>
}

/** Photos whose memories are seen to between two signs of progress. */
const atOnce = 64

export async function openMaterial(
  examples: readonly TrainingExample[],
  options: VisualMemoryOptions,
): Promise<Material> {
  const { checkpoint } = options
  const memory = await openVisualMemory(options)
  const tokenizer = await readTokenizer(checkpoint)
  const { config } = checkpoint.model.decoder
  const photoOf = (example: number) => {
    const { contentHash, path } = examples[example]!
    return { contentHash, path }
  }

  return {
    examples,
    memoryShape: memory.shape,
    tokenizer,
    async remember(onProgress, signal) {
      const unreadable = new Map<number, string>()
      for (let at = 0; at < examples.length; at += atOnce) {
        const some = [...examples.keys()].slice(at, at + atOnce)
        const found = await memory.recall(some.map(photoOf), signal)
        for (const [index, photo] of found.entries())
          if ('error' in photo) unreadable.set(at + index, photo.error.message)
        onProgress(at + some.length)
      }
      return unreadable
    },
    async recall(chosen) {
      return (await memory.recall(chosen.map(photoOf))).map((photo) => {
        if ('memory' in photo) return photo.memory
        throw new LensloreError(photo.error.code, photo.error.message)
      })
    },
    textsOf: (chosen) =>
      chosen.flatMap((example) =>
        examples[example]!.captions.map(({ text, weight }) =>
          toText(example, encodeCaption(tokenizer, text), weight, config),
        ),
      ),
    toText: (example, tokenIds) => toText(example, tokenIds, 1, config),
    close: () => memory.close(),
  }
}
