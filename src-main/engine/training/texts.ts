import type { CaptionTokenizer } from '../captioning/tokenizer.ts'
import type { DecoderConfig } from '../model/configuration.ts'

/** A caption of a photo as the decoder learns it. */
export interface Text {
  /** The photo: its place in the plan's examples. */
  example: number
  /** The start token and the words' tokens, as the decoder reads them. */
  tokens: readonly number[]
  /** What follows each of them, the end token last. */
  targets: readonly number[]
  /** What a token of it counts. */
  weight: number
}

/**
 * A caption's tokens, without start and end. One that begins with a small letter is written as words within a sentence are, after a
 * space: tokens of words come with it, and without it "girl" is spelled from pieces that the decoder hardly knows ("g", "ly").
 */
export function encodeCaption({ encode }: Pick<CaptionTokenizer, 'encode'>, text: string): number[] {
  return encode(/^\p{Ll}/u.test(text) ? ` ${text}` : text)
}

/** What does not fit into the decoder's positions is left out, and with it the end. */
export function toText(
  example: number,
  tokenIds: readonly number[],
  weight: number,
  { startToken, endToken, positions }: DecoderConfig,
): Text {
  const tokens = [startToken, ...tokenIds].slice(0, positions)
  return { example, tokens, targets: [...tokenIds, endToken].slice(0, tokens.length), weight }
}
