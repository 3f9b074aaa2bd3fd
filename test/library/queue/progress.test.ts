import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Progress } from '../../../src-main/contract/records.ts'
import { createProgressMeter } from '../../../src-main/library/queue/progress.ts'

function setUp() {
  const reports: Progress[] = []
  const clock = { ms: 1000 }
  return {
    reports,
    clock,
    meter: createProgressMeter(
      (progress) => reports.push(progress),
      () => clock.ms,
    ),
  }
}

test('rate and time left come from what was done since', () => {
  const { meter, clock } = setUp()
  meter.begin('caption', 100)
  clock.ms += 2000
  meter.add(10)
  const { photosPerSecond, remainingMs, done } = meter.current()
  assert.equal(photosPerSecond, 5)
  assert.equal(remainingMs, 18_000)
  assert.equal(done, 10)
})

test('the rate forgets what is older than half a minute', () => {
  const { meter, clock } = setUp()
  meter.begin('caption', 1000)
  for (let second = 1; second <= 10; second++) {
    clock.ms += 1000
    meter.add(20)
  }
  for (let second = 1; second <= 60; second++) {
    clock.ms += 1000
    meter.add(2)
  }
  assert.equal(Math.round(meter.current().photosPerSecond), 2)
})

test('reports are few, but none of a phase’s first and last is left out', () => {
  const { meter, clock, reports } = setUp()
  meter.begin('index', 1000)
  for (let n = 0; n < 1000; n++) {
    clock.ms += 1
    meter.add(1, n % 10 === 0 ? 1 : 0)
  }
  assert.ok(reports.length <= 6, `${reports.length} reports in a second`)
  assert.deepEqual([reports[0]!.done, reports.at(-1)!.done, reports.at(-1)!.failed], [0, 1000, 100])
  assert.equal(reports.at(-1)!.remainingMs, 0)
})

test('with nothing done there is no guess', () => {
  const { meter, clock } = setUp()
  meter.begin('caption', 5)
  clock.ms += 5000
  assert.equal(meter.current().remainingMs, null)
  assert.equal(meter.current().photosPerSecond, 0)
})

test('other work is shown in place of the phase for as long as it takes, and both count', async () => {
  const { meter, reports } = setUp()
  meter.begin('caption', 10)
  await meter.during('check', 0, async () => {
    meter.add(4)
    assert.equal(meter.current().phase, 'check')
    await assert.rejects(
      meter.during('change', 8, async ({ onProgress, setTotal }) => {
        setTotal(9)
        onProgress(3)
        assert.deepEqual(
          [meter.current().phase, meter.current().done, meter.current().total],
          ['change', 3, 9],
        )
        throw new Error('no')
      }),
    )
  })
  assert.deepEqual([meter.current().phase, meter.current().done], ['caption', 4])
  assert.deepEqual(
    reports.map(({ phase }) => phase),
    ['caption', 'check', 'change', 'check', 'caption'],
  )
})
