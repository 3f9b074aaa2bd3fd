import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBatching } from '../../../src-main/engine/captioning/batching.ts'

test('fills batches across requests and leaves only the last one short', async () => {
  const sizes: number[] = []
  const batching = createBatching<number, number>({
    batchSize: 4,
    concurrency: 3,
    async run(items) {
      sizes.push(items.length)
      return items.map((item) => item * 10)
    },
  })
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      batching.add(async () => {
        await sleep(n % 3)
        return n
      }),
    ),
  )
  assert.deepEqual(answers, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
  assert.deepEqual(sizes, [4, 4, 2])
})

test('prepares the next batch while one runs, and at most two batches ahead', async () => {
  const events: string[] = []
  let unfinished = 0
  let most = 0
  const batching = createBatching<number, number>({
    batchSize: 2,
    concurrency: 2,
    async run(items) {
      events.push(`run ${items.join()}`)
      await sleep(20)
      events.push(`ran ${items.join()}`)
      unfinished -= items.length
      return items
    },
  })
  await Promise.all(
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) =>
      batching.add(async () => {
        most = Math.max(most, ++unfinished)
        events.push(`prepare ${n}`)
        return n
      }),
    ),
  )
  assert.ok(events.indexOf('prepare 3') < events.indexOf('ran 1,2'), events.join(' | '))
  assert.ok(events.indexOf('prepare 4') < events.indexOf('ran 1,2'), events.join(' | '))
  assert.ok(most <= 2 + 4, `at most one batch running and two ahead, but ${most} were held`)
})

test('an item that cannot be prepared fails alone and its place is filled', async () => {
  const sizes: number[] = []
  const batching = createBatching<number, number>({
    batchSize: 3,
    async run(items) {
      sizes.push(items.length)
      return items
    },
  })
  const answers = await Promise.allSettled(
    [1, 2, 3, 4].map((n) =>
      batching.add(async () => {
        if (n === 2) throw new Error('damaged')
        return n
      }),
    ),
  )
  assert.deepEqual(
    answers.map((answer) =>
      answer.status === 'fulfilled' ? answer.value : (answer.reason as Error).message,
    ),
    [1, 'damaged', 3, 4],
  )
  assert.deepEqual(sizes, [3])
})

test('a run that fails fails its own batch only', async () => {
  const batching = createBatching<number, number>({
    batchSize: 1,
    async run(items) {
      if (items[0] === 1) throw new Error('out of memory')
      return items
    },
  })
  const answers = await Promise.allSettled([1, 2].map((n) => batching.add(async () => n)))
  assert.equal(answers[0]!.status, 'rejected')
  assert.deepEqual(answers[1], { status: 'fulfilled', value: 2 })
})
