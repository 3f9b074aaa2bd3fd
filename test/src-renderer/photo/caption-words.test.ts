import assert from 'node:assert/strict'
import { test } from 'node:test'
import { altText } from '../../../src-renderer/photo/alt-text.ts'
import { partsOfCaption, wordAt } from '../../../src-renderer/photo/caption-words.ts'

test('a caption falls into words and what lies between, and together they are the caption', () => {
  for (const text of [
    'A red kite, over the beach.',
    '  two  ',
    '花子と犬',
    'עברית and English',
    '👨‍👩‍👧 family',
    '',
  ]) {
    const parts = partsOfCaption(text)
    assert.equal(parts.map((part) => part.text).join(''), text)
    for (const part of parts) assert.equal(text.slice(part.start, part.end), part.text)
  }
  assert.deepEqual(
    partsOfCaption('A red kite.')
      .filter((part) => part.isWord)
      .map((part) => part.text),
    ['A', 'red', 'kite'],
  )
})

test('words that the model doubts are told by their offsets', () => {
  const parts = partsOfCaption('A red kite', [[2, 5]])
  assert.deepEqual(
    parts.filter((part) => part.isDoubtful).map((part) => part.text),
    ['red'],
  )
})

test('a word of the text finds the word of the model that it is part of', () => {
  const words = [
    { start: 0, end: 1 },
    { start: 2, end: 10 },
  ]
  assert.equal(wordAt(words, 4, 6), 1)
  assert.equal(wordAt(words, 1, 2), -1)
})

test('as alt text a caption cannot leave its attribute', () => {
  assert.equal(
    altText(`A "dog" & <b>cat</b>\n it's`),
    'A &quot;dog&quot; &amp; &lt;b&gt;cat&lt;/b&gt; it&#39;s',
  )
})
