import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { ProviderName } from '../contract/engine-calls.ts'
import { exitStatusByCode, LensloreError, toErrorRecord } from '../contract/errors.ts'
import { readCheckpoint } from './captioning/checkpoint.ts'
import { openSession, type Session, type SessionTensor } from './captioning/session.ts'
import { buildCaptionGraph, type CaptionModel, type GenerationConfig } from './model/caption-graph.ts'
import type { Graph } from './model/graph.ts'
import { readSafetensorsHeader, readTensor } from './model/safetensors.ts'
import { buildTeacherForcedGraph } from './model/teacher-forced-graph.ts'

/**
 * Compares our graphs with the results of an independent implementation, on the checkpoints of one directory:
 * config.json and weights in our own layout, `inputs.safetensors` with `pixels` `[B, 3, S, S]` and the expected
 * `memory` `[B, 1+N, dv]`, `logits` `[B, T, vocabulary]` and `attention_last` `[B, heads, T, 1+N]`, and
 * `expected.json` with token ids in and out.
 *
 *     node src-main/engine/oracle.ts DIRECTORY
 */

const tolerance = 1e-4

/** Largest absolute differences, and whether the words are the same. */
export interface Agreement {
  memory: number
  logits: number
  attention: number
  greedyEqual: boolean
  beamEqual: boolean
  greedyScoreDifference: number
  beamScoreDifference: number
}

const generated = z.array(z.tuple([z.array(z.int().min(0)), z.number()]))

const expectedFields = z.looseObject({
  /** `[B, T]` */
  input_ids: z.array(z.array(z.int().min(0)).min(1)).min(1),
  /** Ids without start and end token, and the score, of each picture. */
  greedy: generated,
  beam: generated,
  beams: z.int().min(1),
  max_new_tokens: z.int().min(1),
  length_penalty: z.number(),
  bos: z.int().min(0),
  eos: z.int().min(0),
})

type Expected = z.infer<typeof expectedFields>

/**
 * @throws LensloreError where the directory does not hold what it should, or the provider does not open
 */
export async function measureAgreement(
  directory: string,
  provider: ProviderName = 'cpu',
): Promise<Agreement> {
  const expected = await readExpected(directory)
  const model = await readModel(directory, expected)
  const inputs = await readInputs(directory)
  const { input_ids: texts, beams, length_penalty: lengthPenalty, max_new_tokens: maxNewTokens } = expected

  const forced = await runOnce(buildTeacherForcedGraph(model, texts[0]!.length), provider, {
    pixels: inputs.pixels,
    tokens: {
      data: BigInt64Array.from(texts.flat(), BigInt),
      shape: [texts.length, texts[0]!.length],
    },
  })
  // Greedy search is a beam of one whose score is the plain sum.
  const search = async (generation: GenerationConfig) =>
    runOnce(buildCaptionGraph(model, generation), provider, { pixels: inputs.pixels })
  const greedy = await search({ beams: 1, lengthPenalty: 0, maxNewTokens })
  const beam = await search({ beams, lengthPenalty, maxNewTokens })
  const greedyResult = compareCaptions(greedy, expected.greedy, expected.eos)
  const beamResult = compareCaptions(beam, expected.beam, expected.eos)
  return {
    memory: largestDifference('memory', forced.memory, inputs.memory),
    logits: largestDifference('logits', forced.logits, inputs.logits),
    attention: largestDifference('attention', forced.attention, inputs.attention),
    greedyEqual: greedyResult.equal,
    beamEqual: beamResult.equal,
    greedyScoreDifference: greedyResult.scoreDifference,
    beamScoreDifference: beamResult.scoreDifference,
  }
}

/** Whether every figure is within 1e-4 and the words are the same. */
export function agrees(agreement: Agreement): boolean {
  const { memory, logits, attention, beamScoreDifference, greedyEqual, beamEqual } = agreement
  const close = [memory, logits, attention, beamScoreDifference].every((figure) => figure <= tolerance)
  return close && greedyEqual && beamEqual
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

async function readInputs(directory: string): Promise<Record<'pixels' | keyof Forced, SessionTensor>> {
  const header = await readSafetensorsHeader(join(directory, 'inputs.safetensors'))
  const read = async (name: string) => ({
    data: await readTensor(header, name),
    shape: header.tensors.get(name)!.shape,
  })
  return {
    pixels: await read('pixels'),
    memory: await read('memory'),
    logits: await read('logits'),
    attention: await read('attention_last'),
  }
}

type Forced = Pick<Agreement, 'memory' | 'logits' | 'attention'>

async function runOnce(
  graph: Graph,
  provider: ProviderName,
  feeds: Record<string, SessionTensor>,
): Promise<Record<string, SessionTensor>> {
  const session: Session = await openSession(graph, provider, 1)
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
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
  { ids, lengths, scores }: Record<string, SessionTensor>,
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
    const directory = process.argv[2]
    if (directory === undefined) throw new LensloreError('INVALID_ARGUMENT', 'Name a directory.')
    const agreement = await measureAgreement(directory)
    console.log(JSON.stringify(agreement))
    process.exitCode = agrees(agreement) ? 0 : 1
  } catch (thrown) {
    const { code, message } = toErrorRecord(thrown)
    console.error(message)
    process.exitCode = exitStatusByCode[code]
  }
}
