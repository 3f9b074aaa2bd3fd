import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../src-main/engine/training/random.ts'
import { type JudgedPhoto, judge } from '../../../src-main/engine/training/verdict.ts'

function photo(index: number, ciderBefore: number, ciderAfter: number, group = index): JudgedPhoto {
  const hash = index.toString(16).padStart(64, '0')
  const words = { before: 'a', after: 'b', own: ['c'] }
  return { contentHash: hash, group, ...words, ciderBefore, ciderAfter, lossBefore: 3, lossAfter: 2 }
}

const random = createRandom(1)
const noise = () => 100 * (random() - 0.5)

test('a gain beyond chance is better, with the photos counted by their CIDEr', () => {
  const photos = Array.from({ length: 40 }, (_, index) => photo(index, 50, 90 + noise()))
  photos.push(photo(40, 50, 50.2), photo(41, 50, 10))
  const { verdict, cider, loss, better, worse, same } = judge(photos, 1)
  assert.equal(verdict, 'better')
  assert.ok(cider!.difference.low > 0 && cider!.difference.high > cider!.difference.mean)
  assert.deepEqual(loss!.difference, { mean: -1, low: -1, high: -1 })
  assert.equal(better + worse + same, 42)
  assert.equal(same, 1)
  assert.ok(worse >= 1 && better > 30)
  assert.equal(photos.length, judge(photos, 1).photos.length)
  assert.deepEqual(judge(photos, 1), judge(photos, 1), 'the same seed says the same')
})

test('a gain that may be chance is too few to tell, and of a hundred photos no gain', () => {
  const few = Array.from({ length: 20 }, (_, index) => photo(index, 50, index % 2 ? 150 : -40))
  assert.ok(judge(few, 1).cider!.difference.mean > 0)
  assert.equal(judge(few, 1).verdict, 'too-few')
  const many = Array.from({ length: 120 }, (_, index) => photo(index, 50, index % 2 ? 150 : -40))
  assert.equal(judge(many, 1).verdict, 'not-better')
  const losing = Array.from({ length: 20 }, (_, index) => photo(index, 50, 45))
  assert.equal(judge(losing, 1).verdict, 'not-better')
})

test('words that became likelier and are not said are no gain yet', () => {
  const photos = Array.from({ length: 20 }, (_, index) => photo(index, 60, index < 12 ? 60 : 80))
  photos[19] = photo(19, 190, 60)
  const { verdict, cider, loss, better, worse } = judge(photos, 1)
  assert.ok(cider!.difference.low < 0 && cider!.difference.mean > 0 && loss!.difference.high < 0)
  assert.deepEqual([verdict, better, worse], ['too-few', 7, 1])
})

test('one photo that gains much is no gain of all', () => {
  const photos = Array.from({ length: 20 }, (_, index) => photo(index, 50, index < 14 ? 50 : 90))
  photos[19] = photo(19, 50, 30)
  // Five better, one worse: the interval is above zero, and of six coins as many fall so one time in nine.
  const { verdict, cider } = judge(photos, 1)
  assert.ok(cider!.difference.low > 0)
  assert.equal(verdict, 'too-few')
  const all = photos.map((each, index) => (index < 14 ? photo(index, 50, 60) : each))
  assert.equal(judge(all, 1).verdict, 'better')
  // As many worse as better, of so many that no single outcome of the coins is a number.
  const even = Array.from({ length: 3000 }, (_, index) => photo(index, 50, index % 2 ? 150 : 45))
  assert.ok(judge(even, 1).cider!.difference.low > 0)
  assert.equal(judge(even, 1).verdict, 'not-better')
})

test('near duplicates count as one: fifty of a few groups are too few', () => {
  const photos = Array.from({ length: 50 }, (_, index) => photo(index, 50, 90, index % 5))
  assert.equal(judge(photos, 1).verdict, 'too-few')
  const apart = photos.map((each, group) => ({ ...each, group }))
  assert.equal(judge(apart, 1).verdict, 'better')
  // Of correlated photos the interval is wider than if each were one of its own.
  const gains = Array.from({ length: 12 }, noise)
  const together = Array.from({ length: 60 }, (_, index) => photo(index, 0, gains[index % 12]!, index % 12))
  const width = (of: JudgedPhoto[]) => {
    const { low, high } = judge(of, 1).cider!.difference
    return high - low
  }
  assert.ok(width(together) > 1.5 * width(together.map((each, group) => ({ ...each, group }))))
})

test('nothing held out says nothing', () => {
  const { verdict, cider, photos } = judge([], 1)
  assert.deepEqual([verdict, cider, photos], ['too-few', null, []])
})
