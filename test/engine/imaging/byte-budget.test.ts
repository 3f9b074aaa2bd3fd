import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createByteBudget } from '../../../src-main/engine/imaging/byte-budget.ts'

/** Which of several things have happened, by name, in their order. */
function createRecord() {
  const happened: string[] = []
  return {
    note<T>(name: string, promise: Promise<T>): Promise<T> {
      void promise.then(() => happened.push(name))
      return promise
    },
    async sinceThen(): Promise<string[]> {
      await nextTurn()
      return happened.splice(0)
    },
  }
}

test('work goes on beside other work as long as there is room, then waits in its order', async () => {
  const budget = createByteBudget(100)
  const record = createRecord()
  const first = record.note('first', budget.claim(60, false))
  const second = record.note('second', budget.claim(40, false))
  void record.note('third', budget.claim(50, false))
  void record.note('fourth', budget.claim(10, false))
  assert.deepEqual(await record.sinceThen(), ['first', 'second'])
  ;(await second).giveBack()
  assert.deepEqual(await record.sinceThen(), [], 'the fourth would fit, but the third came before')
  ;(await first).giveBack()
  assert.deepEqual(await record.sinceThen(), ['third', 'fourth'])
})

test('who is urgent goes before all that wait', async () => {
  const budget = createByteBudget(100)
  const record = createRecord()
  const holder = await budget.claim(100, false)
  void record.note('patient', budget.claim(80, false))
  void record.note('urgent', budget.claim(80, true))
  holder.giveBack()
  assert.deepEqual(await record.sinceThen(), ['urgent'])
})

test('what needs more than there is goes alone', async () => {
  const budget = createByteBudget(100)
  const record = createRecord()
  const small = await budget.claim(10, false)
  const huge = record.note('huge', budget.claim(500, false))
  assert.deepEqual(await record.sinceThen(), [])
  small.giveBack()
  assert.deepEqual(await record.sinceThen(), ['huge'])
  void record.note('next', budget.claim(1, false))
  assert.deepEqual(await record.sinceThen(), [])
  ;(await huge).giveBack()
  assert.deepEqual(await record.sinceThen(), ['next'])
})

test('what has begun goes before what has not, and all of it ends', async () => {
  const budget = createByteBudget(100)
  const record = createRecord()
  const [one, two] = [await budget.claim(40, false), await budget.claim(40, false)]
  void record.note('new', budget.claim(20, false))
  await record.sinceThen()
  // Both want more than is left: one of them gets it although that is more than there is.
  void record.note('one grew', one.grow(50))
  void record.note('two grew', two.grow(50))
  void record.note('newer', budget.claim(5, false))
  assert.deepEqual(await record.sinceThen(), ['one grew'])
  one.giveBack()
  assert.deepEqual(await record.sinceThen(), ['two grew'])
  two.giveBack()
  assert.deepEqual(await record.sinceThen(), ['newer'])
})

test('growing again gives back what was grown by before', async () => {
  const budget = createByteBudget(100)
  const record = createRecord()
  const one = await budget.claim(10, false)
  await one.grow(80)
  await one.grow(20)
  void record.note('other', budget.claim(70, false))
  assert.deepEqual(await record.sinceThen(), ['other'])
})

test('work that ends while it waits to grow leaves nothing behind', async () => {
  const budget = createByteBudget(100)
  const record = createRecord()
  const [holder, ended] = [await budget.claim(10, false), await budget.claim(10, false)]
  await holder.grow(80)
  void ended.grow(50)
  ended.giveBack()
  holder.giveBack()
  await record.sinceThen()
  void record.note('all', budget.claim(100, false))
  assert.deepEqual(await record.sinceThen(), ['all'])
  void record.note('more', budget.claim(1, false))
  assert.deepEqual(await record.sinceThen(), [])
})
