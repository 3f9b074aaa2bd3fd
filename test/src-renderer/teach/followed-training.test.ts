import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Training } from '../../../src-main/contract/rooms/teaching.ts'
import { followed, shareOf } from '../../../src-renderer/teach/followed-training.ts'

const training: Training = {
  id: 1,
  state: 'running',
  startedMs: 0,
  endedMs: null,
  resumes: 0,
  labels: 20,
  replayed: 40,
  progress: null,
  losses: [],
  heldOutLosses: [],
  outcome: null,
  adapterId: null,
  error: null,
}

const progress = {
  phase: 'train',
  done: 1,
  total: 60,
  training: 1,
  trainings: 6,
  loss: 4,
  heldOutLoss: null,
  perSecond: 2,
  remainingMs: 30_000,
} as const

test('losses go on with what is told, each held-out loss where it was measured', () => {
  let now = followed(training, progress)
  now = followed(now, { ...progress, done: 2, loss: 3.5, heldOutLoss: 3.9 })
  now = followed(now, { ...progress, done: 3, loss: 3.2, heldOutLoss: 3.9 })
  assert.deepEqual(
    now.losses.map(({ step, loss }) => [step, loss]),
    [
      [1, 4],
      [2, 3.5],
      [3, 3.2],
    ],
  )
  assert.deepEqual(now.heldOutLosses, [{ training: 1, step: 2, loss: 3.9 }])
  assert.equal(now.progress?.done, 3)
})

test('photos that are looked at are no steps', () => {
  const now = followed(training, { ...progress, phase: 'remember', done: 5, total: 20 })
  assert.deepEqual(now.losses, [])
  assert.equal(shareOf(now.progress!), 0.25)
  assert.equal(shareOf({ ...progress, done: 0, total: 0 }), 0)
})
