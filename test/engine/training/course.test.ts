import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trainingSettings } from '../../../src-main/contract/training.ts'
import {
  bestLook,
  bestLookOfAll,
  hasLostPatience,
  planSchedule,
  rateAt,
} from '../../../src-main/engine/training/course.ts'

const looks = (...losses: number[]) => losses.map((loss, step) => ({ step, loss, photos: [] }))

test('the rate rises in a line, is the highest once, and falls without reaching zero', () => {
  const settings = trainingSettings.parse({ rate: 1, warmupFraction: 0.1, passes: 100, batchSize: 4 })
  const schedule = planSchedule(4, settings)
  assert.equal(schedule.steps, 100)
  const rates = Array.from({ length: 100 }, (_, step) => rateAt(step, schedule, settings))
  assert.deepEqual(
    rates.slice(0, 10).map((rate) => rate.toFixed(3)),
    ['0.100', '0.200', '0.300', '0.400', '0.500', '0.600', '0.700', '0.800', '0.900', '1.000'],
  )
  for (let step = 10; step < 100; step++) assert.ok(rates[step]! < rates[step - 1]! && rates[step]! > 0)
  assert.ok(Math.abs(rates[54]! - 0.5) < 0.01, 'half of it is left half way down')
})

test('looks are spread from before the first step to after the last', () => {
  const settings = trainingSettings.parse({ passes: 3, batchSize: 10, evaluations: 4 })
  assert.deepEqual(planSchedule(95, settings), { steps: 30, looks: [0, 8, 15, 23, 30] })
  assert.deepEqual(planSchedule(95, { ...settings, maxSteps: 2 }).looks, [0, 1, 2])
})

test('patience is lost after so many looks that were no better, the first of equal ones being the best', () => {
  assert.equal(bestLook(looks(3, 2, 2, 4)), 1)
  assert.equal(hasLostPatience(looks(3, 2, 2, 4), 3), false)
  assert.equal(hasLostPatience(looks(3, 2, 2, 4, 2.1), 3), true)
  assert.equal(hasLostPatience([], 1), false)
})

test('of several trainings each counts by its own gain, and one that was ended stays where it was', () => {
  const courses = [{ looks: looks(9, 8, 7, 6) }, { looks: looks(2, 1.5, 2.9) }]
  // Gains: 0, -1.5, -1.1, -2.1 in sum.
  assert.equal(bestLookOfAll(courses), 3)
  assert.equal(bestLookOfAll(courses.slice(1)), 1)
})
