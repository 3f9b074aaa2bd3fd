import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery } from '../../../src-main/contract/query.ts'
import {
  addFilter,
  chipOf,
  datesOf,
  datesText,
  dropChips,
  filterText,
  readChips,
  setFilter,
  turnLike,
} from '../../../src-renderer/search/query-chips.ts'

const sourcesOf = (text: string) =>
  readChips(text).chips.map((chip) => [chip.group, ...chip.pieces.map((piece) => piece.text)])

test('words and filters of a query are told apart', () => {
  const parts = readChips(
    'kite camera:"Nikon D750" OR camera:iPhone -beach after:2019-03 rating:4+ before:2024',
  )
  assert.equal(parts.words, 'kite -beach')
  assert.deepEqual(
    parts.chips.map((chip) => [chip.group, ...chip.pieces.map((piece) => piece.text)]),
    [
      ['camera', 'camera:"Nikon D750"', 'camera:iPhone'],
      ['dates', 'after:2019-03', 'before:2024'],
      ['rating', 'rating:4+'],
    ],
  )
})

test('kinds of captions are one group, states another, and a filter beside a word stays words', () => {
  assert.deepEqual(sourcesOf('by:person OR is:unsure is:failed OR is:offline is:favourite -has:caption'), [
    ['caption', 'by:person', 'is:unsure'],
    ['state', 'is:failed', 'is:offline'],
    ['favorite', 'is:favourite'],
    ['caption', '-has:caption'],
  ])
  assert.equal(readChips('kite OR camera:nikon').words, 'kite OR camera:nikon')
  assert.deepEqual(sourcesOf('camera:nikon OR by:person'), [[null, 'camera:nikon', 'by:person']])
})

test('what is not understood, or has no value yet, is no chip and is not lost', () => {
  for (const text of [
    'rating:many',
    'is:',
    'by:nobody kite',
    'date:soon',
    '-date:2020 kite',
    '"is:failed"',
  ]) {
    assert.deepEqual(readChips(text), { words: text, chips: [] }, text)
  }
})

test('a filter is changed, and everything else stays as it was typed', () => {
  const text = 'kite  camera:nikon -"old  man" before:2020'
  const changed = setFilter(text, 'camera', [filterText('camera', 'iPhone 13'), filterText('camera', 'X-T5')])
  assert.equal(changed, 'kite -"old  man" before:2020 camera:"iPhone 13" OR camera:X-T5')
  assert.equal(setFilter(changed, 'camera', []), 'kite -"old  man" before:2020')
  assert.equal(setFilter('', 'rating', ['rating:3+']), 'rating:3+')
  assert.equal(addFilter('people:Nell', filterText('people', 'Nana Ruth')), 'people:Nell people:"Nana Ruth"')
})

test('a filter joins nothing that it was not to be joined with', () => {
  for (const [text, wanted] of [
    ['kite OR', 'is:failed kite OR'],
    ['OR kite OR', 'is:failed kite OR'],
    ['say "red ki', 'is:failed say "red ki'],
    ['folder:"a b', 'is:failed folder:"a b'],
    ['say "red kite"', 'say "red kite" is:failed'],
  ] as const) {
    assert.equal(setFilter(text, 'state', ['is:failed']), wanted)
  }
})

test('taking a filter away leaves the alternatives of the others as they were', () => {
  for (const text of [
    'kite before:2020 OR dog',
    'kite OR before:2020 dog',
    'kite before:2020 dog',
    'OR before:2020 dog',
  ]) {
    const parts = readChips(text)
    const rest = dropChips(text, [chipOf(parts, 'dates')!])
    assert.deepEqual(parseQuery(rest).clauses, parseQuery(text).clauses, text)
    assert.equal(parseQuery(rest).beforeMs, null)
  }
})

test('whatever is typed, filters that are set are found by the library beside all other clauses', () => {
  const pieces = [
    'kite',
    'OR',
    '|',
    '-dog',
    '"a b"',
    'camera:x',
    'by:person',
    'date:2020',
    'rating:2-4',
    '!!',
    'is:',
    '-',
  ]
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return Math.floor((seed / 2147483648) * below)
  }
  for (let round = 0; round < 2000; round++) {
    const text = Array.from({ length: random(7) }, () => pieces[random(pieces.length)]).join(' ')
    const before = setFilter(text, 'lens', [])
    const set = setFilter(text, 'lens', ['lens:a', 'lens:b'])
    const clauses = parseQuery(set).clauses.map((clause) => clause.map((term) => term.source).join(' OR '))
    assert.ok(clauses.includes('lens:a OR lens:b'), `${text} → ${set}`)
    assert.deepEqual(
      clauses.filter((clause) => clause !== 'lens:a OR lens:b').sort(),
      parseQuery(before)
        .clauses.map((clause) => clause.map((term) => term.source).join(' OR '))
        .sort(),
      text,
    )
    assert.deepEqual(parseQuery(setFilter(set, 'lens', [])).clauses, parseQuery(before).clauses, set)
  }
})

test('values with spaces, signs and quotes are written so that they are read again', () => {
  for (const name of [
    'Nikon D750',
    'Ana-María',
    '-x',
    '/home/ada/My Pictures',
    '花子',
    'O’Brien',
    'the “best” one',
    '|',
  ]) {
    const [chip] = readChips(`kite ${filterText('people', name)} beach`).chips
    if (name === '|') assert.equal(chip, undefined)
    else assert.equal(chip!.pieces[0]!.value.trim(), name.replaceAll(/["“”]/g, ' ').trim())
  }
})

test('months are written as dates and read as bounds', () => {
  assert.deepEqual(datesText('2019-03', '2024-08'), ['after:2019-03', 'before:2024-09'])
  assert.deepEqual(datesText(null, '2019-12'), ['before:2020-01'])
  assert.deepEqual(datesText('2019-01', '2019-12'), ['date:2019'])
  assert.deepEqual(datesText('2019-03', '2019-03'), ['date:2019-03'])
  const parts = readChips(datesText('2019-03', '2024-08').join(' '))
  assert.deepEqual(datesOf(chipOf(parts, 'dates')), {
    fromMs: Date.UTC(2019, 2, 1),
    beforeMs: Date.UTC(2024, 8, 1),
  })
})

test('what photos are to look like stands in a chip of its own each, and is turned round in its place', () => {
  const query = 'dog OR like:12,15 cat -like:"cosy evening" place:lisbon'
  const { words, chips } = readChips(query)
  assert.equal(words, 'dog cat')
  assert.deepEqual(
    chips.map(({ group, pieces }) => [group, pieces.map((piece) => piece.text)]),
    [
      ['like', ['like:12,15']],
      ['unlike', ['-like:"cosy evening"']],
      ['place', ['place:lisbon']],
    ],
  )
  const turned = turnLike(query, chips[0]!.pieces[0]!)
  assert.equal(turned, 'dog OR -like:12,15 cat -like:"cosy evening" place:lisbon')
  assert.equal(
    turnLike(turned, readChips(turned).chips[1]!.pieces[0]!),
    'dog OR -like:12,15 cat like:"cosy evening" place:lisbon',
  )
  assert.equal(dropChips(query, [chips[0]!]), 'dog cat -like:"cosy evening" place:lisbon')
})
