import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { exitStatusByCode, LensloreError, toErrorRecord } from '../contract/errors.ts'
import { type ProviderName, providerNames } from '../contract/providers.ts'
import { readCheckpoint } from './captioning/checkpoint.ts'
import { runOnce } from './captioning/search-session.ts'
import type { SessionTensor } from './captioning/session.ts'
import type { CaptionModel } from './model/caption-graph.ts'
import { readSafetensorsHeader, readTensors } from './model/safetensors.ts'
import { buildSearch } from './model/search-in-pieces.ts'
import { buildTeacherForcedGraph } from './model/teacher-forced-graph.ts'
import {
  buildPictureEmbeddingGraph,
  buildTextEmbeddingGraph,
  type TextEncoder,
} from './model/text-encoder.ts'
import {
  expectedTraining,
  measureTraining,
  type TrainingAgreement,
  trainingFigures,
} from './training/agreement.ts'
import { freeze } from './training/step-graph.ts'

/**
 * Compares our graphs with the results of an independent implementation, on the checkpoints of one directory:
 * config.json and weights in our own layout, `inputs.safetensors` with `pixels` `[B, 3, S, S]` and the expected
 * `memory` `[B, 1+N, dv]`, `logits` `[B, T, vocabulary]` and `attention_last` `[B, heads, T, 1+N]`;
 * `expected.json` with token ids in and out; for a base with a text encoder also `text_ids` there and
 * `embeddings.safetensors` (`text` `[texts, p]`, `pictures` `[B, p]`). Of training, `target_ids`, `loss` and `adamw` there,
 * `gradients.safetensors` and `trained.safetensors`, both by the adapter's names. Parts that the directory lacks are named as
 * not compared.
 *
 *     node src-main/engine/oracle.ts DIRECTORY [PROVIDER]
 */

const tolerance = 1e-4

/** What is compared as numbers. */
const measures = [
  'memory',
  'logits',
  'attention',
  'greedyScore',
  'beamScore',
  'textEmbeddings',
  'pictureEmbeddings',
] as const
type Measure = (typeof measures)[number]

export interface Agreement {
  /** Largest absolute differences of what was compared. */
  differences: Partial<Record<Measure, number>>
  /** Whether the words are the same, where there are words to compare. */
  greedyEqual?: boolean
  beamEqual?: boolean
  /** Of the first batch's loss and gradients, and of the steps of training after it. */
  training?: TrainingAgreement
  /** What the directory does not have. */
  notCompared: string[]
}

const generated = z.array(z.tuple([z.array(z.int().min(0)), z.number()]))

const expectedFields = z.looseObject({
  /** `[B, T]` */
  input_ids: z.array(z.array(z.int().min(0)).min(1)).min(1),
  /** Ids without start and end token, and the score, of each picture. */
  greedy: generated.optional(),
  beam: generated.optional(),
  beams: z.int().min(1),
  max_new_tokens: z.int().min(1),
  length_penalty: z.number(),
  bos: z.int().min(0),
  eos: z.int().min(0),
  /** Without start and end token. */
  text_ids: z.array(z.array(z.int().min(0))).optional(),
})

type Expected = z.infer<typeof expectedFields>
type Tensors = Record<string, SessionTensor>

/**
 * @throws LensloreError where the directory does not hold what it should, or the provider does not open
 */
