import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changedWords } from '../../../src-renderer/batch/changed-words.ts'

test('what is gone and what came in its place is told word by word', () => {
  assert.deepEqual(changedWords('A dog next to a dog', 'A Biscuit next to a Biscuit'), [
    { text: 'A ', kind: 'same' },
    { text: 'dog', kind: 'gone' },
    { text: 'Biscuit', kind: 'new' },
    { text: ' next to a ', kind: 'same' },
    { text: 'dog', kind: 'gone' },
    { text: 'Biscuit', kind: 'new' },
  ])
  assert.deepEqual(changedWords('same', 'same'), [{ text: 'same', kind: 'same' }])
  assert.deepEqual(changedWords('', 'new'), [{ text: 'new', kind: 'new' }])
})

test('whatever the texts, both can be read off it', () => {
  const long = 'kite beach '.repeat(900)
  for (const [before, after] of [
    ['花子と犬', '花子と猫'],
    ['a b c d', 'd c b a'],
    ['👨‍👩‍👧 family', 'family 👨‍👩‍👧'],
    [`x ${long} y`, `z ${long}kite w`],
    ['<b>"&', '&"<i>'],
  ] as const) {
    const parts = changedWords(before, after)
    const without = (kind: string) =>
      parts
        .filter((part) => part.kind !== kind)
        .map((part) => part.text)
        .join('')
    assert.equal(without('new'), before)
    assert.equal(without('gone'), after)
  }
})
