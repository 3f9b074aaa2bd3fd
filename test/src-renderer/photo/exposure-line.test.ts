import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exposureLine } from '../../../src-renderer/photo/exposure-line.ts'

test('an exposure is written as cameras show it, as far as it is known', () => {
  const none = { seconds: null, aperture: null, iso: null, focalLengthMm: null }
  assert.equal(
    exposureLine({ seconds: 0.004, aperture: 4, iso: 100, focalLengthMm: 5.7 }),
    '1/250 s, f/4, 5.7 mm, ISO 100',
  )
  assert.equal(exposureLine({ ...none, seconds: 1 / 3, iso: 12_800 }), '0.3 s, ISO 12800')
  assert.equal(exposureLine({ ...none, seconds: 30, aperture: 1.4 }), '30 s, f/1.4')
  assert.equal(exposureLine(none), '')
})