export async function measureAgreement(
  directory: string,
  provider: ProviderName = 'cpu',
): Promise<Agreement> {
  const expected = await readExpected(directory)
  const model = await readModel(directory, expected)
  const { pixels, ...inputs } = await readFileOfTensors(join(directory, 'inputs.safetensors'))
  if (!pixels) throw new LensloreError('IMPORT_INVALID', `${directory} holds no pixels to compare by.`)
  const agreement: Agreement = { differences: {}, notCompared: [] }

  function compare(
    measure: Measure,
    got: SessionTensor | undefined,
    wanted: SessionTensor | undefined,
  ): void {
    if (wanted) agreement.differences[measure] = largestDifference(measure, got, wanted)
    else agreement.notCompared.push(measure)
  }

  const { input_ids: texts } = expected
  const forcedGraph = buildTeacherForcedGraph(model, texts[0]!.length)
  const forced = await runOnce(forcedGraph, { pixels, tokens: toTokens(texts) }, provider)
  compare('memory', forced.memory, inputs.memory)
  compare('logits', forced.logits, inputs.logits)
  compare('attention', forced.attention, inputs.attention_last)

  const { beams, length_penalty: lengthPenalty, max_new_tokens: maxNewTokens } = expected
  for (const [name, generation] of [
    // Greedy search is a beam of one whose score is the plain sum.
    ['greedy', { beams: 1, lengthPenalty: 0, maxNewTokens }],
    ['beam', { beams, lengthPenalty, maxNewTokens }],
  ] as const) {
    const wanted = expected[name]
    if (!wanted) {
      agreement.notCompared.push(name)
      continue
    }
    const search = buildSearch(provider, 'pixels', model, generation)
    const found = await runOnce(search, { pixels }, provider)
    const { equal, scoreDifference } = compareCaptions(found, wanted, expected.eos)
    agreement[`${name}Equal`] = equal
    agreement.differences[`${name}Score`] = scoreDifference
  }

  const embeddings = await readFileOfTensors(join(directory, 'embeddings.safetensors')).catch(
    nothingWhereMissing,
  )
  const { text } = model
  const canEmbed = text !== null && expected.text_ids !== undefined
  compare(
    'textEmbeddings',
    canEmbed && embeddings.text ? await embedTexts(text, expected.text_ids!, provider) : undefined,
    canEmbed ? embeddings.text : undefined,
  )
  compare(
    'pictureEmbeddings',
    text && embeddings.pictures
      ? (await runOnce(buildPictureEmbeddingGraph(model.vision, text), { pixels }, provider)).pictures
      : undefined,
    text ? embeddings.pictures : undefined,
  )
  await compareTraining(directory, agreement, expected, model, forced.memory!, provider)
  return agreement
}

/** Loss, gradients, steps and the adapter after them, over the memory that our own tower gives. */
async function compareTraining(
  directory: string,
  agreement: Agreement,
  expected: Expected,
  model: CaptionModel,
  memory: SessionTensor,
  provider: ProviderName,
): Promise<void> {
  const { adapter } = model.decoder
  const known = expectedTraining.safeParse(expected)
  if (!adapter || !known.success) {
    agreement.notCompared.push('training')
    return
  }
  const read = async (name: string) =>
    new Map(Object.entries(await readFileOfTensors(join(directory, name)).catch(nothingWhereMissing)))
  const gradients = await read('gradients.safetensors')
  const trained = await read('trained.safetensors')
  agreement.training = await measureTraining({
    frozen: freeze(model, adapter.config, expected.input_ids[0]!.length),
    adapter: await read('itune.safetensors'),
    memory,
    expected: known.data,
    gradients,
    trained,
    provider,
  })
  for (const part of ['gradients', 'steps', 'adapter'] as const) {
    if (!agreement.training[part]) agreement.notCompared.push(part)
  }
}

/** Whether every figure is within 1e-4 and the words are the same; the plain sum of a greedy caption may differ more. */
export function agrees({ differences, greedyEqual, beamEqual, training }: Agreement): boolean {
  const { greedyScore: _plainSum, ...strict } = differences
  const figures = [...Object.values(strict), ...(training ? trainingFigures(training) : [])]
  return (
    figures.length > 0 &&
    figures.every((figure) => figure <= tolerance) &&
    greedyEqual !== false &&
    beamEqual !== false
  )
}

