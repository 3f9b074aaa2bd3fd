import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeProvingPictures } from '../../src-main/workers/proof.ts'
import { openOwnEngine, openQueue, startWorker } from './queue-under-test.ts'
import { startRedis } from './redis-server.ts'
import { startStallingProxy } from './stalling-proxy.ts'

// What goes through a queue that others may write to, by a way that may be bad.

const skip = spawnSync('redis-server', ['--version']).status === 0 ? false : 'no redis-server here'

test('libraries, workers and strangers at one queue', { skip }, async (t) => {
  const redis = await startRedis(t)
  const { own, info } = await openOwnEngine(t)
  const pictures = makeProvingPictures(info.input)
  const expected = (await Promise.all(pictures.map((pixels) => own.caption(pixels)))).map(
    ({ caption }) => caption,
  )
  const proxy = await startStallingProxy(t, redis.port)
  const worker = startWorker(
    t,
    { url: `redis://127.0.0.1:${proxy.port}`, passwordFile: redis.passwordFile },
    'one',
  )
  const captionAll = async ({ engine }: ReturnType<typeof openQueue>) =>
    (await Promise.all(pictures.map((pixels) => engine.caption(pixels)))).map(({ caption }) => caption)

  await t.test('two libraries get their own answers, and embeddings come without words', async () => {
    const [first, second] = [openQueue(t, redis, { own, info }), openQueue(t, redis, { own, info })]
    const backwards = Promise.all(pictures.toReversed().map((pixels) => second.engine.caption(pixels)))
    assert.deepEqual(await captionAll(first), expected)
    assert.deepEqual(
      (await backwards).map(({ caption }) => caption),
      expected.toReversed(),
    )
    const [embedded, { embedding }] = [
      await first.engine.embed(pictures[0]!),
      await own.caption(pictures[0]!),
    ]
    assert.deepEqual(embedded, embedding)
    for (const { engine } of [first, second]) {
      engine.close()
      await engine.ended
    }
  })

  await t.test('a way that stalls, and one that is cut, cost time alone', async () => {
    const queue = openQueue(t, redis, { own, info })
    assert.deepEqual(await captionAll(queue), expected)
    proxy.stall()
    const stalled = captionAll(queue)
    await sleep(1000)
    proxy.goOn()
    assert.deepEqual(await stalled, expected)
    const cut = captionAll(queue)
    await sleep(100)
    proxy.cut()
    assert.deepEqual(await cut, expected)
    queue.engine.close()
    await queue.engine.ended
  })

  await t.test('what is no answer is not taken for one', async () => {
    const { client } = redis
    await worker.kill()
    const { engine, problems } = openQueue(t, redis, { own, info })
    const asked = engine.caption(pictures[0]!)
    asked.catch(() => {})
    while (engine.batchSize === 0) {
      // As a stranger would, who may write to the queue.
      const [announced] = await client.keys('lenslore:announcement:*')
      if (announced) {
        const record = {
          ...{ protocol: 1, version: '0', name: 'stranger', device: null, provider: null, precision: null },
          ...{ modelId: null, libraries: [announced.slice(-32)], photosPerSecond: 1, captioned: 0 },
          ...{ state: 'waiting', forMs: 0, problem: null },
        }
        const id = 'f'.repeat(32)
        const [seconds] = await client.time()
        await client.set(`lenslore:worker:${id}`, JSON.stringify(record))
        await client.zadd('lenslore:workers', Number(seconds) * 1000, id)
      }
      await sleep(50)
    }
    const lies = [
      '[{"kind":"caption","caption":"too little"}]',
      JSON.stringify([{ kind: 'error', error: { code: 'FILE_NOT_FOUND', message: '/etc/passwd' } }]),
      JSON.stringify([captionOf('a lie of another model', 'AAAA')]),
      JSON.stringify([captionOf('x'.repeat(20_000), null)]),
      'x'.repeat(5 * 2 ** 20),
    ]
    for (const lie of lies) {
      let keys: string[] = []
      while (keys.length === 0) {
        keys = await client.keys('lenslore:pictures:*')
        await sleep(20)
      }
      const jobId = keys[0]!.slice('lenslore:pictures:'.length)
      assert.match(jobId, /^[0-9a-f]{32}$/)
      await client.set(`lenslore:answers:${jobId}`, lie)
      let job: string | undefined
      while (job === undefined) [job] = await client.keys(`lenslore:captions-*:${jobId}`)
      assert.deepEqual(Object.keys(JSON.parse((await client.hget(job, 'data'))!)).sort(), [
        'kind',
        'pictures',
        'readings',
        'suspect',
      ])
      await client.del(job)
      while ((await client.exists(keys[0]!)) > 0) await sleep(20)
    }
    assert.equal(
      await Promise.race([asked.then(({ caption }) => caption), sleep(300, 'still waits')]),
      'still waits',
    )
    assert.ok(problems.some(({ code }) => code === 'WORKER_DIFFERS'))
    engine.close()
    await engine.ended
    await assert.rejects(asked, { code: 'CANCELLED' })
  })

  await t.test(
    'a worker takes nothing from a library whose engine says otherwise, and tells why',
    async () => {
      const liar = {
        ...own,
        info: () => own.info(),
        caption: (pixels: Uint8Array<ArrayBuffer>) => own.caption(pixels.map((byte) => 255 - byte)),
      }
      const { engine } = openQueue(t, redis, { own: liar, info })
      const asked = engine.caption(pictures[0]!)
      asked.catch(() => {})
      const refusing = startWorker(t, redis, 'two')
      for (;;) {
        const texts = await redis.client.mget(['none', ...(await redis.client.keys('lenslore:worker:*'))])
        const record = texts.map((text) => JSON.parse(text ?? '{}')).find(({ name }) => name === 'two')
        if (record?.state === 'refused') {
          assert.match(record.problem, /gets no pictures: it gives other words to \d of 8/)
          break
        }
        await sleep(50)
      }
      assert.equal(engine.batchSize, 0)
      await refusing.kill()
      engine.close()
    },
  )
})

function captionOf(caption: string, embedding: string | null) {
  return {
    ...{ kind: 'caption', caption, score: 0, confidence: null, isUnsure: false, doubtfulWords: [] },
    ...{ precision: 'fp32', embedding },
  }
}
