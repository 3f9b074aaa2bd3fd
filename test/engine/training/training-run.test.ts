import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type EngineCalls, type EngineEvents, engineCalls } from '../../../src-main/contract/engine-calls.ts'
import { LensloreError } from '../../../src-main/contract/errors.ts'
import { connect } from '../../../src-main/contract/rpc.ts'
import {
  type TrainingExample,
  type TrainingOutcome,
  type TrainingPlan,
  type TrainingProgress,
  trainedAdapterFileName,
} from '../../../src-main/contract/training.ts'
import { readCheckpoint } from '../../../src-main/engine/captioning/checkpoint.ts'
import { evaluateAdapter } from '../../../src-main/engine/training/evaluate-adapter.ts'
import { runTraining } from '../../../src-main/engine/training/training-run.ts'
import { forkEngine } from '../../../src-main/processes/fork.ts'
import { makeExamples, writeModel, writePicture, writePlan } from './taught-model.ts'

const anyone = new AbortController().signal
let directory: string
let examples: TrainingExample[]

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-training-'))
  await writeModel(join(directory, 'model'))
  examples = await makeExamples(join(directory, 'pictures'), 24, 4)
})
after(() => rm(directory, { recursive: true }))

const settings = {
  batchSize: 6,
  passes: 30,
  rate: 0.02,
  labelSmoothing: 0,
  seed: 5,
  evaluations: 10,
  patience: 10,
}

async function plan(name: string, parts: Partial<TrainingPlan>): Promise<string> {
  const runDirectory = join(directory, name)
  await writePlan(directory, runDirectory, { settings, examples, ...parts })
  return runDirectory
}

async function run(runDirectory: string): Promise<{ outcome: TrainingOutcome; told: TrainingProgress[] }> {
  const told: TrainingProgress[] = []
  const outcome = await runTraining(runDirectory, { signal: anyone, onProgress: (each) => told.push(each) })
  return { outcome, told }
}

test('captions are learned, and photos that were not learned from are described better', async () => {
  const runDirectory = await plan('learns', { heldOut: 'each', folds: 4 })
  const { outcome, told } = await run(runDirectory)
  assert.equal(outcome.verdict, 'better', JSON.stringify(outcome.cider))
  assert.equal(outcome.photos.length, 24)
  assert.deepEqual(
    outcome.photos.map(({ contentHash }) => contentHash).sort(),
    examples.map(({ contentHash }) => contentHash).sort(),
    'each was held out once',
  )
  assert.ok(outcome.better > 18 && outcome.better + outcome.worse + outcome.same === 24)
  assert.ok(outcome.loss!.difference.high < 0)
  assert.ok(outcome.losses.at(-1)! < outcome.losses[0]! / 2)
  assert.equal(outcome.losses.length, outcome.keptSteps)
  assert.ok(outcome.steps > 3 * outcome.keptSteps, 'the steps of all trainings')
  assert.equal(outcome.labels, 24)

  // The adapter that is kept learned from all of them.
  const adapterPath = join(runDirectory, trainedAdapterFileName)
  const { adapterId, model } = await readCheckpoint(join(directory, 'model'), adapterPath)
  assert.match(adapterId!, /^[0-9a-f]{64}$/)
  assert.equal(model.decoder.adapter!.config.rank, 24)
  const comparison = await compareOn(examples, runDirectory)
  assert.equal(comparison.verdict, 'better')
  assert.ok(comparison.photos.every(({ after: said, own }) => said === own[0]))
  assert.ok(comparison.scores!.after.cider > comparison.scores!.before.cider)

  assert.deepEqual(
    [...new Set(told.map(({ phase }) => phase))],
    ['remember', 'replay', 'evaluate', 'train'].filter((phase) => phase !== 'replay'),
  )
  const last = told.at(-1)!
  assert.deepEqual([last.training, last.trainings, last.runDirectory], [5, 5, runDirectory])
  assert.ok(told.every(({ done, total }) => done <= total))
  assert.ok(told.some(({ perSecond, remainingMs }) => perSecond > 0 && remainingMs !== null))
})

test('a run that is over says again what it came to, without its photos', async () => {
  const runDirectory = await plan('again', { settings: { ...settings, passes: 1 } })
  const { outcome } = await run(runDirectory)
  await writeFile(join(runDirectory, 'plan.json'), '{}')
  assert.deepEqual((await run(runDirectory)).outcome, outcome)
})

const same = ({ elapsedMs: _elapsed, ...outcome }: TrainingOutcome) => outcome

