import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrainingExample } from '../../../src-main/contract/training.ts'
import { advantagesOf, createReward } from '../../../src-main/engine/training/rewards.ts'

function makeExample(group: number, ...captions: string[]): TrainingExample {
  return {
    contentHash: 'ab'.repeat(32),
    path: `${group}.jpg`,
    kind: 'label',
    captions: captions.map((text) => ({ text, weight: 1 })),
    group,
    fold: null,
  }
}

const examples = [
  makeExample(0, 'A man riding a wave.', 'A surfer on a big wave.'),
  makeExample(1, 'A dog runs on the beach.', 'A brown dog on the sand.'),
  makeExample(2, 'Two people sit on a bench.'),
]

test('a caption is worth what its words have in common with those of its own photo', () => {
  const reward = createReward(examples, [0, 1, 2])
  const right = reward(0, 'A man riding a wave', true)
  assert.ok(right > reward(0, 'A man on a wave', true))
  assert.ok(reward(0, 'A man on a wave', true) > reward(0, 'A dog runs on the beach', true))
  assert.ok(reward(1, 'A dog runs on the beach', true) > reward(1, 'A man riding a wave', true))
  assert.equal(reward(2, '', false), 0)
})

test('a caption that ended as one of the photo does is worth more than the same words without an end', () => {
  const reward = createReward(examples, [0, 1, 2])
  assert.ok(reward(0, 'A man riding a wave', true) > reward(0, 'A man riding a wave', false))
  assert.ok(
    reward(0, 'A man riding a', true) < reward(0, 'A man riding a', false),
    'an end where none is, is no gain',
  )
})

test('how rare words are is counted in the set that is learned, not in all examples', () => {
  const held = [...examples, makeExample(3, 'A man riding a wave.')]
  assert.equal(
    createReward(held, [0, 1, 2])(0, 'A man riding a wave', true),
    createReward(examples, [0, 1, 2])(0, 'A man riding a wave', true),
  )
})

test('each sample is compared with the others of its photo, and the comparisons cancel out', () => {
  assert.deepEqual(advantagesOf([3, 0, 0]), [3, -1.5, -1.5])
  assert.deepEqual(advantagesOf([0.5, 0.5]), [0, 0])
})
