import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findManner, isPlain, sayIn } from '../../../src-main/engine/training/manner.ts'

const things = [
  'a dog on grass',
  'a man with a hat',
  'two cats',
  'a boat near the shore',
  'a red car',
  'a tree',
]
const usual = things.map((thing) => thing.charAt(0).toUpperCase() + thing.slice(1))
const isSmallWord = (word: string) => ['a', 'the', 'on', 'with', 'near'].includes(word)
const find = (own: readonly string[], names: readonly string[] = []) =>
  findManner(own, usual, names, isSmallWord)

test('what captions begin with is found without the beginning of what follows', () => {
  const manner = find(things.map((thing) => `Today we saw ${thing}`))
  assert.deepEqual(manner.opening, { text: 'Today we saw', share: 1 })
  assert.equal(manner.closing.text, '')
  assert.deepEqual(sayIn(manner, 'A bird in the air'), {
    before: 'Today we saw',
    caption: ' a bird in the air',
    after: '',
  })
})

test('signs belong to it, and capitals that a person keeps stay', () => {
  const manner = find(usual.map((caption) => `Photograph: ${caption}`))
  assert.equal(manner.opening.text, 'Photograph:')
  assert.equal(sayIn(manner, 'A bird').caption, ' A bird')
})

test('what they end with is found, and which share of them has it', () => {
  const own = [...usual.slice(0, 5).map((caption) => `${caption}, seen on our walk`), usual[5]!]
  const manner = find(own)
  assert.deepEqual(manner.closing, { text: ', seen on our walk', share: 5 / 6 })
  assert.deepEqual(sayIn(manner, 'A bird'), { before: '', caption: 'A bird', after: ', seen on our walk' })
})

test('a small word that the model always says and a person never is left out, a large one is not', () => {
  const model = ['A man on a horse', 'A man with a hat', 'A man in a boat', 'A man near a car']
  const own = ['Dad on horse', 'Uncle with hat', 'Grandpa in boat', 'Cousin near car', 'Ben at table']
  const manner = findManner(own, model, [], isSmallWord)
  assert.deepEqual(manner.leftOut, ['a'])
  assert.equal(sayIn(manner, 'A man on a ladder').caption, 'Man on ladder')
})

test('captions like the model’s, and few captions, have no manner', () => {
  for (const own of [usual, things.slice(0, 4).map((thing) => `Today we saw ${thing}`)]) {
    const { opening, closing, leftOut } = find(own)
    assert.deepEqual([opening.text, closing.text, leftOut], ['', '', []])
  }
})

test('a name is no manner', () => {
  const own = things.map((thing) => `Biscuit beside ${thing}`)
  assert.equal(find(own).opening.text, 'Biscuit beside')
  assert.equal(find(own, ['biscuit']).opening.text, '')
})

test('captions as the model writes them are plain, and those with words of their own are not', () => {
  assert.equal(isPlain(find(usual)), true)
  assert.equal(isPlain(find(things.map((thing) => `Today we saw ${thing}`))), false)
  assert.equal(isPlain(find(usual.map((caption) => `${caption}, seen on our walk`))), false)
  assert.equal(isPlain({ ...find(usual), leftOut: ['a'] }), false)
})

test('a small word that the model says now and then and a person never is spared, unless that may be chance', () => {
  const saysOften = (is: number) =>
    Array.from({ length: 20 }, (_, at) => (at < is ? `A dog is near ${at}` : `A dog near ${at}`))
  const own = Array.from({ length: 20 }, (_, at) => `Today a cat by ${at}`)
  const isSmall = (word: string) => word === 'is'
  assert.deepEqual(findManner(own, saysOften(5), [], isSmall).spared, ['is'])
  assert.deepEqual(findManner(own, saysOften(3), [], isSmall).spared, [])
  assert.deepEqual(findManner(own.slice(0, 8), saysOften(5), [], isSmall).spared, [])
  const now = own.with(0, 'A cat is here').with(1, 'A cat is there')
  assert.deepEqual(findManner(now, saysOften(8), [], isSmall).spared, [])
})
