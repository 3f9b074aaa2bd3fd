import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery } from '../../src-main/contract/query.ts'
import {
  likeText,
  mostExamples,
  readQuery,
  termsRead,
  withoutLikes,
} from '../../src-main/contract/query-grammar.ts'

const likesOf = (text: string) =>
  parseQuery(text).likes.map(({ like, negated }) => [
    negated ? '-' : '+',
    like.kind === 'words' ? like.text : like.pictures.map((each) => Object.values(each)[0]),
  ])

test('like: takes words, photos by their ids, and pictures by what the library calls them', () => {
  assert.deepEqual(likesOf('like:dog -like:"a cosy evening" like:123 like:12,15, red'), [
    ['+', 'dog'],
    ['-', 'a cosy evening'],
    ['+', [123]],
    ['+', [12, 15]],
  ])
  const outside = '0123456789abcdef'
  assert.deepEqual(likesOf(`like:3,picture-${outside}`), [['+', [3, outside]]])
  // In quotes it is words, and so is what is only like an id.
  assert.deepEqual(likesOf('like:"12" like:0 like:12,dog like:picture-12'), [
    ['+', '12'],
    ['+', '0'],
    ['+', '12,dog'],
    ['+', 'picture-12'],
  ])
  const ids = Array.from({ length: mostExamples + 20 }, (_, at) => at + 1)
  assert.deepEqual(likesOf(`like:${ids.join(',')}`), [['+', ids.slice(0, mostExamples)]])
})

test('like: without a value says nothing, and of signs alone there is nothing to search for', () => {
  assert.deepEqual([parseQuery('like:').likes, parseQuery('like:').notes], [[], []])
  assert.deepEqual(parseQuery('like:!!!').notes, [{ kind: 'signs', text: 'like:!!!' }])
  assert.deepEqual(parseQuery('similar:dog').notes, [
    { kind: 'filter', text: 'similar:dog', name: 'similar', meant: 'like' },
  ])
})

test('beside an OR it holds for the whole search, and joins nothing', () => {
  const { clauses, likes, notes } = readQuery('dog OR like:snow cat', ({ text }) => text)
  assert.deepEqual(clauses, [['dog'], ['cat']])
  assert.equal(likes.length, 1)
  assert.deepEqual(notes, [{ kind: 'or', text: 'like:snow' }])
  assert.equal(withoutLikes('dog OR like:snow cat'), 'dog cat')
  assert.equal(withoutLikes('a OR b  like:"x y"'), 'a OR b')
})

test('no more of them are read than of other terms', () => {
  const { likes, notes } = parseQuery(
    Array(termsRead + 2)
      .fill('like:dog')
      .join(' '),
  )
  assert.equal(likes.length, termsRead)
  assert.deepEqual(notes, [{ kind: 'length', read: termsRead, leftOut: 2 }])
})

test('what is written is read again as it was', () => {
  for (const text of ['like:"cosy evening"', '-like:"12"', 'like:12,15', '-like:picture-0123456789abcdef']) {
    const { likes } = parseQuery(text)
    assert.equal(likeText(likes[0]!.like, likes[0]!.negated), text)
  }
})
