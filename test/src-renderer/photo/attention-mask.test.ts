import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dimming, maskOf, partLookedAt } from '../../../src-renderer/photo/attention-mask.ts'

const whole = { left: 0, top: 0, width: 1, height: 1 }
const size = { width: 64, height: 48 }

function weightsAt(rows: number, columns: number, row: number, column: number): Float32Array {
  const weights = new Float32Array(rows * columns)
  weights[row * columns + column] = 0.4
  return weights
}

test('the photo is undimmed where the model looked and dimmed where it did not', () => {
  const mask = maskOf(weightsAt(4, 4, 1, 2), { rows: 4, columns: 4, seen: whole }, size)
  const at = (x: number, y: number) => mask[Math.floor(y * 48) * 64 + Math.floor(x * 64)]!
  assert.ok(at(0.625, 0.375) < 0.02, 'the middle of the patch')
  assert.ok(Math.abs(at(0.1, 0.9) - dimming) < 1e-6)
  assert.ok(mask.every((dark) => dark >= 0 && dark <= dimming + 1e-6))
})

test('between patches the light falls off without a step', () => {
  const mask = maskOf(
    weightsAt(4, 4, 1, 1),
    { rows: 4, columns: 4, seen: whole },
    { width: 256, height: 192 },
  )
  const row = mask.subarray(72 * 256, 73 * 256)
  for (let x = 1; x < 256; x++) assert.ok(Math.abs(row[x]! - row[x - 1]!) < 0.03)
})

test('patches lie over the part that the model saw, and the rest is dimmed', () => {
  const seen = { left: 0.25, top: 0, width: 0.5, height: 1 }
  const even = new Float32Array(4).fill(0.25)
  const mask = maskOf(even, { rows: 2, columns: 2, seen }, size)
  assert.ok(mask[24 * 64 + 32]! < 1e-6, 'seen and looked at')
  assert.ok(Math.abs(mask[24 * 64 + 4]! - dimming) < 1e-6, 'left of what was seen')
  assert.ok(Math.abs(mask[24 * 64 + 60]! - dimming) < 1e-6, 'right of what was seen')
})

test('a word without a look dims all', () => {
  const mask = maskOf(new Float32Array(4), { rows: 2, columns: 2, seen: whole }, size)
  assert.ok(mask.every((dark) => Math.abs(dark - dimming) < 1e-6))
})

test('the part of the picture is told in thirds of the photo, not of what was seen', () => {
  assert.deepEqual(partLookedAt(weightsAt(6, 6, 5, 0), { rows: 6, columns: 6, seen: whole }), {
    row: 2,
    column: 0,
  })
  const middle = { left: 0.4, top: 0, width: 0.2, height: 1 }
  assert.deepEqual(partLookedAt(weightsAt(6, 6, 0, 0), { rows: 6, columns: 6, seen: middle }), {
    row: 0,
    column: 1,
  })
  assert.equal(partLookedAt(new Float32Array(36).fill(1 / 36), { rows: 6, columns: 6, seen: whole }), null)
  assert.equal(partLookedAt(new Float32Array(36), { rows: 6, columns: 6, seen: whole }), null)
})