test('a run that was killed, twice, goes on to the same numbers, bit for bit', async () => {
  const replayed = examples.slice(12).map((each) => ({ ...each, kind: 'replay' as const, captions: [] }))
  const parts = {
    heldOut: 'each' as const,
    folds: 2,
    examples: [...examples.slice(0, 12).map((each) => ({ ...each, fold: each.group % 2 })), ...replayed],
    settings: { ...settings, batchSize: 4, replayBatchSize: 3, passes: 100 },
  }
  const undisturbed = (await run(await plan('undisturbed', parts))).outcome
  const runDirectory = await plan('killed', parts)
  const seen = []
  for (const after of [40, 230]) seen.push(await killAfterStep(runDirectory, after))
  assert.ok(seen[1]! >= seen[0]!, 'it did not begin anew')
  const { outcome } = await run(runDirectory)
  assert.deepEqual(same(outcome), same(undisturbed))
  assert.deepEqual(await adapterOf(runDirectory), await adapterOf(join(directory, 'undisturbed')))
})

/** @returns the step at which it was, over all trainings of the run */
async function killAfterStep(
  runDirectory: string,
  steps: number,
  ofPhase: TrainingProgress['phase'] = 'train',
): Promise<number> {
  const { channel, kill, gone } = await forkEngine()
  const died = () => new LensloreError('ENGINE_DIED', 'It was killed.')
  const engine = connect<EngineCalls, EngineEvents>(channel, engineCalls, died)
  const reached = Promise.withResolvers<number>()
  engine.on('trainingProgress', ({ phase, done }) => {
    if (phase === ofPhase && done >= steps) reached.resolve(done)
  })
  const training = engine.train({ runDirectory })
  training.catch(() => {})
  const step = await Promise.race([reached.promise, training.then(() => assert.fail('it was over before'))])
  kill()
  await gone
  await assert.rejects(training, { code: 'ENGINE_DIED' })
  return step
}

/** Without the time of its making. */
async function adapterOf(runDirectory: string): Promise<string | null> {
  const path = join(runDirectory, trainedAdapterFileName)
  return (await readCheckpoint(join(directory, 'model'), path)).adapterId
}

/** Words half learned, then training on what they are worth. */
const criticised = {
  heldOut: 'one' as const,
  folds: 2,
  settings: {
    ...settings,
    labelSmoothing: 0.1,
    passes: 16,
    evaluations: 4,
    selfCritical: { steps: 80, photos: 6, samples: 5, rate: 0.01, evaluations: 4 },
  },
}

test('self-critical training: what is drawn becomes worth more, and what was not learned from is described better', async () => {
  const parts = { ...criticised, settings: { ...criticised.settings, selfCritical: null } }
  const without = (await run(await plan('words-alone', parts))).outcome
  assert.equal(without.selfCritical, null)
  const { outcome, told } = await run(await plan('self-critical', criticised))
  assert.deepEqual(outcome.losses, without.losses, 'the words are learned as without it')
  assert.equal(outcome.keptSteps, without.keptSteps)

  const { drawn, heldOut, keptSteps } = outcome.selfCritical!
  assert.equal(drawn.length, 80)
  const mean = (some: number[]) => some.reduce((a, b) => a + b, 0) / some.length
  assert.ok(mean(drawn.slice(-20)) > 2 * mean(drawn.slice(0, 20)), drawn.join(' '))
  assert.deepEqual(
    heldOut.map(({ step }) => step),
    [0, 20, 40, 60, 80],
  )
  const best = heldOut.reduce((a, b) => (b.cider > a.cider ? b : a))
  assert.equal(keptSteps, best.step)
  assert.equal(outcome.steps, without.steps + 80)
  assert.ok(outcome.scores!.after.cider >= without.scores!.after.cider)

  const refining = told.filter(({ phase }) => phase === 'refine')
  assert.ok(refining.every(({ done, total }) => done <= total && total === 80))
  assert.ok(refining.every(({ done, cider }) => (cider !== undefined) === done > 0))
  assert.equal(refining.at(-1)!.done, 80)
})

test('self-critical training of a killed run goes on to the same numbers, bit for bit', async () => {
  const undisturbed = (await run(await plan('refined', criticised))).outcome
  const runDirectory = await plan('refining-killed', criticised)
  await cancelAfterStep(runDirectory, 15, 'refine')
  const at = await killAfterStep(runDirectory, 40, 'refine')
  assert.ok(at >= 40)
  const { outcome, told } = await run(runDirectory)
  assert.ok(
    told.every(({ phase }) => phase !== 'train'),
    'the words were learned before',
  )
  assert.deepEqual(same(outcome), same(undisturbed))
  assert.deepEqual(await adapterOf(runDirectory), await adapterOf(join(directory, 'refined')))
})

