import assert from 'node:assert/strict'
import { test } from 'node:test'
import { marksOfQuery } from '../../../src-renderer/search/query-marks.ts'

const markedBy = (query: string, caption: string) =>
  marksOfQuery(query)(caption).map(([start, end]) => caption.slice(start, end))

test('words are marked in every form that the search finds them in', () => {
  assert.deepEqual(markedBy('kite beach', 'Two kites above a sandy beach'), ['kites', 'beach'])
  assert.deepEqual(markedBy('bea', 'A beach'), ['beach'])
  assert.deepEqual(markedBy('"red kite"', 'A red kite, a red ball'), ['red kite'])
  assert.deepEqual(markedBy('zurich', 'Tram in Zürich'), ['Zürich'])
})

test('filters and what is not wanted mark nothing', () => {
  assert.deepEqual(markedBy('kite -beach camera:beach', 'A kite on a beach'), ['kite'])
  assert.deepEqual(markedBy('', 'A kite'), [])
  assert.deepEqual(markedBy('is:unsure', 'A kite is unsure'), [])
})
