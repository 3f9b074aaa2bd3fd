import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  narrowToBfloat16,
  narrowToFloat16,
  widenBfloat16,
  widenFloat16,
} from '../../../src-main/engine/model/half-floats.ts'

const bytesOf = (...halves: number[]) => new Uint8Array(Uint16Array.from(halves).buffer)

test('binary16 widens to the numbers it stands for', () => {
  const bytes = bytesOf(0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00)
  assert.deepEqual([...widenFloat16(bytes)], [1, -2, 65504, 2 ** -24, -0, Number.POSITIVE_INFINITY])
})

test('bfloat16 widens to the numbers it stands for', () => {
  const bytes = bytesOf(0x3f80, 0xc000, 0x7f80, 0x0001)
  assert.deepEqual([...widenBfloat16(bytes)], [1, -2, Number.POSITIVE_INFINITY, 2 ** -133])
})

test('narrowing rounds to nearest, ties to even, and keeps what is no number', () => {
  const values = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, -1 - 2 ** -8 - 2 ** -20, Number.NaN, 3.4e38)
  assert.deepEqual(
    [...widenBfloat16(narrowToBfloat16(values))],
    [1, 1 + 2 ** -6, -1 - 2 ** -7, Number.NaN, Number.POSITIVE_INFINITY],
  )
  const halves = Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 1e5)
  assert.deepEqual([...widenFloat16(narrowToFloat16(halves))], [1, 1 + 2 ** -9, Number.POSITIVE_INFINITY])
})
