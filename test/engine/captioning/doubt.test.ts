import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  captionSignals,
  judgeCaption,
  parseDoubtCalibration,
} from '../../../src-main/engine/captioning/doubt.ts'
import type { GeneratedCaption } from '../../../src-main/engine/captioning/generated-caption.ts'

const caption: GeneratedCaption = {
  tokenIds: [1, 2, 3],
  text: 'A red kite',
  score: -1,
  words: [
    { text: 'A', start: 0, end: 1, logProbability: -3, lookEntropy: 2 },
    { text: 'red', start: 2, end: 5, logProbability: -0.5, lookEntropy: 3 },
    { text: 'kite', start: 6, end: 10, logProbability: -2, lookEntropy: 4 },
  ],
  endLogProbability: -0.5,
  beams: [-1, -1.5, -3].map((score) => ({ text: '', score })),
  similarity: 0.25,
  embedding: null,
  doubt: null,
}

const one = { mean: 0, deviation: 1, weight: 1 }
const calibration = {
  caption: { bias: 2, signals: { leastWord: one }, sure_from: 0.2 },
  word: { bias: 1, signals: { logProbability: one, similarity: { ...one, weight: 2 } }, sure_from: 0.5 },
  function_words: ['a'],
}

test('signals are read from words, beams and looks', () => {
  const signals = Object.fromEntries(
    Object.entries(captionSignals).map(([name, read]) => [name, read(caption)]),
  )
  assert.deepEqual(signals, {
    leastWord: -3,
    meanWord: -1.5,
    beamGap: 0.5,
    beamSpread: 2,
    lookEntropy: 3,
    words: 3,
    similarity: 0.25,
  })
})

test('a caption is unsure below its bound, and words that tell something are doubtful below theirs', () => {
  const { confidence, isUnsure, doubtfulWords } = judgeCaption(caption, calibration)
  // 1 / (1 + e^(3 - 2)); "red" at e^(1 - 0.5 + 0.5), "kite" at e^(1 - 2 + 0.5); "a" tells nothing.
  assert.ok(Math.abs(confidence - 1 / (1 + Math.E)) < 1e-12)
  assert.equal(isUnsure, false)
  assert.deepEqual(doubtfulWords, [[6, 10]])
  const stricter = { ...calibration, caption: { ...calibration.caption, sure_from: 0.5 } }
  assert.equal(judgeCaption(caption, stricter).isUnsure, true)
})

test('a calibration that is none is refused by name', () => {
  assert.deepEqual(parseDoubtCalibration(calibration, 'config.json (doubt)'), calibration)
  for (const [broken, field] of [
    [{ ...calibration, word: undefined }, 'word'],
    [{ ...calibration, caption: { ...calibration.caption, signals: { luck: one } } }, 'luck'],
    [{ ...calibration, caption: { ...calibration.caption, sure_from: 2 } }, 'sure_from'],
  ] as const) {
    assert.throws(
      () => parseDoubtCalibration(broken, 'config.json (doubt)'),
      (thrown: Error) => {
        assert.match(thrown.message, /config\.json \(doubt\) cannot be used/)
        assert.ok(thrown.message.includes(field), thrown.message)
        return true
      },
    )
  }
})
