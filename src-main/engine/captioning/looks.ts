import type { TextAttention } from '../../contract/records.ts'
import type { CaptionModel } from '../model/caption-graph.ts'
import type { Graph } from '../model/graph.ts'
import { buildLookingGraph } from '../model/teacher-forced-graph.ts'
import { memorySide } from '../model/vision-tower.ts'
import { createKeptOpen } from './kept-open.ts'
import type { Session, SessionTensor } from './session.ts'
import type { CaptionTokenizer, Word } from './tokenizer.ts'

/** Where a model looks while it says a text, whatever of the picture it got. */
export type Looks = Omit<TextAttention, 'text' | 'seen'>

export interface Looker {
  look(pixels: SessionTensor, text: string): Promise<Looks>
  close(): Promise<void>
}

/** A graph is for texts of up to one length; a person's are longer than a model's. */
const shortestText = 16

/** Opens a graph of its own beside the captioning one when it is asked first, for it looks all tokens over at once. */
export function createLooker(
  model: CaptionModel,
  tokenizer: CaptionTokenizer,
  open: (graph: Graph) => Promise<Session>,
): Looker {
  const { startToken, positions } = model.decoder.config
  const side = memorySide(model.vision.config)
  /** A longer text has another session. */
  const kept = createKeptOpen<Session>()

  return {
    async look(pixels, text) {
      const tokenIds = tokenizer.encode(text).slice(0, positions - 1)
      let length = shortestText
      while (length < tokenIds.length + 1) length *= 2
      length = Math.min(length, positions)
      // What fills the text up stands behind it, where no token of it looks.
      const tokens = BigInt64Array.from({ length }, (_, at) => BigInt(tokenIds[at - 1] ?? startToken))
      const { looks } = await kept.use(
        String(length),
        () => open(buildLookingGraph(model, length)),
        (session) => session.run({ pixels, tokens: { data: tokens, shape: [1, length] } }),
      )
      const words = tokenizer.words(tokenIds)
      const weights = readLooks(looks!, 0, words, side)
      const places = placeWords(text, words)
      return {
        rows: side,
        columns: side,
        words: places.flatMap(({ start, end }, word) =>
          end > start ? [{ start, end, weights: weights[word]! }] : [],
        ),
      }
    },
    close: () => kept.close(),
  }
}

/** Where each word stands in its text; as a tokenizer may write another case, without regard to it. */
export function placeWords(
  text: string,
  words: readonly Word[],
): { text: string; start: number; end: number }[] {
  const searched = text.toLowerCase()
  let at = 0
  return words.map((word) => {
    const start = Math.max(at, searched.indexOf(word.text.toLowerCase(), at))
    at = Math.min(start + word.text.length, text.length)
    return { text: text.slice(start, at), start, end: at }
  })
}

/**
 * A word's look over the places is the mean over its tokens', the row for the whole picture left out.
 * @param looks `[B, T, 1+N]`, a row for each token
 */
export function readLooks(
  { data, shape }: SessionTensor,
  index: number,
  words: readonly Word[],
  side: number,
): Float32Array[] {
  const [, longest, width] = shape as [number, number, number]
  return words.map(({ start, end }) => {
    const weights = new Float32Array(side * side)
    for (let token = start; token < end; token++) {
      const at = (index * longest + token) * width + 1
      const row = (data as Float32Array).subarray(at, at + weights.length)
      for (const [place, weight] of row.entries()) weights[place]! += weight / (end - start)
    }
    return weights
  })
}
