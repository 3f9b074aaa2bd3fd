import type { AdapterName, NameKind } from '../../../contract/adapters.ts'
import { saysName } from '../../../contract/names.ts'
import type { CaptionTokenizer } from '../../captioning/tokenizer.ts'
import { float32Tensor, type TensorToWrite } from '../../model/safetensors.ts'
import { describeMemory } from './describe-memory.ts'
import type { HiddenReader } from './hidden-reader.ts'
import type { LinearRule } from './logistic-regression.ts'
import { findParting, findTokens, trainPlace } from './place.ts'
import { type DescribedPhoto, type Recogniser, trainRecogniser } from './recogniser.ts'

/** A photo that names are learned from. */
export interface NamedPhoto {
  /** `[1+N, dv]` */
  memory: Float32Array
  /** What a person says of it; none where nobody said anything. */
  captions: readonly string[]
  /** Near duplicates have one number. */
  group: number
}

export interface LearnedName extends AdapterName {
  recogniser: Recogniser
  place: LinearRule
}

export interface NameLessons {
  names: readonly { text: string; kind: NameKind }[]
  photos: readonly NamedPhoto[]
  /** What the model says without names, as tokens. */
  spoken: readonly (readonly number[])[]
  tokenizer: CaptionTokenizer
  /** Of the decoder that will say them: with its adapter as it is when its training is done. */
  reader: HiddenReader
  /** Of a row of a memory. */
  memoryWidth: number
  /** Called before each name; what it throws is thrown. */
  checkForStop?: () => Promise<void>
}

/**
 * Learns to recognise names and where to say them. A name that no caption has is left out, and so is every name where all photos
 * have it.
 */
export async function trainNames(lessons: NameLessons): Promise<LearnedName[]> {
  const { photos, spoken, tokenizer, memoryWidth } = lessons
  const described: DescribedPhoto[] = photos.map(({ memory, captions, group }) => ({
    description: describeMemory(memory, memoryWidth),
    group,
    isSure: captions.length > 0,
  }))
  const spelled = lessons.names.map((name) => ({ ...name, ...spellName(name.text, tokenizer) }))
  const learned: LearnedName[] = []
  for (const name of spelled) {
    await lessons.checkForStop?.()
    const isNamed = photos.map(({ captions }) => captions.some((caption) => saysName(caption, name.text)))
    const named = described.filter((_, index) => isNamed[index])
    const others = described.filter((_, index) => !isNamed[index])
    if (named.length === 0 || others.length === 0) continue
    const rest = spelled.filter((other) => other !== name)
    learned.push({
      ...name,
      startParting: findParting(
        name.startTokens,
        [...spoken, ...rest.map((other) => other.startTokens)],
        true,
      ),
      parting: findParting(name.tokens, [...spoken, ...rest.map((other) => other.tokens)], false),
      recogniser: trainRecogniser(named, others),
      place: await learnPlace(
        name,
        photos.filter((_, index) => isNamed[index]),
        lessons,
      ),
    })
  }
  return learned
}

/** The tokens of a name as a text begins with it, and as it goes on with it. */
export function spellName(
  text: string,
  tokenizer: CaptionTokenizer,
): { startTokens: number[]; tokens: number[] } {
  return { startTokens: tokenizer.encode(text), tokens: tokenizer.encode(` ${text}`) }
}

async function learnPlace(
  name: { text: string; startTokens: number[]; tokens: number[] },
  photos: readonly NamedPhoto[],
  { tokenizer, reader }: NameLessons,
): Promise<LinearRule> {
  const begins: Float32Array[] = []
  const others: Float32Array[] = []
  for (const { memory, captions } of photos) {
    for (const caption of captions) {
      const tokens = tokenizer.encode(caption)
      const at = findTokens(tokens, name)
      if (at < 0) continue
      const rows = await reader.read(memory, tokens.slice(0, at + 1))
      if (rows.length <= at) continue
      others.push(...rows.slice(0, at))
      begins.push(rows[at]!)
    }
  }
  return trainPlace(begins, others, reader.width)
}

/** The tensors of names as an adapter's file has them. @param from how many names are before them */
export function tensorsOfNames(names: readonly LearnedName[], from = 0): Map<string, TensorToWrite> {
  const tensors = new Map<string, TensorToWrite>()
  for (const [index, { recogniser, place }] of names.entries()) {
    const parts = {
      weight: recogniser.weight,
      bias: Float32Array.from(recogniser.biases),
      'place.weight': place.weight,
      'place.bias': Float32Array.of(place.bias),
    }
    for (const [part, data] of Object.entries(parts))
      tensors.set(`names.${from + index}.${part}`, float32Tensor([data.length], data))
  }
  return tensors
}

/** What an adapter's file says of names beside their tensors. */
export function describeNames(names: readonly LearnedName[]): AdapterName[] {
  return names.map(({ text, kind, startTokens, startParting, tokens, parting }) => ({
    text,
    kind,
    startTokens,
    startParting,
    tokens,
    parting,
  }))
}
