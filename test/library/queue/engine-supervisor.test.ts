import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { forkProcess } from '../../../src-main/channels/child-process.ts'
import { captionFile } from '../../../src-main/library/queue/caption-engine.ts'
import {
  type SupervisedEngine,
  type SupervisorOptions,
  superviseEngine,
} from '../../../src-main/library/queue/engine-supervisor.ts'
import { openTrialBook } from '../../../src-main/library/queue/trial-book.ts'

const fragileEngine = fileURLToPath(new URL('../../fixtures/fragile-engine.ts', import.meta.url))

function supervise(
  environment: NodeJS.ProcessEnv = {},
  modelDirectory = 'model',
  others: Partial<SupervisorOptions> = {},
) {
  const starts: number[] = []
  const engine = superviseEngine(
    async () => {
      const started = await forkProcess(fragileEngine, { environment: { ...process.env, ...environment } })
      starts.push(started.pid)
      return started
    },
    { modelDirectory },
    { book: openTrialBook('/nowhere/providers.json'), hangsAfterMs: 1500, ...others },
  )
  return { engine, starts }
}

/** As `lenslore caption` does. */
async function captionOf(engine: SupervisedEngine, path: string) {
  return (await captionFile(engine, engine, path)).result
}

function outcome(settled: PromiseSettledResult<{ caption: string }>): string {
  return settled.status === 'fulfilled' ? settled.value.caption : (settled.reason as { code: string }).code
}

test('one process serves all pictures, and a picture’s own error is its own', async (t) => {
  const { engine, starts } = supervise()
  t.after(() => engine.close())
  const settled = await Promise.allSettled(['a', 'damaged', 'b'].map((path) => captionOf(engine, path)))
  assert.deepEqual(settled.map(outcome), ['a photo of a', 'PICTURE_DAMAGED', 'a photo of b'])
  assert.equal(starts.length, 1)
})

test('the picture that kills the engine twice is set aside and all others are captioned', async (t) => {
  const { engine, starts } = supervise()
  t.after(() => engine.close())
  const paths = ['a', 'b', 'killer one', 'c', 'killer two', 'd']
  const settled = await Promise.allSettled(paths.map((path) => captionOf(engine, path)))
  assert.deepEqual(settled.map(outcome), [
    'a photo of a',
    'a photo of b',
    'PICTURE_KILLS_ENGINE',
    'a photo of c',
    'PICTURE_KILLS_ENGINE',
    'a photo of d',
  ])
  // The first, one after the death in company, one after each killer's own.
  assert.equal(starts.length, 4)
  assert.equal(new Set(starts).size, 4)
})

test('an engine killed from outside costs nothing', async (t) => {
  const { engine, starts } = supervise()
  t.after(() => engine.close())
  const { modelId } = await engine.info()
  const captions = ['a', 'b', 'c'].map((path) => captionOf(engine, path))
  process.kill(Number(modelId), 'SIGKILL')
  assert.deepEqual((await Promise.allSettled(captions)).map(outcome), [
    'a photo of a',
    'a photo of b',
    'a photo of c',
  ])
  assert.equal(starts.length, 2)
})

test('an engine that dies at every start is given up after five', async (t) => {
  const { engine, starts } = supervise({ FRAGILE_ENGINE: 'never-opens' })
  t.after(() => engine.close())
  const settled = await Promise.allSettled(['a', 'b'].map((path) => captionOf(engine, path)))
  assert.deepEqual(settled.map(outcome), ['ENGINE_DIED', 'ENGINE_DIED'])
  assert.equal(starts.length, 5)
})

test('an engine that cannot be started is given up after five tries, like one that dies', async (t) => {
  let starts = 0
  const engine = superviseEngine(
    async () => {
      starts++
      throw Object.assign(new Error('spawn EAGAIN'), { code: 'EAGAIN' })
    },
    { modelDirectory: 'model' },
    { book: openTrialBook('/nowhere/providers.json') },
  )
  t.after(() => engine.close())
  await assert.rejects(captionOf(engine, 'a'), { code: 'ENGINE_DIED' })
  assert.equal(starts, 5)
})

test('an engine that is closed while it starts leaves no process', async () => {
  const over = Promise.withResolvers<void>()
  const engine = superviseEngine(
    async () => {
      const started = await forkProcess(fragileEngine)
      started.channel.onClose(over.resolve)
      engine.close()
      return started
    },
    { modelDirectory: 'model' },
    { book: openTrialBook('/nowhere/providers.json') },
  )
  await assert.rejects(captionOf(engine, 'a'), { code: 'CANCELLED' })
  await over.promise
})

