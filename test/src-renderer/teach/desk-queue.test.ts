import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  emptyQueue,
  goneBack,
  marked,
  photoOf,
  strip,
  unmarked,
  withMore,
  without,
} from '../../../src-renderer/teach/desk-queue.ts'

const queue = withMore(emptyQueue, [7, 3, 9])

test('what was done with goes behind, and the next one lies there', () => {
  const after = marked(marked(queue, 'right'), 'skipped')
  assert.equal(photoOf(after), 9)
  assert.deepEqual(
    [...after.marks],
    [
      [7, 'right'],
      [3, 'skipped'],
    ],
  )
  const done = marked(after, 'written')
  assert.equal(photoOf(done), undefined)
  assert.equal(marked(done, 'right'), done)
})

test('one goes back to any, and on to the first that nothing was done with', () => {
  const back = goneBack(goneBack(marked(marked(queue, 'right'), 'right')))
  assert.equal(photoOf(back), 7)
  assert.equal(photoOf(goneBack(back)), 7)
  assert.equal(photoOf(marked(back, 'written')), 9)
})

test('more photos come behind, none twice', () => {
  assert.deepEqual(withMore(queue, [9, 4, 7]).photos, [7, 3, 9, 4])
})

test('photos that are gone are left out, and the same one lies there', () => {
  const at9 = marked(marked(queue, 'right'), 'right')
  assert.equal(photoOf(without(at9, [7])), 9)
  assert.equal(photoOf(without(at9, [9])), undefined)
  assert.deepEqual(without(at9, [7]).photos, [3, 9])
  assert.ok(!without(at9, [7]).marks.has(7))
})

test('what was taken back can be done again', () => {
  const taken = unmarked(marked(queue, 'right'), [7])
  assert.equal(taken.marks.size, 0)
  assert.equal(photoOf(goneBack(taken)), 7)
})

test('the strip begins a little before the one that lies there', () => {
  const long = withMore(emptyQueue, [1, 2, 3, 4, 5, 6])
  assert.deepEqual(strip(long, 2, 3), [1, 2, 3])
  assert.deepEqual(strip({ ...long, at: 4 }, 2, 3), [3, 4, 5])
})
