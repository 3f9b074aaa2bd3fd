import { Tokenizer } from '@huggingface/tokenizers'
import { LensloreError } from '../../contract/errors.ts'
import { type Checkpoint, readModelJson } from './checkpoint.ts'

/** A word of a caption and the tokens it is made of, first and end as indices into the caption's tokens. */
export interface Word {
  text: string
  start: number
  end: number
}

export interface CaptionTokenizer {
  /** As a caption that begins with this text, without start and end token. */
  encode(text: string): number[]
  /** The model's own casing, without spaces around. */
  decode(ids: readonly number[]): string
  /** Of the first so many tokens those that go on with the word before them: all but those that begin with a space or a sign. */
  gluing(vocabulary: number): number[]
  /** Tokens together as words: a token that begins with a space begins a word. */
  words(ids: readonly number[]): Word[]
}

/** How byte-level BPE writes a space. */
const spaceMark = 'Ġ'
/** A space, a tabulator or the end of a line, as it writes them, or a sign of ASCII. */
const beginsAnew = /^[ĠĉĊč!-/:-@[-`{-~]/u

/** @throws LensloreError `MODEL_INCOMPLETE` for a model without tokenizer.json, `CHECKPOINT_INVALID` */
export async function readTokenizer({
  tokenizerDirectories,
}: Pick<Checkpoint, 'tokenizerDirectories'>): Promise<CaptionTokenizer> {
  const source = await readModelJson(tokenizerDirectories, 'tokenizer.json')
  const tokenizer = openTokenizer(source, tokenizerDirectories[0]!)
  const decode = (ids: readonly number[]): string =>
    ids.length === 0 ? '' : tokenizer.decode([...ids], { skip_special_tokens: true }).trim()

  return {
    encode: (text) => [...tokenizer.encode(text, { add_special_tokens: false }).ids],
    decode,
    gluing: (vocabulary) =>
      [...Array(vocabulary).keys()].filter((id) => {
        const token = tokenizer.id_to_token(id)
        return token !== undefined && !beginsAnew.test(token)
      }),
    words(ids) {
      const starts = ids
        .map((_, index) => index)
        .filter((index) => index === 0 || tokenizer.id_to_token(ids[index]!)?.startsWith(spaceMark))
      return starts.map((start, word) => {
        const end = starts[word + 1] ?? ids.length
        return { text: decode(ids.slice(start, end)), start, end }
      })
    },
  }
}

function openTokenizer(source: unknown, where: string): Tokenizer {
  try {
    return new Tokenizer(source as object, { clean_up_tokenization_spaces: false })
  } catch (cause) {
    throw new LensloreError('CHECKPOINT_INVALID', `The tokenizer of ${where} cannot be used.`, { cause })
  }
}
