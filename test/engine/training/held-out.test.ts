import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrainingExample } from '../../../src-main/contract/training.ts'
import { compareSaid } from '../../../src-main/engine/training/held-out.ts'

const things = [
  'a dog',
  'two cats',
  'the lake',
  'some boats',
  'a tree',
  'my house',
  'the car',
  'old people',
  'a child',
  'red roofs',
]
const examples = things.map(
  (thing, index): TrainingExample => ({
    contentHash: String(index).repeat(64),
    path: `/${index}`,
    kind: 'label',
    captions: [{ text: `Today we saw ${thing} there`, weight: 1 }],
    group: index,
    fold: 0,
  }),
)
const said = (say: (thing: string) => string) =>
  things.map((thing, example) => ({ example, loss: 1, caption: say(thing) }))

test("a person's manner counts, also where all captions have it", () => {
  const plain = said((thing) => `There is ${thing}`)
  const learned = compareSaid(
    examples,
    plain,
    said((thing) => `Today we saw ${thing}`),
    1,
  )
  assert.deepEqual([learned.verdict, learned.better], ['better', 10])
  // Set for set it is scored as everybody scores it.
  assert.ok(learned.scores!.after.bleu4 > 50 && learned.scores!.before.bleu4 < 1)
  const same = compareSaid(examples, plain, plain, 1)
  assert.deepEqual([same.verdict, same.same, same.cider!.difference.mean], ['not-better', 10, 0])
})

test('photos are told in the order of the plan, with all words of theirs', () => {
  const shuffled = said((thing) => thing).reverse()
  const { photos } = compareSaid(
    examples,
    said((thing) => thing),
    shuffled,
    1,
  )
  assert.deepEqual(
    photos.map(({ contentHash, after, own }) => [contentHash, after, own]),
    examples.map(({ contentHash, captions }, index) => [contentHash, things[index], [captions[0]!.text]]),
  )
})
