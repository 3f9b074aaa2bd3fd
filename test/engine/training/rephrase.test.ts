import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTokenizer } from '../../../src-main/engine/captioning/tokenizer.ts'
import { noManner } from '../../../src-main/engine/training/manner.ts'
import { rephrase } from '../../../src-main/engine/training/rephrase.ts'
import type { Replayed } from '../../../src-main/engine/training/replay.ts'
import { toText } from '../../../src-main/engine/training/texts.ts'

const directory = new URL('../../../models/lenslore-v1', import.meta.url).pathname
const tokenizer = await readTokenizer({ tokenizerDirectories: [directory] })
const config = { startToken: 4095, endToken: 4095, positions: 40 } as Parameters<typeof toText>[3]
const material = {
  tokenizer,
  toText: (example: number, tokens: readonly number[]) => toText(example, tokens, 1, config),
}

/** Expected were the very words that were said, and how surely tells of which place it was. */
function note(caption: string): Replayed {
  const text = material.toText(0, tokenizer.encode(caption))
  const prediction = {
    ids: Int32Array.from(text.targets),
    probabilities: Float32Array.from(text.targets, (_, at) => (at + 1) / 64),
    count: 1,
  }
  return { text, prediction, isTold: () => false }
}

const caption = 'A dog on a beach with a boat'
const noted = note(caption)
const sure = (place: number) => (place + 1) / 64

test('what the manner adds is told, and the rest is held to what was expected at the same word', () => {
  const manner = {
    ...noManner,
    opening: { text: 'Today we saw', share: 1 },
    closing: { text: ', I think', share: 1 },
    goesOnSmall: true,
  }
  const [said] = rephrase([noted], manner, material)
  const { text, prediction, isTold } = said!
  assert.equal(tokenizer.decode(text.tokens.slice(1)), 'Today we saw a dog on a beach with a boat, I think')
  const before = tokenizer.encode('Today we saw a').length
  const kept = tokenizer.encode(caption).length - 1
  for (const [at, target] of text.targets.entries()) {
    const isKept = at >= before && at < before + kept
    assert.equal(isTold(at), !isKept, tokenizer.decode([target]))
    if (!isKept) continue
    assert.equal(Number(prediction!.ids[at]), target)
    assert.equal(prediction!.probabilities[at], sure(at - before + 1))
  }
})

test('words that are left out take nothing from the others, the end included', () => {
  const [said] = rephrase([noted], { ...noManner, goesOnSmall: true, leftOut: ['a'] }, material)
  const { text, prediction, isTold } = said!
  assert.equal(tokenizer.decode(text.tokens.slice(1)), 'dog on beach with boat')
  assert.ok(text.targets.every((target, at) => !isTold(at) && Number(prediction!.ids[at]) === target))
  assert.equal(prediction!.probabilities.at(-1), sure(noted.text.targets.length - 1))
})

test('a manner that half of the captions have is that of half of the photos, and none changes nothing', () => {
  const many = Array.from({ length: 10 }, () => noted)
  const manner = { ...noManner, opening: { text: 'Look:', share: 0.5 } }
  const said = rephrase(many, manner, material).map(({ text }) => tokenizer.decode(text.tokens.slice(1)))
  assert.equal(said.filter((each) => each.startsWith('Look: A dog')).length, 5)
  assert.deepEqual(rephrase(many, noManner, material), many)
})

test('a word is spared where the model would have gone on without it, and is expected nowhere', () => {
  const text = material.toText(0, tokenizer.encode('A dog is running'))
  const [is, running] = [' is', ' running'].map((word) => tokenizer.encode(word)[0]!)
  const likely = [
    [text.targets[0]!, 0.5],
    [text.targets[1]!, 0.5],
    [is!, 0.6],
    [running!, 0.5],
    [text.targets[4]!, 0.5],
  ]
  const expecting = (runningAtOnce: number): Replayed => ({
    text,
    prediction: {
      ids: Int32Array.from(likely.flatMap(([token], at) => [token!, at === 3 ? is! : running!])),
      probabilities: Float32Array.from(likely.flatMap(([, much]) => [much!, runningAtOnce])),
      count: 2,
    },
    isTold: () => false,
  })
  const manner = { ...noManner, spared: ['is'] }
  const [spared] = rephrase([expecting(0.25)], manner, material)
  assert.equal(tokenizer.decode(spared!.text.tokens.slice(1)), 'A dog running')
  assert.equal(spared!.text.targets[2], running)
  // As after "A dog is", of which a quarter was to go on with "is" once more.
  const { ids, probabilities } = spared!.prediction!
  assert.deepEqual([...ids.subarray(4, 6)], [running, is])
  assert.ok(Math.abs(probabilities[4]! - 0.5 / 0.75) < 1e-6)
  assert.equal(probabilities[5], 0)

  const [kept] = rephrase([expecting(0.01)], manner, material)
  assert.equal(tokenizer.decode(kept!.text.tokens.slice(1)), 'A dog is running')
  assert.ok(Math.abs(kept!.prediction!.probabilities[4]! - 0.6) < 1e-6)
})
