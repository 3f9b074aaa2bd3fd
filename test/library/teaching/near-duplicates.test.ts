import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupNearDuplicates, type SeenPhoto } from '../../../src-main/library/teaching/near-duplicates.ts'

const east = Float32Array.of(1, 0)
const almostEast = Float32Array.of(1, 0.1)
const north = Float32Array.of(0, 1)

let shots = 0
function shot(second: number | null, more: Partial<SeenPhoto> = {}): SeenPhoto {
  const time = new Date(Date.UTC(2025, 5, 1, 12, 0, second ?? 0)).toISOString().slice(0, 19)
  const takenAt = second === null ? null : time
  return { contentHash: `content ${shots++}`, camera: 'Canon', takenAt, mean: east, ...more }
}

test('what one camera took within ten seconds and looks alike is one group, over others too', () => {
  const burst = [shot(0), shot(9, { mean: almostEast }), shot(18), shot(29)]
  assert.deepEqual(groupNearDuplicates(burst), [0, 0, 0, 1])
  assert.deepEqual(groupNearDuplicates([burst[2]!, burst[0]!, burst[1]!]), [0, 0, 0])
})

test('another camera, another view, a time that nobody knows and a picture that cannot be read keep photos apart', () => {
  const others: Partial<SeenPhoto>[] = [
    { camera: 'Nikon' },
    { camera: null },
    { mean: north },
    { mean: null },
    { takenAt: null },
  ]
  for (const other of others) assert.deepEqual(groupNearDuplicates([shot(0), shot(1, other)]), [0, 1])
  assert.deepEqual(groupNearDuplicates([shot(null), shot(null)]), [0, 1])
  assert.deepEqual(groupNearDuplicates([shot(0, { camera: null }), shot(1, { camera: null })]), [0, 0])
})

test('the same content is one group, whatever else is known of it', () => {
  const twin = { contentHash: 'the same' }
  const photos = [shot(0, twin), shot(500), shot(1000, { ...twin, camera: 'Nikon', mean: null })]
  assert.deepEqual(groupNearDuplicates(photos), [0, 1, 0])
  assert.deepEqual(groupNearDuplicates([]), [])
})
