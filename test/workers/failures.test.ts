import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CaptionResult } from '../../src-main/contract/engine-calls.ts'
import { makeProvingPictures } from '../../src-main/workers/proof.ts'
import { deadly } from './impatient-worker.ts'
import { openOwnEngine, openQueue, startWorker, type WorkerUnderTest } from './queue-under-test.ts'
import { startRedis } from './redis-server.ts'

// Harm is done in the middle of the work; after it, each picture has the caption that the library's own engine gives it.

const skip = spawnSync('redis-server', ['--version']).status === 0 ? false : 'no redis-server here'

/** So many times the proving pictures, each a little darker than before. */
function makePictures(input: Parameters<typeof makeProvingPictures>[0], times: number) {
  const pictures = makeProvingPictures(input)
  return Array.from({ length: times }, (_, n) =>
    pictures.map((pixels) => pixels.map((byte) => Math.floor((byte * (times + 8 - n)) / (times + 8)))),
  ).flat()
}

/** The last bits of scores are others in a batch of another size. */
const wordsOf = ({ caption, isUnsure, doubtfulWords, embedding, precision }: CaptionResult) => ({
  caption,
  isUnsure,
  doubtfulWords,
  embedding,
  precision,
})

test('whatever happens to queue and workers, each picture gets the caption that it gets without them', {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  const { own, info } = await openOwnEngine(t)
  const pictures = makePictures(info.input, 4)
  const expected = await Promise.all(pictures.map((pixels) => own.caption(pixels)))
  assert.ok(new Set(expected.map(({ caption }) => caption)).size > 3)
  const workers: WorkerUnderTest[] = [startWorker(t, redis, 'one'), startWorker(t, redis, 'two')]

  async function captionWhile(harm: () => Promise<unknown>): Promise<void> {
    const { engine } = openQueue(t, redis, { own, info })
    let answered = 0
    let harming: Promise<unknown> | undefined
    const results: CaptionResult[] = await Promise.all(
      pictures.map(async (pixels) => {
        const result = await engine.caption(pixels)
        answered++
        if (answered >= 6) harming ??= harm()
        return result
      }),
    )
    await harming
    assert.deepEqual(results.map(wordsOf), expected.map(wordsOf))
    engine.close()
    await engine.ended
  }

  await t.test('nothing at all', () => captionWhile(async () => {}))
  await t.test('a worker is killed', async () => {
    await captionWhile(() => workers[0]!.kill())
    workers[0] = startWorker(t, redis, 'one')
  })
  await t.test('all that the queue holds is flushed', () => captionWhile(() => redis.client.flushall()))
  await t.test('the queue is killed, and comes back empty', () =>
    captionWhile(async () => {
      await redis.kill()
      await sleep(500)
      await redis.start()
    }),
  )
  await t.test('both workers are killed, and others come', () =>
    captionWhile(async () => {
      await Promise.all(workers.map((worker) => worker.kill()))
      workers.splice(0, 2, startWorker(t, redis, 'three'), startWorker(t, redis, 'four'))
    }),
  )
  await t.test('a picture that takes two workers with it is set aside, and no other is', async () => {
    const killer = pictures[0]!.slice()
    killer.set(deadly)
    const { engine } = openQueue(t, redis, { own, info })
    const stop = new AbortController()
    t.after(() => stop.abort())
    const replacing = (async () => {
      while (!stop.signal.aborted) {
        for (const [at, { child }] of workers.entries()) {
          if (child.exitCode !== null || child.signalCode !== null)
            workers[at] = startWorker(t, redis, `another ${at}`)
        }
        await sleep(100)
      }
    })()
    const others = pictures.slice(0, 12).map((pixels) => engine.caption(pixels))
    await assert.rejects(engine.caption(killer), { code: 'PICTURE_KILLS_ENGINE' })
    assert.deepEqual((await Promise.all(others)).map(wordsOf), expected.slice(0, 12).map(wordsOf))
    stop.abort()
    await replacing
  })
})
