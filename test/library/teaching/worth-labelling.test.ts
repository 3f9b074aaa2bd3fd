import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseWorthLabelling } from '../../../src-main/library/teaching/worth-labelling.ts'

const candidate = (photoId: number, text: string, confidence: number | null) => ({
  photoId,
  text,
  confidence,
  contentHash: '',
  captionedBy: 'm',
})

test('doubtful captions come first, and of those that say the same not one after the other', () => {
  const candidates = [
    candidate(1, 'a dog runs on the beach', 0.9),
    candidate(2, 'a man plays a guitar', 0.1),
    candidate(3, 'a man plays a guitar', 0.12),
    candidate(4, 'two children in a boat', 0.3),
    candidate(5, 'a red bus', null),
  ]
  const ids = chooseWorthLabelling(candidates, 4).map(({ photoId }) => photoId)
  assert.deepEqual(ids, [2, 4, 5, 3])
  assert.equal(chooseWorthLabelling(candidates, 99).length, 5)
  assert.deepEqual(chooseWorthLabelling([], 5), [])
})