test('an engine that says why it cannot open is believed at once', async (t) => {
  const { engine, starts } = supervise({}, 'nowhere')
  t.after(() => engine.close())
  await assert.rejects(engine.info(), { code: 'MODEL_NOT_FOUND' })
  await assert.rejects(captionOf(engine, 'a'), { code: 'MODEL_NOT_FOUND' })
  assert.equal(starts.length, 1)
})

test('closing ends the process and cancels what is under way', async () => {
  const { engine } = supervise()
  const { modelId } = await engine.info()
  const caption = captionOf(engine, 'a')
  engine.close()
  await assert.rejects(caption, { code: 'CANCELLED' })
  await assert.rejects(captionOf(engine, 'b'), { code: 'CANCELLED' })
  for (let tries = 0; tries < 100; tries++) {
    try {
      process.kill(Number(modelId), 0)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.fail('the engine process is still there')
})

test('an engine that hangs is ended, the picture it hangs over is set aside, and the others go on', async (t) => {
  const { engine, starts } = supervise()
  t.after(() => engine.close())
  const settled = await Promise.allSettled(['a', 'hangs', 'b'].map((path) => captionOf(engine, path)))
  assert.deepEqual(settled.map(outcome), ['a photo of a', 'PICTURE_KILLS_ENGINE', 'a photo of b'])
  assert.equal(starts.length, 2)
})

test('a picture that kills what captions is set aside too, after it was decoded', async (t) => {
  const { engine, starts } = supervise()
  t.after(() => engine.close())
  const settled = await Promise.allSettled(['a', 'heavy', 'b'].map((path) => captionOf(engine, path)))
  assert.deepEqual(settled.map(outcome), ['a photo of a', 'PICTURE_KILLS_ENGINE', 'a photo of b'])
  assert.equal(starts.length, 3)
})

test('decoding needs no model, and is not blamed for one that kills the engine', async (t) => {
  const options = { input: null, thumbnailDirectory: null }
  for (const [environment, code] of [
    [{}, 'MODEL_NOT_FOUND'],
    [{ FRAGILE_ENGINE: 'never-opens' }, 'ENGINE_DIED'],
  ] as const) {
    const { engine } = supervise(environment, 'nowhere')
    t.after(() => engine.close())
    const decoding = engine.decode('a', options)
    if (code === 'MODEL_NOT_FOUND') await assert.rejects(engine.info(), { code })
    assert.equal((await decoding).widthPx, 1)
    const beside = engine.decode('b', options)
    await assert.rejects(engine.info(), { code })
    await beside.catch((thrown: { code: string }) => assert.equal(thrown.code, 'ENGINE_DIED'))
  }
})

test('an engine that takes too much memory is another one with smaller batches, and no picture is lost', async (t) => {
  const problems: string[] = []
  const { engine, starts } = supervise({}, 'model', {
    mostMemoryBytes: 250 * 2 ** 20,
    lookAtMemoryEveryMs: 0,
    onProblem: ({ message }) => problems.push(message),
  })
  t.after(() => engine.close())
  const paths = Array.from({ length: 12 }, (_, n) => String(n))
  const settled = await Promise.allSettled(paths.map((path) => captionOf(engine, path)))
  assert.deepEqual(
    settled.map(outcome),
    paths.map((path) => `a photo of ${path}`),
  )
  await captionOf(engine, 'one more')
  assert.deepEqual([engine.batchSize, starts.length], [2, 2])
  assert.deepEqual(problems, [])
})

test('a model that takes more by itself goes on one picture at a time, which is told once', async (t) => {
  const problems: string[] = []
  const { engine, starts } = supervise({}, 'model', {
    mostMemoryBytes: 50 * 2 ** 20,
    lookAtMemoryEveryMs: 0,
    onProblem: ({ message }) => problems.push(message),
  })
  t.after(() => engine.close())
  for (let n = 0; n < 6; n++) await captionOf(engine, String(n))
  assert.deepEqual([engine.batchSize, starts.length], [1, 3])
  assert.deepEqual(problems, [
    'The model takes 100 MiB by itself, more than the 50 MiB it may; it goes on, one picture at a time.',
  ])
})
