import { LensloreError } from '../../contract/errors.ts'
import type { CaptionModel } from '../model/caption-graph.ts'
import type { Graph } from '../model/graph.ts'
import {
  buildPictureEmbeddingGraph,
  buildTextEmbeddingGraph,
  type TextEncoder,
} from '../model/text-encoder.ts'
import { createKeptOpen } from './kept-open.ts'
import type { Session, SessionTensor } from './session.ts'
import type { CaptionTokenizer } from './tokenizer.ts'

/** Brings pictures and texts to the space in which they meet; vectors are `[p]` of unit length. */
export interface Embedder {
  /** @throws LensloreError `INVALID_ARGUMENT` for a base without such a space */
  pictures(pixels: SessionTensor): Promise<Float32Array[]>
  /** What is longer than the encoder reads is cut. @throws LensloreError as `pictures` */
  texts(texts: readonly string[]): Promise<Float32Array[]>
  close(): Promise<void>
}

/** Opens graphs of its own beside the captioning one when it is asked first. */
export function createEmbedder(
  { vision, text: encoder }: CaptionModel,
  tokenizer: CaptionTokenizer,
  open: (graph: Graph) => Promise<Session>,
): Embedder {
  const towers = createKeptOpen<Session>()
  const readers = createKeptOpen<Session>()

  return {
    async pictures(pixels) {
      const graph = () => buildPictureEmbeddingGraph(vision, known(encoder))
      const { pictures } = await towers.use(
        '',
        () => open(graph()),
        (session) => session.run({ pixels }),
      )
      return rowsOf(pictures!)
    },
    async texts(texts) {
      const tokens = tokensOf(texts, known(encoder), tokenizer)
      const graph = () => buildTextEmbeddingGraph(known(encoder))
      const { text } = await readers.use(
        '',
        () => open(graph()),
        (session) => session.run({ tokens }),
      )
      return rowsOf(text!)
    },
    async close() {
      await towers.close()
      await readers.close()
    },
  }
}

/** The rows of `[B, p]`. */
export function rowsOf({ data, shape }: SessionTensor): Float32Array[] {
  const [rows, width] = shape as [number, number]
  return Array.from({ length: rows }, (_, row) =>
    Float32Array.from(data.subarray(row * width, (row + 1) * width), Number),
  )
}

function tokensOf(
  texts: readonly string[],
  { config: { startToken, endToken, positions } }: TextEncoder,
  tokenizer: CaptionTokenizer,
): SessionTensor {
  const read = texts.map((text) => tokenizer.encode(text).slice(0, positions - 2))
  const length = 2 + Math.max(...read.map((ids) => ids.length))
  const rows = read.flatMap((ids) => [
    startToken,
    ...ids,
    ...Array<number>(length - 1 - ids.length).fill(endToken),
  ])
  return { data: BigInt64Array.from(rows, BigInt), shape: [texts.length, length] }
}

function known(encoder: TextEncoder | null): TextEncoder {
  if (encoder) return encoder
  throw new LensloreError('INVALID_ARGUMENT', 'This model has no space in which pictures and texts meet.')
}