test('words that were learned before can be refined alone', async () => {
  const parts = { ...criticised, settings: { ...criticised.settings, selfCritical: null } }
  const learned = await plan('learned', parts)
  const before = (await run(learned)).outcome
  const { outcome } = await run(
    await plan('refined-alone', {
      ...criticised,
      start: { adapterPath: join(learned, trainedAdapterFileName) },
      settings: { ...criticised.settings, passes: 0 },
    }),
  )
  assert.deepEqual([outcome.keptSteps, outcome.losses, outcome.steps], [0, [], 80])
  assert.deepEqual(outcome.scores!.before, before.scores!.after)
  assert.ok(outcome.scores!.after.cider >= outcome.scores!.before.cider)
})

/** @returns once it has stopped, the last step that it told of */
async function cancelAfterStep(
  runDirectory: string,
  steps: number,
  ofPhase: TrainingProgress['phase'],
): Promise<number> {
  const cancel = new AbortController()
  let last = 0
  const training = runTraining(runDirectory, {
    signal: cancel.signal,
    onProgress({ phase, done }) {
      if (phase !== ofPhase) return
      last = done
      if (done >= steps) cancel.abort()
    },
  })
  await assert.rejects(training, { code: 'CANCELLED' })
  return last
}

test('a cancelled run stops within a step and can go on', async () => {
  const parts = { settings: { ...settings, passes: 100 } }
  const { channel, kill } = await forkEngine()
  const engine = connect<EngineCalls, EngineEvents>(channel, engineCalls)
  const runDirectory = await plan('cancelled', parts)
  const cancel = new AbortController()
  const steps: number[] = []
  engine.on('trainingProgress', ({ phase, done }) => {
    if (phase === 'train') steps.push(done)
    if (done >= 20 && phase === 'train') cancel.abort()
  })
  await assert.rejects(engine.train({ runDirectory }, { signal: cancel.signal }), { code: 'CANCELLED' })
  const stoppedAt = steps.at(-1)!
  const { outcome } = await run(runDirectory)
  assert.ok(stoppedAt < 400 && outcome.losses.length === 400)
  assert.deepEqual(
    same(outcome),
    same((await run(await plan('not-cancelled', parts))).outcome),
    'as one that was not cancelled',
  )
  // The process can do other work afterwards.
  assert.ok((await engine.memory({})).rssBytes > 0)
  kill()
})

test('one split is trained until its other part says so, and judged by photos that had no say', async () => {
  // What the stopping part says contradicts the others: the more is learned of them, the worse it is for it, after a while.
  const contrary = examples.map((each) =>
    each.fold === 1 ? { ...each, captions: [{ text: 'wrong', weight: 1 }] } : each,
  )
  const parts = {
    heldOut: 'one' as const,
    folds: 2,
    examples: contrary,
    settings: { ...settings, patience: 2 },
  }
  const { outcome } = await run(await plan('one', parts))
  assert.equal(outcome.photos.length, 6)
  assert.equal(outcome.stoppedBy, 'held-out-loss')
  assert.ok(outcome.keptSteps < outcome.losses.length)
  const best = outcome.heldOutLosses.reduce((a, b) => (b.loss < a.loss ? b : a))
  assert.equal(outcome.keptSteps, best.step)
})

test('an update in several runs is that of one', async () => {
  const whole = await run(await plan('whole', { settings: { ...settings, passes: 3 } }))
  const cut = await run(
    await plan('cut', { settings: { ...settings, passes: 3, memoryCeilingBytes: 1 << 20 } }),
  )
  assert.equal(whole.outcome.losses.length, cut.outcome.losses.length)
  for (const [step, loss] of whole.outcome.losses.entries())
    assert.ok(Math.abs(loss - cut.outcome.losses[step]!) < 1e-3, `step ${step}`)
})

test('a new adapter begins at nothing, in the shape that was asked for', async () => {
  const shape = { rank: 8, heads: 2, firstLayer: 1, scale: 2 }
  const runDirectory = await plan('new', { start: { shape }, heldOut: 'each', folds: 4 })
  const { outcome } = await run(runDirectory)
  assert.equal(new Set(outcome.photos.map((photo) => photo.before)).size, 1, 'it sees nothing yet')
  assert.ok(outcome.loss!.difference.high < 0)
  const path = join(runDirectory, trainedAdapterFileName)
  const { model } = await readCheckpoint(join(directory, 'model'), path)
  assert.deepEqual(model.decoder.adapter!.config, shape)
  const counted = 2 * (8 * 32 + 8 + 2 * (8 * 24 + 8) + 32 * 8 + 32)
  assert.equal(outcome.trainedParameters, counted)
})

