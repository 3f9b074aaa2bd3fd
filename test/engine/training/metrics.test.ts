import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { type ScoredPicture, scoreCaptions, wordsOf } from '../../../src-main/engine/training/metrics.ts'

interface Expected {
  references: Record<string, string[]>
  candidates: Record<string, string>
  bleu: number[]
  rouge_l: number
  cider: number
  cider_per_image: Record<string, number>
}

const expected: Expected = JSON.parse(
  await readFile(new URL('../../fixtures/oracle/metrics.json', import.meta.url), 'utf8'),
)

const split = (text: string) => text.split(' ')
const picture = (candidate: string, ...references: string[]): ScoredPicture => ({
  candidate: split(candidate),
  references: references.map(split),
})

function assertNear(actual: number, wanted: number, what: string): void {
  assert.ok(Math.abs(actual - wanted) < 1e-9, `${what}: ${actual} is not ${wanted}`)
}

test('scores equal those of the COCO evaluation on eighty pictures', () => {
  const names = Object.keys(expected.references)
  const scores = scoreCaptions(
    names.map((name) => picture(expected.candidates[name]!, ...expected.references[name]!)),
  )
  for (const [index, bleu] of scores.bleu.entries()) {
    assertNear(bleu, expected.bleu[index]!, `BLEU-${index + 1}`)
  }
  assertNear(scores.rougeL, expected.rouge_l, 'ROUGE-L')
  assertNear(scores.cider, expected.cider, 'CIDEr')
  for (const [index, name] of names.entries()) {
    assertNear(scores.ciderPerPicture[index]!, expected.cider_per_image[name]!, `CIDEr of ${name}`)
  }
})

test('a repeated word counts no more often than a reference has it', () => {
  const { bleu } = scoreCaptions([
    picture('the the the the the the the', 'the cat is on the mat', 'there is a cat on the mat'),
  ])
  assertNear(bleu[0], 2 / 7, 'BLEU-1 of the well-known example')
})

test('a caption shorter than its nearest reference pays for it', () => {
  const { bleu } = scoreCaptions([
    picture('a dog runs', 'a dog runs fast', 'a brown dog runs over the grass'),
  ])
  assertNear(bleu[0], Math.exp(1 - 4 / 3), 'BLEU-1')
})

test('ROUGE-L follows the order of the words, with gaps', () => {
  const { rougeL } = scoreCaptions([picture('a dog on grass', 'a brown dog runs on green grass')])
  const [precision, recall] = [1, 4 / 7]
  assertNear(rougeL, (2.44 * precision * recall) / (recall + 1.44 * precision), 'ROUGE-L')
})

test('the very words of a person score ten in CIDEr, an empty caption nothing', () => {
  const { ciderPerPicture, rougeL } = scoreCaptions([
    picture('a dog runs over grass', 'a dog runs over grass'),
    { candidate: [], references: [split('two men sit in a boat')] },
  ])
  assertNear(ciderPerPicture[0]!, 10, 'CIDEr of the same words')
  assert.equal(ciderPerPicture[1], 0)
  assertNear(rougeL, 0.5, 'ROUGE-L')
})

test('words are compared in lower case and without punctuation', () => {
  assert.deepEqual(wordsOf('Two dogs, one RED ball .'), ['two', 'dogs', 'one', 'red', 'ball'])
  assert.deepEqual(wordsOf('A girl’s über-hat\tis "new"!'), ['a', 'girls', 'überhat', 'is', 'new'])
  assert.deepEqual(wordsOf(' . '), [])
})

test('nothing to compare with is refused', () => {
  assert.throws(() => scoreCaptions([]), RangeError)
  assert.throws(() => scoreCaptions([{ candidate: ['a'], references: [] }]), RangeError)
})
