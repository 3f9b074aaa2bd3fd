import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBatching } from '../../../src-main/engine/captioning/batching.ts'

/** Notes the sizes of the batches that it runs. */
function setUp(batchSize: number, areMoreComing: () => boolean, run = async (items: number[]) => items) {
  const sizes: number[] = []
  const batching = createBatching<number, number>({
    batchSize,
    areMoreComing,
    run(items) {
      sizes.push(items.length)
      return run(items)
    },
  })
  return { batching, sizes }
}

test('fills batches across requests and leaves only the last one short', async () => {
  let making = 10
  const { batching, sizes } = setUp(
    4,
    () => making > 0,
    async (items) => items.map((item) => item * 10),
  )
  const answers = await Promise.all(
    Array.from({ length: 10 }, async (_, n) => {
      await sleep(n * 4)
      making--
      return batching.add(n)
    }),
  )
  assert.deepEqual(answers, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
  assert.deepEqual(sizes, [4, 4, 2])
})

test('what was made and is on its way still belongs to the batch', async () => {
  let making = 2
  const { batching, sizes } = setUp(3, () => making > 0)
  const first = batching.add(1)
  making = 0
  batching.lookAgain()
  await sleep(2)
  assert.deepEqual(await Promise.all([first, batching.add(2)]), [1, 2])
  assert.deepEqual(sizes, [2])
})

test('what comes to nothing is not waited for', async () => {
  let making = 1
  const { batching, sizes } = setUp(3, () => making > 0)
  const answers = Promise.all([1, 2].map((n) => batching.add(n)))
  await sleep(40)
  assert.deepEqual(sizes, [])
  making--
  batching.lookAgain()
  assert.deepEqual(await answers, [1, 2])
  assert.deepEqual(sizes, [2])
})

test('items come in while a batch runs, and one runs at a time', async () => {
  let running = 0
  const { batching, sizes } = setUp(
    2,
    () => false,
    async (items) => {
      assert.equal(++running, 1)
      await sleep(10)
      running--
      return items
    },
  )
  const first = [1, 2].map((n) => batching.add(n))
  await sleep(2)
  await Promise.all([...first, ...[3, 4, 5].map((n) => batching.add(n))])
  assert.deepEqual(sizes, [2, 2, 1])
})

test('a run that fails fails its own batch only', async () => {
  const { batching } = setUp(
    1,
    () => false,
    async (items) => {
      if (items[0] === 1) throw new Error('out of memory')
      return items
    },
  )
  const answers = await Promise.allSettled([1, 2].map((n) => batching.add(n)))
  assert.equal(answers[0]!.status, 'rejected')
  assert.deepEqual(answers[1], { status: 'fulfilled', value: 2 })
})
