import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HeldOut } from '../../../src-main/contract/rooms/teaching.ts'
import { firstOf, inOrder } from '../../../src-renderer/teach/pairs.ts'

function pair(
  photo: number,
  comparison: HeldOut['comparison'],
  ciderBefore: number,
  ciderAfter: number,
): HeldOut {
  const words = { before: 'a dog', after: 'a dog', own: ['Biscuit'] }
  return { photo, comparison, ciderBefore, ciderAfter, lossBefore: 1, lossAfter: 1, ...words }
}

const photos = [
  pair(1, 'same', 10, 10),
  pair(2, 'better', 10, 20),
  pair(3, 'worse', 30, 20),
  pair(4, 'better', 10, 90),
  pair(5, 'worse', 80, 0),
  pair(6, 'better', 0, 5),
]

test('worse ones come first, and of each kind the plainest', () => {
  assert.deepEqual(
    inOrder(photos).map(({ photo }) => photo),
    [5, 3, 4, 2, 6, 1],
  )
})

test('none that is worse is ever folded away', () => {
  assert.deepEqual(
    firstOf(inOrder(photos), 1).map(({ photo }) => photo),
    [5, 3, 4, 1],
  )
})
