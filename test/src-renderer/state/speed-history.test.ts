import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noteSpeed, type SpeedHistory, speedLine } from '../../../src-renderer/state/speed-history.ts'

const stepMs = 5000

test('of five seconds the first speed is kept, and of ten minutes the newest', () => {
  let history: SpeedHistory = []
  history = noteSpeed(history, 0, 10)
  assert.equal(noteSpeed(history, stepMs - 1, 20), history)
  for (let step = 1; step <= 200; step++) history = noteSpeed(history, step * stepMs, step)
  assert.equal(history.length, 120)
  assert.equal(history.at(-1)?.perSecond, 200)
  assert.equal(history[0]?.perSecond, 81)
})

test('the newest is at the right edge, and the scale ends at a round number', () => {
  const history = [
    { bucket: 0, perSecond: 10 },
    { bucket: 1, perSecond: 40 },
  ]
  const { path, topPerSecond } = speedLine(history, stepMs, 119, 50)
  assert.equal(topPerSecond, 50)
  assert.equal(path, 'M118.0 40.0L119.0 10.0')
})

test('a pause is a gap, not a line', () => {
  const history = [
    { bucket: 0, perSecond: 5 },
    { bucket: 10, perSecond: 5 },
  ]
  assert.equal(speedLine(history, 10 * stepMs, 119, 10).path, 'M109.0 0.0M119.0 0.0')
})

test('what is older than ten minutes is not drawn', () => {
  assert.deepEqual(speedLine([{ bucket: 0, perSecond: 5 }], 120 * stepMs, 100, 10), {
    path: '',
    topPerSecond: 0,
  })
})
