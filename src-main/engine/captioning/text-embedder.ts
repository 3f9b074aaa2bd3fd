import type { EmbeddedText, ModelSpace } from '../../contract/engine-calls.ts'
import { LensloreError } from '../../contract/errors.ts'
import { buildTextEmbeddingGraph } from '../model/text-encoder.ts'
import { readCheckpoint } from './checkpoint.ts'
import { createKeptOpen } from './kept-open.ts'
import { packModel } from './packed-model.ts'
import type { Session } from './session.ts'
import { openSessionInThread } from './session-thread.ts'
import { readTokenizer } from './tokenizer.ts'

export interface TextEmbedder {
  /**
   * What is longer than the encoder reads is cut.
   * @throws LensloreError `MODEL_INCOMPLETE` where the model has no text encoder; as `readCheckpoint` and `openSession`
   */
  embed(modelDirectory: string, text: string): Promise<EmbeddedText>
  /** Errors as of `embed`. */
  space(modelDirectory: string): Promise<ModelSpace>
  close(): Promise<void>
}

interface OpenEncoder {
  space: ModelSpace
  embed(text: string): Promise<EmbeddedText>
  close(): Promise<void>
}

/** Opens the text encoder alone, on the processor, beside whatever captions; it goes when nobody has asked for a while. */
export function createTextEmbedder(): TextEmbedder {
  const kept = createKeptOpen<OpenEncoder>()
  const use = <T>(modelDirectory: string, work: (encoder: OpenEncoder) => Promise<T>) =>
    kept.use(modelDirectory, () => openEncoder(modelDirectory), work)
  return {
    embed: (modelDirectory, text) => use(modelDirectory, (encoder) => encoder.embed(text)),
    space: (modelDirectory) => use(modelDirectory, async (encoder) => encoder.space),
    close: () => kept.close(),
  }
}

const wordsOfSentence = 6

async function openEncoder(modelDirectory: string): Promise<OpenEncoder> {
  const { space, model } = await readCheckpoint(modelDirectory, null)
  if (!space || !model.text) {
    throw new LensloreError(
      'MODEL_INCOMPLETE',
      'This model cannot search by meaning: it has no text encoder. Choose one that has, such as the one that comes along.',
    )
  }
  const { startToken, endToken, positions } = model.text.config
  const tokenizer = await readTokenizer(space)
  const graph = buildTextEmbeddingGraph(model.text, 'L')
  const { id: spaceId, leastCosine, leastSentenceCosine, leastPictureCosine } = space
  const meeting = { spaceId, leastCosine, leastPictureCosine }
  const session: Session = await openSessionInThread(await packModel(graph), 'cpu', 1)
  return {
    space: meeting,
    async embed(text) {
      const ids = [startToken, ...tokenizer.encode(asInSentence(text)).slice(0, positions - 2), endToken]
      const tokens = { data: BigInt64Array.from(ids, BigInt), shape: [1, ids.length] }
      const outputs = await session.run({ tokens })
      const embedding = outputs.text!.data as Float32Array
      return { ...meeting, leastCosine: isSentence(text) ? leastSentenceCosine : leastCosine, embedding }
    },
    close: () => session.close(),
  }
}

/** Who describes a photo looks for that one, and would rather see it among others than not at all. */
function isSentence(text: string): boolean {
  return (text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0) >= wordsOfSentence
}

/**
 * The texts that an encoder learned from begin with a capital, and in a byte-level vocabulary `puppy` at the beginning is made of other tokens
 * than it is behind a space. Who types in small letters means the latter; a CLIP's vocabulary has no difference.
 */
function asInSentence(text: string): string {
  return /^\p{Ll}/u.test(text) ? ` ${text}` : text
}
