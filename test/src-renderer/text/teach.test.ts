import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text } from '../../../src-renderer/text/text.ts'

const change = (low: number, high: number) => ({
  before: { mean: 40.2, deviation: 20 },
  after: { mean: 52.6, deviation: 25 },
  difference: { mean: 12.4, low, high },
})
const explained =
  /A few photos alone can make such a difference: by itself it does not show that the words got closer\.$/

test('a difference that lies above zero is explained where the verdict is no gain', () => {
  const { gain } = text.teach.verdict
  assert.match(gain(change(3, 25), 'too-few'), explained)
  assert.match(gain(change(3, 25), 'not-better'), explained)
  assert.equal(
    gain(change(3, 25), 'better'),
    'Closeness to your words (CIDEr): 40 before, 53 after. On other photos of yours the difference is likely between 3 and 25.',
  )
  for (const verdict of ['too-few', 'not-better'] as const) {
    assert.match(gain(change(-4, 25), verdict), /likely between -4 and 25\.$/)
  }
})
