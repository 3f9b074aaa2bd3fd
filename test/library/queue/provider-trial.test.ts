import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { forkProcess } from '../../../src-main/channels/child-process.ts'
import type { ProviderAttempt, ProviderTrial } from '../../../src-main/contract/providers.ts'
import { captionFile } from '../../../src-main/library/queue/caption-engine.ts'
import { superviseEngine } from '../../../src-main/library/queue/engine-supervisor.ts'
import { type TrialOptions, tryProviders } from '../../../src-main/library/queue/provider-trial.ts'
import { openTrialBook, type TrialBook } from '../../../src-main/library/queue/trial-book.ts'
import { forkEngine } from '../../../src-main/processes/fork.ts'
import '../../engine/software-gpu.ts'

const trialEngine = fileURLToPath(new URL('../../fixtures/trial-engine.ts', import.meta.url))
const embedded = fileURLToPath(new URL('../../../models/lenslore-v1', import.meta.url))

interface Bench {
  book: TrialBook
  start(): ReturnType<typeof forkProcess>
  log(): string[]
  attempt(more?: Pick<TrialOptions, 'anew' | 'onProgress'> & { signal?: AbortSignal }): Promise<ProviderTrial>
}

/** @param card as `trial-engine.ts` has it */
function setUp(t: TestContext, card: string, device = 'device', int8 = ''): Bench {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-trial-'))
  t.after(() => rmSync(directory, { recursive: true, maxRetries: 5 }))
  // On a busy machine those that answer take their time, too.
  const patienceMs = card === 'hangs' ? 5000 : 30_000
  const log = join(directory, 'log')
  writeFileSync(log, '')
  const book = openTrialBook(join(directory, 'data', 'providers.json'))
  const start = () =>
    forkProcess(trialEngine, {
      environment: {
        ...process.env,
        TRIAL_CARD: card,
        TRIAL_LOG: log,
        TRIAL_DEVICE: device,
        TRIAL_INT8: int8,
      },
    })
  return {
    book,
    start,
    log: () => readFileSync(log, 'utf8').split('\n').filter(Boolean),
    attempt: (more = {}) =>
      tryProviders({
        startEngine: start,
        modelDirectory: 'model',
        book,
        deadlines: { openMs: patienceMs, runMs: patienceMs },
        signal: AbortSignal.timeout(60_000),
        ...more,
      }),
  }
}

const stateOf = (trial: ProviderTrial, provider: string) =>
  trial.attempts.find((attempt) => attempt.provider === provider)?.state

test('the fastest is kept, with the smallest batch that is nearly as fast', async (t) => {
  const reached: string[] = []
  const onProgress = (done: number, total: number) => reached.push(`${done} of ${total}`)
  const fast = await setUp(t, 'fast').attempt({ onProgress })
  assert.deepEqual(reached, ['0 of 2', '1 of 2'])
  assert.deepEqual(fast.chosen, { provider: 'webgpu', threads: 1, precision: 'fp32', batchSize: 8 })
  const slow = await setUp(t, 'slow').attempt()
  assert.deepEqual(slow.chosen, { provider: 'cpu', threads: 1, precision: 'fp32', batchSize: 8 })
})

test('what writes other captions than the processor is not taken, however fast', async (t) => {
  const bench = setUp(t, 'wrong')
  const trial = await bench.attempt()
  assert.equal(stateOf(trial, 'webgpu'), 'disagrees')
  assert.ok(
    !bench.log().some((line) => line.startsWith('run webgpu')),
    'nobody is kept waiting for its rates',
  )
  assert.equal(trial.chosen?.provider, 'cpu')
})

for (const [card, state, message] of [
  ['absent', 'unavailable', /does not open/],
  ['dies', 'died', /stopped while it tried/],
  ['dies-running', 'died', /stopped while it tried/],
  ['hangs', 'died', /did not answer within 5 s/],
] as const) {
  test(`a card that is ${card} leaves the processor, and says why`, async (t) => {
    const trial = await setUp(t, card).attempt()
    assert.equal(stateOf(trial, 'webgpu'), state)
    assert.match(trial.attempts[1]!.message!, message)
    assert.equal(trial.chosen?.provider, 'cpu')
  })
}

const inInt8 = ({ attempts }: ProviderTrial) => attempts.find(({ precision }) => precision === 'int8')

