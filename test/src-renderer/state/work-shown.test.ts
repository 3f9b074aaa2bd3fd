import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CaptioningState, Progress } from '../../../src-main/contract/records.ts'
import { captioningShown } from '../../../src-renderer/state/work-shown.ts'

const running: CaptioningState = { state: 'running', problem: null, waitsFor: null }
const work: Progress = {
  phase: 'caption',
  unit: 'photos',
  done: 5,
  total: 20,
  failed: 0,
  perSecond: 2,
  remainingMs: 7500,
}

test('speed and time left are those of the captioning under way', () => {
  const shown = captioningShown({ photos: 20, captioned: 5, waiting: 15, captioning: running }, [work])
  assert.deepEqual(shown, {
    stage: 'running',
    photos: 20,
    captioned: 5,
    share: 0.25,
    perSecond: 2,
    remainingMs: 7500,
  })
})

test('a watch that waits for new photos has nothing to do, and no speed', () => {
  const shown = captioningShown({ photos: 20, captioned: 18, waiting: 0, captioning: running }, [work])
  assert.equal(shown.stage, 'done')
  assert.equal(shown.perSecond, null)
  assert.equal(shown.remainingMs, null)
})

test('what hinders captioning is told also where nothing is left to do, and nothing without photos', () => {
  const paused: CaptioningState = { ...running, state: 'paused' }
  assert.equal(
    captioningShown({ photos: 20, captioned: 20, waiting: 0, captioning: paused }, []).stage,
    'paused',
  )
  assert.equal(
    captioningShown({ photos: 0, captioned: 0, waiting: 0, captioning: paused }, []).stage,
    'empty',
  )
})

test('what the machine is waited for is told apart from a model that cannot be had', () => {
  const stageOf = (waitsFor: CaptioningState['waitsFor']) =>
    captioningShown(
      { photos: 2, captioned: 0, waiting: 2, captioning: { ...running, state: 'waiting', waitsFor } },
      [],
    ).stage
  assert.deepEqual([stageOf('idle'), stageOf('mains'), stageOf(null)], ['idle', 'mains', 'waiting'])
})

test('before the first progress there is no speed', () => {
  const shown = captioningShown({ photos: 20, captioned: 0, waiting: 20, captioning: running }, [])
  assert.equal(shown.stage, 'running')
  assert.equal(shown.perSecond, null)
})
