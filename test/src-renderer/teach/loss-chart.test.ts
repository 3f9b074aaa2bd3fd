import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bestOf,
  depthOf,
  lossLine,
  lossRows,
  scaleOf,
  withPoint,
} from '../../../src-renderer/teach/loss-chart.ts'

const point = (step: number, loss: number, training = 1) => ({ training, step, loss })

test('a scale lies between round numbers and has all points on it', () => {
  const scale = scaleOf([point(1, 4.37), point(10, 2.91)], 40)!
  assert.deepEqual(scale, { lowest: 2.5, highest: 4.5, lastStep: 40, rounds: [2.5, 3, 3.5, 4, 4.5] })
  assert.equal(depthOf(4.5, scale), 0)
  assert.equal(depthOf(2.5, scale), 1)
})

test('one point, or losses that never move, have a scale as well', () => {
  for (const points of [[point(3, 2)], [point(1, 2), point(2, 2)]]) {
    const scale = scaleOf(points)!
    assert.ok(scale.highest > scale.lowest && scale.lowest <= 2 && scale.highest >= 2)
    assert.match(lossLine(points, scale, 100, 50), /^M[\d.]+ [\d.]+/)
  }
  assert.equal(scaleOf([]), null)
})

test('a line begins anew with each training, and ends at the right edge with the last step', () => {
  const points = [point(1, 4), point(2, 3), point(3, 4, 2), point(4, 2, 2)]
  const scale = scaleOf(points)!
  assert.equal(lossLine(points, scale, 100, 20), 'M25.0 0.0L50.0 10.0M75.0 0.0L100.0 20.0')
})

test('the best is of the training that came last', () => {
  assert.deepEqual(bestOf([point(1, 1), point(5, 3, 2), point(6, 2, 2), point(7, 2.5, 2)]), point(6, 2, 2))
  assert.equal(bestOf([]), undefined)
})

test('the table has a line where both were measured, few in all, the first and the last among them', () => {
  const losses = Array.from({ length: 60 }, (_, at) => point(at + 1, 6 - at / 20))
  const heldOut = [10, 20, 30, 40, 50, 60].map((step) => point(step, 5 - step / 100))
  const rows = lossRows(losses, heldOut, 4)
  assert.deepEqual(
    rows.map(({ step }) => step),
    [10, 30, 40, 60],
  )
  assert.deepEqual(rows[0], { step: 10, loss: 6 - 9 / 20, heldOutLoss: 4.9 })
  assert.deepEqual(
    lossRows(losses, [], 3).map(({ step, heldOutLoss }) => [step, heldOutLoss]),
    [
      [1, null],
      [31, null],
      [60, null],
    ],
  )
})

test('what is told again or late adds no point', () => {
  const points = [point(1, 3), point(2, 2)]
  assert.equal(withPoint(points, point(2, 2)), points)
  assert.equal(withPoint(points, point(1, 9)), points)
  assert.deepEqual(withPoint(points, point(3, 1)).at(-1), point(3, 1))
  // The steps go on over all trainings of a run, but nothing hangs on that.
  assert.equal(withPoint(points, point(1, 4, 2)).length, 3)
})
