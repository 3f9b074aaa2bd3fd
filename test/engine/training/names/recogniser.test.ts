import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeMemory } from '../../../../src-main/engine/training/names/describe-memory.ts'
import {
  applyRule,
  fitLogistic,
  toRows,
} from '../../../../src-main/engine/training/names/logistic-regression.ts'
import {
  type DescribedPhoto,
  trainRecogniser,
  trustIn,
} from '../../../../src-main/engine/training/names/recogniser.ts'
import { createRandom } from '../../../../src-main/engine/training/random.ts'

const width = 12
const random = createRandom(3)
/** About normal. */
const chance = () => Array.from({ length: 6 }, random).reduce((a, b) => a + b) - 3

/** Photos of dogs differ from others in the first columns, those of one dog also in the next. */
function makePhotos(count: number, dog: boolean, ours: boolean, isSure = true): DescribedPhoto[] {
  return Array.from({ length: count }, () => {
    const description = Float32Array.from({ length: width }, chance)
    if (dog) for (let at = 0; at < 3; at++) description[at]! += 3
    if (ours) for (let at = 3; at < 6; at++) description[at]! += 3
    return { description, group: random(), isSure }
  })
}

const sums = (photos: readonly DescribedPhoto[], weight: Float32Array, bias: number) =>
  applyRule({ weight, bias }, toRows(photos.map(({ description }) => description)))
const share = (all: Float64Array) => all.filter((sum) => sum > 0).length / all.length

test('a memory is described by its first row, the mean and the maximum of its rows', () => {
  const memory = Float32Array.of(1, -2, 3, 4)
  assert.deepEqual([...describeMemory(memory, 2)], [1, -2, 2, 1, 3, 4])
})

test('the regression is where its gradient is nothing, whatever its columns are measured in', () => {
  const rows = toRows(
    Array.from({ length: 80 }, () => Float32Array.of(chance() * 1000 + 5000, chance() / 1000, 7)),
  )
  const labels = Array.from({ length: 80 }, (_, row) =>
    Number((rows.data[row * 3]! - 5000) / 1000 + chance() > 0),
  )
  const rule = fitLogistic(
    rows,
    labels,
    labels.map(() => 1),
    1e-9,
  )
  const misses = applyRule(rule, rows).map((sum, row) => 1 / (1 + Math.exp(-sum)) - labels[row]!)
  assert.ok(Math.abs(misses.reduce((a, b) => a + b)) < 0.05)
  const slope = misses.reduce((sum, miss, row) => sum + (miss * (rows.data[row * 3]! - 5000)) / 1000, 0)
  assert.ok(Math.abs(slope) < 0.05, String(slope))
  assert.equal(rule.weight[2], 0, 'a column that never changes tells nothing')
})

test('what counts twice is as good as there twice', () => {
  const parts = Array.from({ length: 30 }, () => Float32Array.from({ length: 4 }, chance))
  const labels = parts.map(([first]) => Number(first! + chance() > 0))
  const twice = fitLogistic(toRows([...parts, ...parts]), [...labels, ...labels], Array(60).fill(1), 0.3)
  const counted = fitLogistic(toRows(parts), labels, Array(30).fill(2), 0.3)
  for (const [at, value] of twice.weight.entries()) assert.ok(Math.abs(value - counted.weight[at]!) < 0.02)
})

test('our dog is recognised, and few of the dogs that resemble it are taken for it', () => {
  const others = [...makePhotos(300, true, false), ...makePhotos(700, false, false)]
  for (const k of [5, 20]) {
    const { weight, biases, recall, leftOut } = trainRecogniser(makePhotos(k, true, true), others)
    assert.equal(leftOut, 0)
    assert.ok(share(sums(makePhotos(500, true, true), weight, biases[0])) > 0.7)
    assert.ok(share(sums(makePhotos(2000, true, false), weight, biases[0])) < 0.05)
    assert.ok(share(sums(makePhotos(2000, false, false), weight, biases[0])) < 0.02)
    assert.ok(biases[1] >= biases[0], 'what is recognised is possible')
    assert.equal(recall.photos, k)
    assert.ok(recall.low < recall.recognised / k && recall.high <= 1)
  }
})

test('photos of it that nobody has named are not held against it', () => {
  const others = [
    ...makePhotos(300, true, false),
    ...makePhotos(30, true, true, false),
    ...makePhotos(600, false, false, false),
  ]
  const { weight, biases, leftOut } = trainRecogniser(makePhotos(20, true, true), others)
  assert.ok(leftOut > 15 && leftOut <= 45, String(leftOut))
  assert.ok(share(sums(makePhotos(500, true, true), weight, biases[0])) > 0.8)
  assert.ok(share(sums(makePhotos(2000, true, false), weight, biases[0])) < 0.05)
})

test('near duplicates do not vouch for each other', () => {
  const others = makePhotos(400, true, false)
  // One burst of a photo that is like the others says nothing of the next.
  const [burst] = makePhotos(1, true, false)
  const named = Array.from({ length: 8 }, () => ({ ...burst!, group: 1.5 }))
  const apart = named.map((photo, index) => ({ ...photo, group: index + 2 }))
  assert.ok(trainRecogniser(named, others).recall.recognised <= 1)
  assert.equal(trainRecogniser(apart, others).recall.recognised, 8)
})

test('five of five are not everything, and the share is inside its interval', () => {
  const { low, high } = trustIn(5, 5)
  assert.ok(low > 0.5 && low < 0.6 && high > 0.99)
  const half = trustIn(10, 20)
  assert.ok(Math.abs((half.low + half.high) / 2 - 0.5) < 1e-9)
  assert.ok(half.high - half.low > 0.35 && half.high - half.low < 0.45)
})
