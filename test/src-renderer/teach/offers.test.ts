import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answered, inPlace, kindOfOffers, type OffersOfName } from '../../../src-renderer/teach/offers.ts'

const offers = (name: string, total: number, ids: readonly number[]): OffersOfName => ({
  name,
  isPerson: false,
  named: 3,
  total,
  page: ids.map((id) => ({ id, caption: '' })),
})
const shown = (all: readonly OffersOfName[]) => all.map(({ name, page }) => [name, page.map(({ id }) => id)])

test('what is looked at stays in its place, what is new comes behind it, and names without offers go', () => {
  const before = [offers('Biscuit', 3, [1, 2, 3]), offers('Otto', 1, [9])]
  const now = [offers('Ruth', 1, [7]), offers('Otto', 0, []), offers('Biscuit', 4, [4, 3, 2, 5])]
  assert.deepEqual(shown(inPlace(before, now)), [
    ['Biscuit', [2, 3, 4, 5]],
    ['Ruth', [7]],
  ])
  assert.deepEqual(shown(inPlace([], now)), [
    ['Ruth', [7]],
    ['Biscuit', [4, 3, 2, 5]],
  ])
})

test('what was answered is gone from its name alone, and counted', () => {
  const [biscuit, otto] = answered(
    [offers('Biscuit', 30, [1, 2, 3]), offers('Otto', 2, [1, 9])],
    'Biscuit',
    [1, 3, 8],
  )
  assert.deepEqual(shown([biscuit!, otto!]), [
    ['Biscuit', [2]],
    ['Otto', [1, 9]],
  ])
  assert.deepEqual([biscuit!.total, otto!.total], [28, 2])
})

test('whether it is a person is what the person says, and else what photos are tagged with', () => {
  const ruth = { ...offers('Ruth', 1, [1]), isPerson: true }
  assert.equal(kindOfOffers(ruth, new Map()), 'person')
  assert.equal(kindOfOffers(ruth, new Map([['Ruth', false]])), 'other')
  assert.equal(kindOfOffers(offers('Otto', 1, [1]), new Map([['Otto', true]])), 'person')
})
