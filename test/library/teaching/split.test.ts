import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createChance } from '../../../src-main/library/teaching/chance.ts'
import { splitByGroups } from '../../../src-main/library/teaching/split.ts'

const groupsOf = (sizes: readonly number[]) =>
  sizes.flatMap((size, group) => new Array<number>(size).fill(group))
const filledBy = (groups: readonly number[], foldOf: ReadonlyMap<number, number>) =>
  [...Map.groupBy(groups, (group) => foldOf.get(group)!).values()].map((photos) => photos.length)

test('few labels are each held out once, in parts of about one size, near duplicates together', () => {
  const groups = groupsOf([6, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1])
  const { heldOut, folds, foldOf } = splitByGroups(groups, createChance(1))
  assert.deepEqual([heldOut, folds, foldOf.size], ['each', 5, 12])
  const filled = filledBy(groups, foldOf)
  assert.deepEqual([filled.length, Math.max(...filled), Math.min(...filled)], [5, 6, 3])
})

test('of many labels one part is held out, and of very many a smaller one', () => {
  const many = splitByGroups(groupsOf(new Array(100).fill(1)), createChance(1))
  assert.deepEqual([many.heldOut, many.folds], ['one', 5])
  const most = splitByGroups(groupsOf(new Array(500).fill(1)), createChance(1))
  assert.deepEqual([most.heldOut, most.folds], ['one', 10])
})

test('of too few groups none is held out, however many photos they have', () => {
  assert.deepEqual(splitByGroups(groupsOf([20, 20, 20]), createChance(1)), {
    heldOut: 'none',
    folds: 0,
    foldOf: new Map(),
  })
  assert.equal(splitByGroups(groupsOf([1, 1, 1, 1]), createChance(1)).folds, 4)
})

test('the same chance divides them the same way, another one another', () => {
  const groups = groupsOf(new Array(40).fill(1))
  const by = (seed: number) => [...splitByGroups(groups, createChance(seed)).foldOf]
  assert.deepEqual(by(1), by(1))
  assert.notDeepEqual(by(1), by(2))
})
