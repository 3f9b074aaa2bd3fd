import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LensloreError } from '../../../src-main/contract/errors.ts'
import { openSession } from '../../../src-main/engine/captioning/session.ts'
import { differentiate } from '../../../src-main/engine/model/autodiff/differentiate.ts'
import { Graph } from '../../../src-main/engine/model/graph.ts'
import { gather, multiply, sumAway } from '../../../src-main/engine/model/operators.ts'
import {
  buildEvaluationGraph,
  buildGradientGraph,
  buildPredictionGraph,
  buildStepGraph,
  buildUpdateGraph,
  describeTensors,
  freeze,
  sumExponentials,
} from '../../../src-main/engine/training/step-graph.ts'
import { usualSettings } from '../../../src-main/engine/training/trainer.ts'
import { countCopies, keepDevice, onDevice } from '../software-gpu.ts'
import { readSubject } from '../tiny-oracle.ts'

keepDevice()

const [width, vocabulary] = [3, 7]
const wave = (length: number, pitch: number) =>
  Float32Array.from({ length }, (_, index) => 2 * Math.sin(pitch * (index + 1)))

/** By the definition, in double precision. */
function sumPlainly(hidden: Float32Array, words: Float32Array): { totals: number[]; gradient: number[] } {
  const totals: number[] = []
  const gradient: number[] = []
  for (let row = 0; row < hidden.length / width; row++) {
    const logits = Array.from({ length: vocabulary }, (_, word) =>
      [0, 1, 2].reduce((sum, at) => sum + hidden[row * width + at]! * words[word * width + at]!, 0),
    )
    const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0))
    totals.push(total)
    for (let at = 0; at < width; at++) {
      const mean = logits.reduce(
        (sum, logit, word) => sum + Math.exp(logit - total) * words[word * width + at]!,
        0,
      )
      gradient.push((row + 1) * mean)
    }
  }
  return { totals, gradient }
}

for (const provider of ['cpu', 'webgpu'] as const) {
  test(`a vocabulary cut into parts gives the sums of the whole on ${provider}`, async (context) => {
    const words = wave(vocabulary * width, 0.7)
    for (const parts of [[7], [2, 1, 4]]) {
      const g = new Graph('sums')
      const hidden = g.input('hidden', 'float32', ['S', width])
      const weights = g.input('weights', 'float32', ['S', 1])
      let from = 0
      const cut = parts.map((rows) => {
        const part = words.subarray(from * width, (from + rows) * width)
        from += rows
        return g.constant('float32', [rows, width], part)
      })
      const total = sumExponentials(g, hidden, cut, true)
      g.namedOutput('totals', total.value)
      const loss = sumAway(g, multiply(g, total.value, weights), [0, 1])
      g.namedOutput('gradient', differentiate(g, loss, [hidden], [total])[0]!)
      const session = await openSession(g, provider, 1).catch((thrown: unknown) => {
        if (thrown instanceof LensloreError && thrown.code === 'PROVIDER_UNAVAILABLE') return null
        throw thrown
      })
      if (!session) return context.skip('WebGPU does not open on this machine')
      for (const rows of [1, 5, 9]) {
        const data = wave(rows * width, 1.3)
        const wanted = sumPlainly(data, words)
        const got = await session.run({
          hidden: { data, shape: [rows, width] },
          weights: { data: Float32Array.from({ length: rows }, (_, row) => row + 1), shape: [rows, 1] },
        })
        for (const name of ['totals', 'gradient'] as const) {
          assert.equal(got[name]!.data.length, wanted[name].length)
          for (const [index, value] of wanted[name].entries()) {
            const difference = Math.abs(Number(got[name]!.data[index]) - value)
            assert.ok(
              difference < 1e-4,
              `${name} of ${rows} rows, words in [${parts}], [${index}]: ${difference}`,
            )
          }
        }
      }
      await session.close()
    }
  })
}

test('no tensor crosses between the host and the device within a step', async (context) => {
  const settings = { ...usualSettings, hasReference: true }
  // An adapter alone, and one beside cross-attention.
  for (const name of ['a', 'b']) {
    const { model } = await readSubject(name)
    const frozen = freeze(model, model.decoder.adapter!.config, 12)
    const graphs = [
      buildStepGraph(frozen, settings, settings),
      buildGradientGraph(frozen, settings),
      buildUpdateGraph(describeTensors(frozen), settings),
      buildEvaluationGraph(frozen),
      buildPredictionGraph(frozen, 4),
    ]
    for (const graph of graphs) {
      const copies = await onDevice(context, () => countCopies(graph))
      if (!copies) return
      assert.deepEqual(copies, { toHost: 0, toDevice: 0 }, `${name}, ${graph.name}`)
    }
  }
})

test('a gradient that is scattered would cross', async (context) => {
  const g = new Graph('scattered')
  const x = g.input('x', 'float32', ['R', width])
  const rows = g.input('rows', 'int64', ['S'])
  const squares = gather(g, x, rows)
  const loss = sumAway(g, multiply(g, squares, squares), [0, 1])
  g.namedOutput('gradient', differentiate(g, loss, [x])[0]!)
  const copies = await onDevice(context, () => countCopies(g))
  if (copies) assert.ok(copies.toDevice > 0)
})
