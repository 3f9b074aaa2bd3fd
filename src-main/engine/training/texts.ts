import type { TrainingExample } from '../../contract/training.ts'
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
  /** Of each target. */
  weight: number
}

/** What does not fit into the decoder's positions is left out, with the end. */
export function toText(
  example: number,
  tokenIds: readonly number[],
  weight: number,
  { startToken, endToken, positions }: DecoderConfig,
): Text {
  const whole = [startToken, ...tokenIds]
  const tokens = whole.slice(0, positions)
  return { example, tokens, targets: [...whole.slice(1), endToken].slice(0, tokens.length), weight }
}

/** All captions of some of the plan's examples. */
export function readTexts(
  examples: readonly TrainingExample[],
  chosen: readonly number[],
  tokenizer: CaptionTokenizer,
  config: DecoderConfig,
): Text[] {
  return chosen.flatMap((example) =>
    examples[example]!.captions.map(({ text, weight }) =>
      toText(example, tokenizer.encode(text), weight, config),
    ),
  )
}
