import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LensloreError } from '../../../src-main/contract/errors.ts'
import { checkForHalves } from '../../../src-main/engine/captioning/halves-check.ts'
import { buildCaptionGraph } from '../../../src-main/engine/model/caption-graph.ts'
import { Graph, type Value } from '../../../src-main/engine/model/graph.ts'
import { halve } from '../../../src-main/engine/model/half-precision.ts'
import { add, affine, softmax, where } from '../../../src-main/engine/model/operators.ts'
import { buildSearch, type SearchInPieces } from '../../../src-main/engine/model/search-in-pieces.ts'
import { countCopies, keepDevice, onDevice } from '../software-gpu.ts'
import { captionWith, readSubject, type Subject } from '../tiny-oracle.ts'

keepDevice()

const generation = { beams: 4, lengthPenalty: 0.8, maxNewTokens: 12 }
const checkpoints = ['a', 'b', 'e']

function inPieces({ model }: Subject, precision: 'fp32' | 'fp16'): SearchInPieces {
  return buildSearch('webgpu', 'pixels', model, generation, undefined, precision) as SearchInPieces
}

const none = new Set<string>()

/** The pieces with halves inside alone: those that go from piece to piece the runtime takes from no host. */
function halveInside({ begin, goOn, end, ...counts }: SearchInPieces): SearchInPieces {
  return {
    ...counts,
    begin: halve(begin, none, none),
    goOn: goOn && halve(goOn, none, none),
    end: halve(end, none, none),
  }
}

test('in half precision the search finds what it finds in single, and scores it nearly so', async () => {
  for (const name of checkpoints) {
    const subject = await readSubject(name)
    const expected = await captionWith(buildCaptionGraph(subject.model, generation), subject.pixels)
    const found = await captionWith(halveInside(inPieces(subject, 'fp32')), subject.pixels)
    assert.deepEqual(
      found.map(({ ids }) => ids),
      expected.map(({ ids }) => ids),
      name,
    )
    const differences = found.map(({ score }, at) => Math.abs(score - expected[at]!.score))
    assert.ok(Math.max(...differences) < 1e-2, `${name}: ${differences}`)
    assert.ok(Math.max(...differences) > 1e-6, 'it was in half precision')
  }
})

const floats = (values: readonly (Value | null)[]) =>
  values.flatMap((value) => (value?.type.startsWith('float') ? [value.type] : []))

test('weights and products are halves, and scores of words and what sums or compares is not', async () => {
  const sums = ['Softmax', 'Log', 'TopK', 'CumSum', 'ReduceMean', 'ReduceSum', 'Pow', 'Sqrt']
  for (const name of checkpoints) {
    const subject = await readSubject(name)
    const { vocabulary } = subject.model.decoder.config
    const { begin, goOn, end } = inPieces(subject, 'fp16')
    for (const g of [begin, goOn!, end]) {
      for (const node of g.nodes) {
        const types = [...floats(node.inputs), ...floats(node.outputs)]
        const what = `${name}, ${g.name}, ${node.outputs[0]!.name}`
        if (node.operator !== 'Cast') assert.ok(new Set(types).size <= 1, `${what}: ${types}`)
        if (sums.includes(node.operator)) assert.ok(!types.includes('float16'), what)
        const isScore = node.outputs[0]!.shape[1] === vocabulary
        if (node.operator === 'Gemm') assert.equal(types[0], isScore ? 'float32' : 'float16', what)
        if (node.operator === 'Conv') assert.ok(!types.includes('float16'), what)
      }
    }
    const sent = new Map([...begin.outputs, ...goOn!.outputs].map((value) => [value.name, value.type]))
    for (const { name: taken, type } of [...goOn!.inputs, ...end.inputs]) {
      if (!sent.has(taken)) continue
      assert.equal(type, sent.get(taken), taken)
      const next = sent.get(taken.replace('state.', 'next.'))
      if (next) assert.equal(next, type, taken)
    }
    assert.ok([...sent.values()].includes('float16') && [...sent.values()].includes('float32'))
    assert.ok(!end.outputs.some(({ type }) => type === 'float16'))
  }
})

function weightOf(g: Graph, type: 'float32' | 'float16'): Value {
  const byteLength = type === 'float32' ? 16 : 8
  return g.weight(type, { filePath: type, offsetBytes: 0, byteLength, type, shape: [2, 2] })
}

test('what is stored in halves is used as it is stored, and the rest is cast once', () => {
  const g = new Graph('weights')
  const x = g.input('x', 'float32', ['R', 2])
  const twice = (type: 'float32' | 'float16') =>
    affine(g, affine(g, x, weightOf(g, type), null, 'in-out'), weightOf(g, type), null, 'in-out')
  g.namedOutput('sum', add(g, twice('float32'), twice('float16')))
  const halved = halve(g, none, null)
  const casts = halved.nodes.filter(({ operator }) => operator === 'Cast')
  assert.deepEqual(casts.map(({ inputs }) => inputs[0]!.name).sort(), ['float32', 'x'])
  const products = halved.nodes.filter(({ operator }) => operator === 'Gemm')
  assert.equal(products.filter(({ inputs }) => inputs[1]!.name === 'float16').length, 2)
})

test('numbers that halves cannot hold keep what they meet in single precision', () => {
  const g = new Graph('masked')
  const x = g.input('x', 'float32', ['R', 2])
  const isHidden = g.input('hidden', 'bool', ['R', 2])
  const weight = weightOf(g, 'float32')
  const scores = affine(g, x, weight, null, 'in-out')
  g.namedOutput('small', where(g, isHidden, g.scalar(-1e4), scores))
  g.namedOutput('large', where(g, isHidden, g.scalar(-1e30), scores))
  g.namedOutput('shares', softmax(g, scores))
  const halved = halve(g, none, null)
  assert.deepEqual(
    halved.outputs.map(({ name, type }) => `${name} ${type}`),
    ['small float16', 'large float32', 'shares float32'],
  )
  const written = halved.nodes
    .filter(({ operator }) => operator === 'Where')
    .map(({ outputs: [o] }) => o!.type)
  assert.deepEqual(written, ['float16', 'float32'])
})

test('a loop is not put into half precision', async () => {
  const { model } = await readSubject('a')
  assert.throws(() => halve(buildCaptionGraph(model, generation), none, none), RangeError)
})

test('in half precision, too, nothing crosses between the host and the device for a token', async (context) => {
  for (const name of checkpoints) {
    // `begin` opens only where there are halves: what it turns over is turned over there.
    const { goOn } = inPieces(await readSubject(name), 'fp16')
    const copies = await onDevice(context, () => countCopies(goOn!))
    if (copies) assert.deepEqual(copies, { toHost: 0, toDevice: 0 }, name)
  }
})

test('what has no device that computes in half precision is told so before a model is opened', async () => {
  // Of providers, the one that surely computes.
  await checkForHalves('cpu', 1)
  // Software has none.
  const failed = await checkForHalves('webgpu', 1).catch((thrown: unknown) => thrown)
  if (failed !== undefined) assert.equal((failed as LensloreError).code, 'PROVIDER_UNAVAILABLE')
  const path = process.env.VK_ICD_FILENAMES
  if (path?.includes('swiftshader'))
    assert.match((failed as Error).message, /no device here that computes in fp16/)
})
