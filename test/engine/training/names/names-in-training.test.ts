import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  type TrainingExample,
  type TrainingPlan,
  trainedAdapterFileName,
} from '../../../../src-main/contract/training.ts'
import { readAdapterFile } from '../../../../src-main/engine/captioning/adapter-file.ts'
import { openCaptioner } from '../../../../src-main/engine/captioning/captioner.ts'
import { preparePicture } from '../../../../src-main/engine/imaging/picture.ts'
import { normalisePixels } from '../../../../src-main/engine/imaging/pixels.ts'
import { readPreprocessing } from '../../../../src-main/engine/imaging/preprocessing.ts'
import { runTraining } from '../../../../src-main/engine/training/training-run.ts'
import { makeExamples, writeModel, writePicture, writePlan } from '../taught-model.ts'

// Green pictures are called by a name, which the model never learned to say: it is trained for a single step.

const name = 'tub'
let directory: string
let examples: TrainingExample[]

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-names-'))
  await writeModel(join(directory, 'model'))
  examples = (await makeExamples(join(directory, 'pictures'), 60, 1)).map((example) => ({
    ...example,
    fold: null,
  }))
})
after(() => rm(directory, { recursive: true }))

async function teach(run: string, parts: Partial<TrainingPlan>) {
  const runDirectory = join(directory, run)
  await writePlan(directory, runDirectory, {
    examples,
    settings: { maxSteps: 1, rate: 1e-6, replayBatchSize: 0 },
    ...parts,
  })
  const signal = new AbortController().signal
  const outcome = await runTraining(runDirectory, { signal, onProgress: () => {} })
  return { outcome, adapterPath: join(runDirectory, trainedAdapterFileName) }
}

async function describe(adapterPath: string | null, indices: readonly number[]): Promise<string[]> {
  const modelDirectory = join(directory, 'model')
  const captioner = await openCaptioner({ modelDirectory, adapterPath, provider: 'cpu', threads: 1 })
  try {
    const input = readPreprocessing(captioner.preprocessorConfig)
    const pictures = await Promise.all(
      indices.map(async (index) => {
        const { path } = await writePicture(join(directory, 'new'), index)
        return (await preparePicture(path, { input, thumbnailDirectory: null })).pixels
      }),
    )
    const captions = await captioner.caption(normalisePixels(pictures, input), pictures.length)
    return captions.map(({ text }) => text)
  } finally {
    await captioner.close()
  }
}

test('a name is recognised in new pictures and said, by an adapter that hardly learned anything else', async () => {
  const { outcome, adapterPath } = await teach('taught', { names: [{ text: name }] })
  const [learned] = outcome.names
  assert.deepEqual([learned!.text, learned!.kind, learned!.photos], [name, 'other', 20])
  assert.ok(learned!.recognised >= 18 && learned!.low < learned!.recognised / 20)

  const indices = Array.from({ length: 30 }, (_, index) => 900 + index)
  const captions = await describe(adapterPath, indices)
  const before = await describe(null, indices)
  for (const [at, index] of indices.entries()) {
    if (index % 3 === 1) assert.match(captions[at]!, /tub/)
    else assert.equal(captions[at], before[at], 'of others it says what it said')
    assert.doesNotMatch(before[at]!, /tub/)
  }
})

test('names that no label has are left out, others go on with the adapter that knew them', async () => {
  const first = await teach('first', { names: [{ text: name }, { text: 'owl' }] })
  assert.deepEqual(
    first.outcome.names.map(({ text }) => text),
    [name],
  )
  const second = await teach('second', {
    start: { adapterPath: first.adapterPath },
    names: [{ text: 'sky', kind: 'person' }],
  })
  const { names } = await readAdapterFile(second.adapterPath)
  assert.deepEqual(
    names.map(({ text, kind }) => [text, kind]),
    [
      [name, 'other'],
      ['sky', 'person'],
    ],
  )
  const again = await teach('again', { start: { adapterPath: second.adapterPath }, names: [{ text: name }] })
  const relearned = await readAdapterFile(again.adapterPath)
  assert.deepEqual(
    relearned.names.map(({ text }) => text),
    ['sky', name],
  )
  const [green, blue] = await describe(again.adapterPath, [901, 902])
  assert.match(green!, /tub/)
  assert.match(blue!, /sky/)
})
