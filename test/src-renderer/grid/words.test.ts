import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Tile } from '../../../src-main/contract/records.ts'
import { ratingShift, tileFlags } from '../../../src-main/contract/tile-flags.ts'
import { lettersSeen, piecesOf } from '../../../src-renderer/grid/caption-pieces.ts'
import { densityPath, yearMarks } from '../../../src-renderer/grid/scrubber-marks.ts'
import { badgesOf, canBeSeen, nameOf, showsReason, signsOf } from '../../../src-renderer/grid/tile-names.ts'

const rated = (rating: number) => (rating + 1) << ratingShift
const tile: Tile = {
  id: 1,
  name: 'IMG_1.jpg',
  caption: 'a dog on a beach',
  captionSource: 'model',
  isUnsure: true,
  doubtfulWords: [[2, 5]],
  rating: null,
  isFavorite: false,
  stacked: 0,
  thumbhash: null,
  error: null,
}

test('a tile is named by its caption, and then by its state', () => {
  const day = '3 May 2024'
  assert.equal(nameOf(rated(0), undefined, day), 'Photo of 3 May 2024.')
  assert.equal(nameOf(tileFlags.byModel | rated(4), tile, day), 'a dog on a beach. Unsure of dog. 4 stars.')
  assert.equal(
    nameOf(
      tileFlags.byPerson | tileFlags.offline | rated(0),
      { ...tile, isUnsure: false, doubtfulWords: [] },
      day,
    ),
    'a dog on a beach. Your words. Drive not connected.',
  )
  const bare = { ...tile, caption: null }
  assert.equal(nameOf(rated(0), bare, day), 'No caption yet. IMG_1.jpg, 3 May 2024.')
  const error = { code: 'PICTURE_DAMAGED' as const, message: 'The file ends too early.' }
  assert.equal(
    nameOf(tileFlags.failed | rated(0), { ...bare, error }, day),
    'IMG_1.jpg. The file ends too early.',
  )
})

test('a tile has two signs at most, and none where there is nothing to say', () => {
  const icons = (flags: number) => signsOf(flags).map(({ icon }) => icon)
  assert.deepEqual(icons(tileFlags.byModel | tileFlags.thumbnail | rated(0)), [])
  assert.deepEqual(icons(rated(0)), ['wait'])
  assert.deepEqual(icons(tileFlags.byModel | rated(-1)), ['x'])
  const all = tileFlags.byPerson | tileFlags.unsure | tileFlags.offline | tileFlags.favorite | rated(5)
  assert.deepEqual(icons(all), ['offline', 'unsure'])
})

test('a tile tells of the files beside its own, to a screen reader too', () => {
  const flags = tileFlags.byModel | tileFlags.raw | tileFlags.video | rated(5)
  assert.deepEqual(
    badgesOf(flags).map(({ label }) => label),
    ['RAW', 'Live'],
  )
  assert.deepEqual(badgesOf(tileFlags.byModel | rated(5)), [])
  assert.equal(
    nameOf(flags, { ...tile, isUnsure: false, doubtfulWords: [] }, ''),
    'a dog on a beach. 5 stars. With its raw file. Live Photo.',
  )
})

test('no picture is asked for where none can be had', () => {
  assert.ok(canBeSeen(rated(0)), 'one is made on demand')
  assert.ok(!canBeSeen(tileFlags.offline))
  assert.ok(canBeSeen(tileFlags.offline | tileFlags.thumbnail))
  assert.ok(showsReason(tileFlags.failed))
  assert.ok(!showsReason(tileFlags.failed | tileFlags.thumbnail))
})

test('the pieces of a caption are its words, whatever is doubted and marked in it', () => {
  const spans = fc
    .array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 8 })), { maxLength: 5 })
    .map((list) => list.map(([start, length]): [number, number] => [start, start + length]))
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), spans, spans, (caption, doubts, marks) => {
      const pieces = piecesOf(
        caption,
        doubts,
        marks.filter(([start]) => start <= 40),
        80,
      )
      assert.equal(pieces.map(({ text }) => text).join(''), caption)
    }),
  )
  assert.deepEqual(piecesOf('a dog', [[2, 5]], [[2, 5]], 80), [
    { text: 'a ', isDoubted: false, isMatched: false },
    { text: 'dog', isDoubted: true, isMatched: true },
  ])
})

test('a match far behind the beginning is brought to where it is seen, however narrow the tile', () => {
  const caption = `${'a very long way '.repeat(6)}to a kite on the beach`
  const at = caption.indexOf('kite')
  for (const seen of [16, 24, 48, 90]) {
    const pieces = piecesOf(caption, [], [[at, at + 4]], seen)
    assert.equal(pieces[0]!.text, '… ')
    assert.match(pieces[1]!.text, /^(a|very|long|way|to|kite)\b/)
    const shown = pieces.map(({ text }) => text).join('')
    assert.ok(shown.indexOf('kite') + 4 <= seen, `${seen}: ${shown}`)
    assert.ok(shown.endsWith('on the beach'))
  }
  const near = 'a kite on the beach'
  assert.equal(piecesOf(near, [], [[2, 6]], 16)[0]!.text, 'a ')
  const japanese = '海辺で赤い凧を揚げている人と犬と子供たちがいる大きな公園の写真'
  const dog = japanese.indexOf('犬')
  const [lead, before, match] = piecesOf(japanese, [], [[dog, dog + 1]], 9)
  assert.deepEqual([lead!.text, before!.text, match!.text], ['… ', 'る人と', '犬'])
})

test('fewer letters are seen of a narrow tile, and of wide letters', () => {
  assert.ok(lettersSeen('a dog', 100, 2) < lettersSeen('a dog', 300, 2))
  assert.ok(lettersSeen('犬', 300, 2) < lettersSeen('a dog', 300, 2))
  assert.ok(lettersSeen('a dog', 20, 2) > 0)
})

test('years on the scrubber never stand on each other or below its end', () => {
  const months = Array.from({ length: 480 }, (_, at) => `${2026 - Math.floor(at / 12)}-06`)
  const photos = months.map((_, at) => 1 + ((at * 7919) % 1000))
  const heightPx = 700
  const marks = yearMarks(months, photos, heightPx, 24)
  assert.equal(marks[0]!.year, '2026')
  assert.ok(marks.length > 5)
  for (let at = 1; at < marks.length; at++) {
    assert.ok((marks[at]!.share - marks[at - 1]!.share) * heightPx >= 24)
  }
  assert.ok((1 - marks.at(-1)!.share) * heightPx >= 12)
  assert.match(densityPath(['2026-01'], [3]), /^M1 0L0\.000 0\.0000V1\.0000L1 1Z$/)
})
