import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findEntries, type PaletteEntry } from '../../../src-renderer/frame/palette-entries.ts'

const run = () => {}
const entry = (heading: string, title: string): PaletteEntry => ({
  id: title,
  heading,
  title,
  icon: null,
  keys: null,
  run,
})
const entries = [
  entry('Captions', 'Replace words'),
  entry('Captions', 'Write'),
  entry('Go to', 'All photos'),
  entry('Go to', 'Photos without a caption'),
  entry('Go to', 'Work'),
]
const titles = (typed: string) => findEntries(entries, typed).map(({ title }) => title)

test('nothing typed shows all, in their order', () => {
  assert.deepEqual(titles(''), ['Replace words', 'Write', 'All photos', 'Photos without a caption', 'Work'])
})

test('every word typed must be there, in whatever order', () => {
  assert.deepEqual(titles('caption photo'), ['Photos without a caption'])
  assert.deepEqual(titles('photo kite'), [])
})

test('below a heading, titles that begin with what was typed come first', () => {
  assert.deepEqual(titles('photos'), ['Photos without a caption', 'All photos'])
})

test('headings keep their order, whatever fits better below a later one', () => {
  assert.deepEqual(titles('wor'), ['Replace words', 'Work'])
})

test('a heading finds all that stands below it', () => {
  assert.deepEqual(titles('captions'), ['Replace words', 'Write'])
})

test('what was typed is marked in the title, overlaps as one', () => {
  const [found] = findEntries([entry('', 'Photos without a caption')], 'phot photo capt')
  assert.deepEqual(found?.marks, [
    [0, 5],
    [17, 21],
  ])
})