async function readExpected(directory: string): Promise<Expected> {
  const path = join(directory, 'expected.json')
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LensloreError('FILE_NOT_FOUND', `${path} is missing or cannot be read.`, { cause })
  })
  try {
    return expectedFields.parse(JSON.parse(text))
  } catch (cause) {
    throw new LensloreError('IMPORT_INVALID', `${path} does not hold expected results.`, { cause })
  }
}

/** The checkpoints, with the start and end token that the expectation was made with. */
async function readModel(directory: string, { bos, eos }: Expected): Promise<CaptionModel> {
  const { model } = await readCheckpoint(directory, null)
  const config = { ...model.decoder.config, startToken: bos, endToken: eos }
  return { ...model, decoder: { ...model.decoder, config } }
}

async function readFileOfTensors(path: string): Promise<Tensors> {
  const header = await readSafetensorsHeader(path)
  const read = await readTensors(header)
  return Object.fromEntries(
    [...header.tensors].map(([name, { shape }]) => [name, { data: read.get(name)!, shape }]),
  )
}

function nothingWhereMissing(thrown: unknown): Tensors {
  if (thrown instanceof LensloreError && thrown.code === 'FILE_NOT_FOUND') return {}
  throw thrown
}

/** @param texts of one length */
function toTokens(texts: readonly (readonly number[])[]): SessionTensor {
  return { data: BigInt64Array.from(texts.flat(), BigInt), shape: [texts.length, texts[0]!.length] }
}

async function embedTexts(
  encoder: TextEncoder,
  texts: readonly (readonly number[])[],
  provider: ProviderName,
): Promise<SessionTensor | undefined> {
  const { startToken, endToken } = encoder.config
  const length = 2 + Math.max(...texts.map((text) => text.length))
  const filled = texts.map((text) => [startToken, ...text, ...Array(length).fill(endToken)].slice(0, length))
  const graph = buildTextEmbeddingGraph(encoder, length)
  return (await runOnce(graph, { tokens: toTokens(filled) }, provider)).text
}

function largestDifference(name: string, got: SessionTensor | undefined, wanted: SessionTensor): number {
  if (got?.shape.join() !== wanted.shape.join()) {
    throw new LensloreError(
      'IMPORT_INVALID',
      `The expected ${name} has shape [${wanted.shape}], the model gives [${got?.shape ?? 'nothing'}].`,
    )
  }
  // Math.max carries a NaN on, which then agrees with nothing.
  let largest = 0
  for (const [index, value] of wanted.data.entries()) {
    largest = Math.max(largest, Math.abs(Number(value) - Number(got.data[index])))
  }
  return largest
}

function compareCaptions(
  { ids, lengths, scores }: Tensors,
  wanted: z.infer<typeof generated>,
  endToken: number,
): { equal: boolean; scoreDifference: number } {
  const longest = ids!.shape[1]!
  let equal = ids!.shape[0] === wanted.length
  let scoreDifference = 0
  for (const [index, [tokens, score]] of wanted.entries()) {
    const row = Array.from(ids!.data.slice(index * longest, (index + 1) * longest), Number)
    const written = row.slice(0, Number(lengths!.data[index]))
    if (written.at(-1) === endToken) written.pop()
    equal &&= written.join() === tokens.join()
    scoreDifference = Math.max(scoreDifference, Math.abs(score - Number(scores!.data[index])))
  }
  return { equal, scoreDifference }
}

if (import.meta.main) {
  try {
    const [directory, provider = 'cpu'] = process.argv.slice(2)
    const known = providerNames.find((name) => name === provider)
    if (directory === undefined) throw new LensloreError('INVALID_ARGUMENT', 'Name a directory.')
    if (!known) throw new LensloreError('INVALID_ARGUMENT', `There is no provider ${provider}.`)
    const agreement = await measureAgreement(directory, known)
    console.log(JSON.stringify(agreement))
    process.exitCode = agrees(agreement) ? 0 : 1
  } catch (thrown) {
    const { code, message } = toErrorRecord(thrown)
    console.error(message)
    process.exitCode = exitStatusByCode[code]
  }
}
