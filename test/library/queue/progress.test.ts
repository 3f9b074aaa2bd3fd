import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Progress } from '../../../src-main/contract/records.ts'
import { createProgressMeter } from '../../../src-main/library/queue/progress.ts'

function setUp() {
  const reports: Progress[][] = []
  const clock = { ms: 1000 }
  return {
    reports,
    clock,
    meter: createProgressMeter(
      (works) => reports.push(works),
      () => clock.ms,
    ),
  }
}

test('rate and time left come from what was done since', () => {
  const { meter, clock } = setUp()
  const work = meter.begin('caption', 100)
  clock.ms += 2000
  work.add(10)
  const { perSecond, remainingMs, done } = meter.current()[0]!
  assert.equal(perSecond, 5)
  assert.equal(remainingMs, 18_000)
  assert.equal(done, 10)
})

test('the rate forgets what is older than half a minute', () => {
  const { meter, clock } = setUp()
  const work = meter.begin('caption', 1000)
  for (let second = 1; second <= 10; second++) {
    clock.ms += 1000
    work.add(20)
  }
  for (let second = 1; second <= 60; second++) {
    clock.ms += 1000
    work.add(2)
  }
  assert.equal(Math.round(meter.current()[0]!.perSecond), 2)
})

test('reports are few, but none of a phase’s first and last is left out', () => {
  const { meter, clock, reports } = setUp()
  const work = meter.begin('search', 1000)
  for (let n = 0; n < 1000; n++) {
    clock.ms += 1
    work.add(1, n % 10 === 0 ? 1 : 0)
  }
  assert.ok(reports.length <= 6, `${reports.length} reports in a second`)
  const [first, last] = [reports[0]![0]!, reports.at(-1)![0]!]
  assert.deepEqual([first.done, last.done, last.failed], [0, 1000, 100])
  assert.equal(last.remainingMs, 0)
})

test('of work that nobody knows the end of no step is the last', () => {
  const { meter, clock, reports } = setUp()
  const work = meter.begin('scan')
  for (let n = 0; n < 1000; n++) {
    clock.ms += 1
    work.add(10)
  }
  work.end()
  assert.ok(reports.length <= 7, `${reports.length} reports in a second`)
})

test('with nothing done there is no guess', () => {
  const { meter, clock } = setUp()
  meter.begin('caption', 5)
  clock.ms += 5000
  assert.equal(meter.current()[0]!.remainingMs, null)
  assert.equal(meter.current()[0]!.perSecond, 0)
})

test('work under way at the same time is told of together, the oldest first, until it ends', async () => {
  const { meter, reports } = setUp()
  const captioning = meter.begin('caption', 5)
  await meter.during('export', 3, ({ onProgress }) => onProgress(3))
  const shown = reports.map((works) => works.map(({ phase, done }) => `${phase} ${done}`))
  assert.deepEqual(shown, [
    ['caption 0'],
    ['caption 0', 'export 0'],
    ['caption 0', 'export 3'],
    ['caption 0'],
  ])
  captioning.end()
  assert.deepEqual(reports.at(-1), [])
})

test('work that fails is over, and how much of it there is may be known late', async () => {
  const { meter } = setUp()
  const captioning = meter.begin('caption', 10)
  await assert.rejects(
    meter.during('change', 0, ({ onProgress, setTotal }) => {
      setTotal(9)
      onProgress(3)
      captioning.add(4)
      const [first, second] = meter.current()
      assert.deepEqual([first!.phase, first!.done], ['caption', 4])
      assert.deepEqual([second!.phase, second!.done, second!.total], ['change', 3, 9])
      throw new Error('no')
    }),
    /no/,
  )
  assert.deepEqual(
    meter.current().map(({ phase }) => phase),
    ['caption'],
  )
})