test('a form of fewer bits is taken where it was measured to agree, though it writes some captions otherwise', async (t) => {
  const trial = await setUp(t, 'fast', 'device', 'proven').attempt()
  assert.equal(inInt8(trial)?.state, 'measured')
  assert.deepEqual(trial.chosen, { provider: 'cpu', threads: 1, precision: 'int8', batchSize: 4 })
})

test('a form of fewer bits that nobody has measured is neither tried nor taken', async (t) => {
  const bench = setUp(t, 'fast', 'device', 'unproven')
  const trial = await bench.attempt()
  assert.equal(inInt8(trial)?.state, 'unproven')
  assert.equal(inInt8(trial)?.message, 'Nobody has measured it.')
  assert.deepEqual(trial.chosen, { provider: 'webgpu', threads: 1, precision: 'fp32', batchSize: 8 })
  assert.ok(!bench.log().includes('try cpu int8'))
})

test('a form of fewer bits that writes nothing as the processor does is broken here', async (t) => {
  const trial = await setUp(t, 'fast', 'device', 'broken').attempt()
  assert.equal(inInt8(trial)?.state, 'disagrees')
  assert.equal(trial.chosen?.precision, 'fp32')
})

test('a precision that was asked for is the only one that is taken', async (t) => {
  const bench = setUp(t, 'slow', 'device', 'proven')
  await bench.attempt()
  for (const [precision, expected] of [
    ['auto', 'cpu int8'],
    ['fp32', 'cpu'],
  ] as const) {
    const engine = superviseEngine(bench.start, { modelDirectory: 'model', precision }, { book: bench.book })
    const { result } = await captionFile(engine, engine, 'one')
    assert.equal(
      bench.log().findLast((line) => line.startsWith('open')),
      `open ${expected}`,
    )
    assert.equal(result.precision, precision === 'auto' ? 'int8' : 'fp32')
    engine.close()
  }
})

test('a precision that only cards have, on a machine without one, is fp32 on the processor', async (t) => {
  const bench = setUp(t, 'absent')
  const options = { modelDirectory: 'model', precision: 'fp16' } as const
  const engine = superviseEngine(bench.start, options, { book: bench.book })
  const { result } = await captionFile(engine, engine, 'one')
  assert.equal(result.precision, 'fp32')
  engine.close()
  const asked = superviseEngine(bench.start, { ...options, provider: 'cpu' }, { book: bench.book })
  await assert.rejects(captionFile(asked, asked, 'two'), { code: 'PROVIDER_UNAVAILABLE' })
  asked.close()
})

test('what died is not tried again on this device, unless asked for', async (t) => {
  const bench = setUp(t, 'dies')
  await bench.attempt()
  const tries = () => bench.log().filter((line) => line === 'try webgpu').length
  assert.equal(tries(), 1)
  const again = await bench.attempt()
  assert.equal(tries(), 1)
  assert.equal(stateOf(again, 'webgpu'), 'died')
  await bench.attempt({ anew: true })
  assert.equal(tries(), 2)
})

test('what was being tried when the machine went down is not tried again', async (t) => {
  const bench = setUp(t, 'fast')
  const left: ProviderAttempt = {
    provider: 'webgpu',
    threads: 1,
    precision: 'fp32',
    state: 'trying',
    message: null,
    openMs: null,
    rates: [],
  }
  const known = { modelId: 'model', device: 'device', chosen: null, finishedMs: null }
  bench.book.write({ ...known, attempts: [{ ...left, provider: 'cpu' }, left] })
  const trial = await bench.attempt()
  assert.equal(stateOf(trial, 'webgpu'), 'died')
  assert.match(trial.attempts.find(({ provider }) => provider === 'webgpu')!.message!, /program ended/)
  assert.deepEqual(trial.chosen?.provider, 'cpu', 'the processor is not suspected')
  assert.ok(!bench.log().includes('try webgpu'))
})

test('it is written down before it is tried', async (t) => {
  const bench = setUp(t, 'hangs')
  const running = bench.attempt()
  while (!bench.log().includes('try webgpu')) await sleep(10)
  assert.equal(stateOf(bench.book.read()[0]!, 'webgpu'), 'trying')
  await running
})

test('a stop leaves nothing behind that would be taken for a death', async (t) => {
  const bench = setUp(t, 'hangs')
  const stop = new AbortController()
  const running = bench.attempt({ signal: stop.signal })
  while (!bench.log().includes('try webgpu')) await sleep(10)
  stop.abort()
  await assert.rejects(running, { code: 'CANCELLED' })
  const [left] = bench.book.read()
  assert.equal(stateOf(left!, 'webgpu'), undefined)
  assert.equal(left!.finishedMs, null)
})