/** What is said of photos, before and after a run. */
function compareOn(photos: typeof examples, runDirectory: string) {
  return evaluateAdapter(
    {
      modelDirectory: join(directory, 'model'),
      memoryDirectory: join(directory, 'memories'),
      memoryLimitBytes: 1e8,
      provider: 'cpu',
      threads: 1,
      before: null,
      after: join(runDirectory, trainedAdapterFileName),
      examples: photos,
    },
    anyone,
  )
}

test('replay holds the model to what it said: its words change less', async () => {
  const replayed = examples.slice(12).map((each) => ({ ...each, kind: 'replay' as const, captions: [] }))
  const learned = examples.slice(0, 12)
  const changed = async (name: string, replayWeight: number) => {
    const runDirectory = await plan(name, {
      examples: [...learned, ...replayed],
      settings: { ...settings, replayWeight, replayTo: 'distribution', replayBatchSize: 12 },
    })
    const { outcome } = await run(runDirectory)
    assert.equal(outcome.replayed, 12)
    const comparison = await compareOn(examples.slice(12), runDirectory)
    return comparison.photos.filter((photo) => photo.before !== photo.after).length
  }
  // All pictures of a colour have one caption, so what is learned of it is said of the replayed ones, too.
  assert.equal(await changed('free', 0), 12)
  assert.ok((await changed('held', 30)) < 9)
})

test('how a person begins is learned on photos that nobody labelled, and what is said of them stays', async () => {
  const learned = examples.slice(0, 12).map((example) => {
    const captions = example.captions.map(({ text }) => ({ text: `oh my ${text}`, weight: 1 }))
    return { ...example, captions }
  })
  const replayed = examples.slice(12).map((each) => ({ ...each, kind: 'replay' as const, captions: [] }))
  const runDirectory = await plan('manner', {
    examples: [...learned, ...replayed],
    settings: { ...settings, replayWeight: 30, replayBatchSize: 12 },
  })
  await run(runDirectory)
  const { photos } = await compareOn(examples.slice(12), runDirectory)
  // The labels go on with a thing of the picture's colour.
  const kept = photos.filter((photo) => photo.after === `oh my ${photo.before}`.trim())
  const told = JSON.stringify(photos.map((photo) => [photo.before, photo.after]))
  assert.ok(
    photos.every((photo) => photo.after.startsWith('oh my')),
    told,
  )
  assert.ok(kept.length > 9, told)
})

test('photos that cannot be read take no part, and are named', async () => {
  const { path, hash } = await writePicture(join(directory, 'gone'), 99)
  const missing = { ...examples[0]!, path, contentHash: hash, group: 99 }
  await unlink(path)
  const damaged = { ...examples[1]!, path: join(directory, 'damaged.png'), contentHash: 'ab'.repeat(32) }
  await writeFile(damaged.path, 'no picture')
  const parts = { examples: [...examples, missing, damaged], settings: { ...settings, passes: 1 } }
  const { outcome } = await run(await plan('unreadable', parts))
  assert.deepEqual(
    outcome.unreadable.map(({ contentHash }) => contentHash),
    [hash, damaged.contentHash],
  )
  assert.equal(outcome.labels, 24)
})

test('what no training can follow is refused', async () => {
  const refuse = async (name: string, parts: Partial<TrainingPlan>, code: string) =>
    assert.rejects(run(await plan(name, parts)), { code })
  await refuse('empty', { examples: [] }, 'INVALID_ARGUMENT')
  await refuse('no-model', { modelDirectory: join(directory, 'nowhere') }, 'MODEL_NOT_FOUND')
  await refuse(
    'a-fold',
    { folds: 1, heldOut: 'each', examples: examples.map((each) => ({ ...each, fold: 0 })) },
    'INVALID_ARGUMENT',
  )
  const torn = examples.map((each) => ({ ...each, group: 0 }))
  const everyFold = { ...criticised, heldOut: 'each' as const, folds: 4 }
  await refuse('criticised-folds', everyFold, 'INVALID_ARGUMENT')
  await refuse('torn-group', { folds: 4, heldOut: 'each', examples: torn }, 'INVALID_ARGUMENT')
  await assert.rejects(run(join(directory, 'no-plan')), { code: 'FILE_NOT_FOUND' })
  const runDirectory = await plan('wrong', {})
  const path = join(runDirectory, 'plan.json')
  await writeFile(path, (await readFile(path, 'utf8')).replace('"seed":5', '"seed":-5'))
  await assert.rejects(run(runDirectory), { code: 'IMPORT_INVALID', message: /settings\.seed/ })
})