test('another device, driver or version is another trial', async (t) => {
  const bench = setUp(t, 'fast')
  const other = setUp(t, 'fast', 'another driver')
  await bench.attempt()
  for (const trial of bench.book.read()) other.book.write(trial)
  await other.attempt()
  assert.deepEqual(
    other.book.read().map(({ device }) => device),
    ['another driver', 'device'],
  )
})

test('a damaged book is an empty one', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-trial-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'providers.json')
  for (const content of ['', '{"trials":[{"modelId":3}]}', 'no JSON']) {
    writeFileSync(file, content)
    assert.deepEqual(openTrialBook(file).read(), [])
  }
})

/** Captions until `until`, and tells how the model is run in the end. */
async function captionFor(bench: Bench, until: () => boolean, tryAfterMs = 0) {
  const problems: string[] = []
  const engine = superviseEngine(
    bench.start,
    { modelDirectory: 'model' },
    { book: bench.book, tryAfterMs, onProblem: ({ message }) => problems.push(message) },
  )
  try {
    const texts: string[] = []
    for (let n = 0; !until(); n++) {
      const captions = await Promise.all([`${n}a`, `${n}b`].map((path) => captionFile(engine, engine, path)))
      texts.push(...captions.map(({ result }) => result.caption))
    }
    return { info: await engine.info(), texts, problems }
  } finally {
    engine.close()
  }
}

test('captions begin on the processor, pause while others are measured, and go on with the fastest', async (t) => {
  const bench = setUp(t, 'fast')
  const { info, texts, problems } = await captionFor(bench, () => bench.log().includes('open webgpu'))
  assert.deepEqual([info.provider, info.batchSize, info.choice], ['webgpu', 8, 'measured'])
  assert.equal(new Set(texts).size, texts.length)
  assert.deepEqual(problems, [])
  const log = bench.log()
  assert.equal(log[0], 'open cpu')
  assert.ok(log.indexOf('try cpu') > log.indexOf('caption 0a'), 'the first caption comes before any trial')
  const measuring = log.findIndex((line) => line.startsWith('run webgpu'))
  const captionsSent = log.filter((line) => line.startsWith('caption')).length
  assert.ok(measuring > 0 && captionsSent === texts.length)

  // The next engine takes what is known.
  const again = await captionFor(bench, () => bench.log().filter((line) => line === 'open webgpu').length > 1)
  assert.equal(again.info.provider, 'webgpu')
})

test('who has but a few photos is not kept waiting by a trial', async (t) => {
  const bench = setUp(t, 'fast')
  let rounds = 0
  await captionFor(bench, () => rounds++ > 5, 60_000)
  assert.ok(!bench.log().some((line) => line.startsWith('try')))
})

test('a card that was measured and is gone is made up for by the processor', async (t) => {
  for (const card of ['absent', 'dies']) {
    const bench = setUp(t, card)
    const way = { provider: 'webgpu', threads: 1, precision: 'fp32' } as const
    const rates = [{ batchSize: 8, photosPerSecond: 100 }]
    const attempts: ProviderAttempt[] = [{ ...way, state: 'measured', message: null, openMs: 1, rates }]
    const chosen = { ...way, batchSize: 8 }
    bench.book.write({ modelId: 'model', device: 'device', attempts, chosen, finishedMs: 1 })
    let rounds = 0
    const { info, texts } = await captionFor(bench, () => rounds++ > 3)
    assert.equal(info.provider, 'cpu', card)
    assert.equal(texts.length, 8)
  }
})

test('the real engine with the real model is measured here', async (t) => {
  const bench = setUp(t, 'fast')
  const trial = await tryProviders({
    startEngine: forkEngine,
    modelDirectory: embedded,
    book: bench.book,
    signal: AbortSignal.timeout(120_000),
  })
  assert.equal(trial.modelId, 'lenslore-v1')
  assert.match(trial.device, /onnxruntime \d/)
  const [cpu] = trial.attempts
  assert.deepEqual([cpu!.provider, cpu!.state], ['cpu', 'measured'])
  assert.ok(cpu!.openMs! > 0 && cpu!.rates.every(({ photosPerSecond }) => photosPerSecond > 0))
  // Where WebGPU opens here it is in software, which no trial may choose.
  assert.equal(trial.chosen?.provider, 'cpu')
  assert.deepEqual(bench.book.read(), [trial])
})
