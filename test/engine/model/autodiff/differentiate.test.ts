import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LensloreError } from '../../../../src-main/contract/errors.ts'
import { runOnce } from '../../../../src-main/engine/captioning/search-session.ts'
import { openSession, type SessionTensor } from '../../../../src-main/engine/captioning/session.ts'
import { differentiate } from '../../../../src-main/engine/model/autodiff/differentiate.ts'
import { rules } from '../../../../src-main/engine/model/autodiff/rules.ts'
import { Graph, type Operator, type Value } from '../../../../src-main/engine/model/graph.ts'
import {
  add,
  cast,
  exponential,
  gemm,
  layerNormalize,
  logarithm,
  maximum,
  multiply,
  reshape,
  softmax,
  subtract,
  sumAway,
  topK,
} from '../../../../src-main/engine/model/operators.ts'
import '../../software-gpu.ts'
import { type GradientCase, gradientCases, type Literal } from './gradient-cases.ts'

function shapeOf(literal: Literal): number[] {
  return typeof literal === 'number' ? [] : [literal.length, ...shapeOf(literal[0]!)]
}

function flatten(literal: Literal): number[] {
  return typeof literal === 'number' ? [literal] : literal.flatMap(flatten)
}

/** All elements in one sum, each times its weight. */
function weigh(g: Graph, x: Value, weights: Literal): Value {
  const products = multiply(g, x, g.constant('float32', shapeOf(weights), flatten(weights)))
  const axes = [...products.shape.keys()]
  return axes.length === 0 ? products : sumAway(g, products, axes)
}

interface BuiltCase {
  feeds: Record<string, SessionTensor>
  loss: Value
  /** Names of the outputs. */
  gradients: string[]
}

/** Adds a case to a graph under names of its own. */
function buildCase(g: Graph, { name, build, inputs, upstream }: GradientCase): BuiltCase {
  const values = inputs.map((literal, index) => g.input(`${name}/${index}`, 'float32', shapeOf(literal)))
  const loss = weigh(g, build(g, values), upstream)
  const gradients = differentiate(g, loss, values).map((gradient, index) => {
    g.namedOutput(`${name}/gradient ${index}`, gradient)
    return `${name}/gradient ${index}`
  })
  const feeds = values.map((value, index): [string, SessionTensor] => [
    value.name,
    { data: Float32Array.from(flatten(inputs[index]!)), shape: value.shape as number[] },
  ])
  return { feeds: Object.fromEntries(feeds), loss, gradients }
}

function assertNear(got: SessionTensor, wanted: Literal, within: number, what: string): void {
  const numbers = flatten(wanted)
  assert.equal(got.data.length, numbers.length, what)
  for (const [index, value] of numbers.entries()) {
    assert.ok(
      Math.abs(Number(got.data[index]) - value) <= within * Math.max(1, Math.abs(value)),
      `${what}: [${[...got.data]}] is not [${numbers}]`,
    )
  }
}

for (const provider of ['cpu', 'webgpu'] as const) {
  test(`every gradient is what one works out by hand, on ${provider}`, async (context) => {
    const g = new Graph('cases')
    const built = gradientCases.map((each) => buildCase(g, each))
    const feeds = Object.assign({}, ...built.map((each) => each.feeds))
    const outputs = await runOnce(g, feeds, provider).catch((thrown: unknown) => {
      if (thrown instanceof LensloreError && thrown.code === 'PROVIDER_UNAVAILABLE') return null
      throw thrown
    })
    if (!outputs) return context.skip('WebGPU does not open on this machine')
    for (const [at, { name, gradients }] of gradientCases.entries()) {
      for (const [index, wanted] of gradients.entries()) {
        const output = built[at]!.gradients[index]!
        assertNear(outputs[output]!, wanted, provider === 'cpu' ? 1e-5 : 1e-4, `${name}, input ${index}`)
      }
    }
  })
}

test('every gradient is the slope between two points near by', async () => {
  const step = 1 / 128
  for (const each of gradientCases.filter(({ name }) => !name.startsWith('Clip'))) {
    const g = new Graph('case')
    const { feeds, loss, gradients } = buildCase(g, each)
    g.namedOutput('loss', loss)
    const session = await openSession(g, 'cpu', 1)
    const outputs = await session.run(feeds)
    for (const [index, [name, { data, shape }]] of Object.entries(feeds).entries()) {
      const gradient = outputs[gradients[index]!]!.data
      for (const [at, value] of data.entries()) {
        const lossAt = async (moved: number) => {
          const changed = (data as Float32Array).with(at, moved)
          return Number((await session.run({ ...feeds, [name]: { data: changed, shape } })).loss!.data[0])
        }
        const [after, before] = [await lossAt(Number(value) + step), await lossAt(Number(value) - step)]
        const slope = (after - before) / (2 * step)
        assert.ok(
          Math.abs(Number(gradient[at]) - slope) < 2e-3 * Math.max(1, Math.abs(slope)),
          `${each.name}, ${name}[${at}]: ${gradient[at]} where the slope is ${slope}`,
        )
      }
    }
    await session.close()
  }
})

test('no operator with a gradient goes untested', () => {
  const tested = new Set<Operator>()
  for (const { build, inputs } of gradientCases) {
    const g = new Graph('case')
    build(
      g,
      inputs.map((literal, index) => g.input(`x${index}`, 'float32', shapeOf(literal))),
    )
    for (const { operator } of g.nodes) tested.add(operator)
  }
  const known = Object.entries(rules).filter(([, { kind }]) => kind === 'differentiable')
  assert.deepEqual(
    known.map(([operator]) => operator).filter((operator) => !tested.has(operator as Operator)),
    [],
  )
})

test('a value that is used several times gets the sum, in one place', async () => {
  const g = new Graph('shared')
  const x = g.input('x', 'float32', [2])
  const doubled = add(g, x, x)
  const loss = sumAway(g, add(g, multiply(g, doubled, x), doubled), [0]) // Σ 2x² + 2x
  g.namedOutput('gradient', differentiate(g, loss, [x])[0]!)
  const { gradient } = await runOnce(g, { x: { data: Float32Array.of(3, -1), shape: [2] } })
  assertNear(gradient!, [14, -2], 1e-6, '4x + 2')
})

test('sizes that are known only when the graph runs go back as they came', async () => {
  const g = new Graph('symbolic')
  const x = g.input('x', 'float32', ['B', 'T', 2])
  const bias = g.input('bias', 'float32', [2])
  const rows = add(g, reshape(g, x, ['B*T', 2]), bias)
  const loss = sumAway(g, multiply(g, rows, rows), [0, 1])
  const [byX, byBias] = differentiate(g, loss, [x, bias])
  g.namedOutput('by x', byX!)
  g.namedOutput('by bias', byBias!)
  const data = Float32Array.from({ length: 12 }, (_, index) => index)
  const outputs = await runOnce(g, {
    x: { data, shape: [3, 2, 2] },
    bias: { data: Float32Array.of(1, 2), shape: [2] },
  })
  assert.deepEqual(outputs['by x']!.shape, [3, 2, 2])
  assertNear(
    outputs['by x']!,
    [...data].map((value, index) => 2 * (value + 1 + (index % 2))),
    1e-6,
    'x',
  )
  assertNear(outputs['by bias']!, [72, 96], 1e-6, 'bias')
})

test('nothing is computed for what is frozen, and before the first variable nothing at all', () => {
  const g = new Graph('frozen')
  const weight = (name: string) => g.input(name, 'float32', [4, 4])
  const layer = (x: Value, name: string) => gemm(g, x, weight(name), null, { a: false, b: false })
  const rows = g.input('rows', 'float32', ['B', 4])
  const trained = weight('trained')
  const below = layer(layer(rows, 'first'), 'second')
  const middle = gemm(g, below, trained, null, { a: false, b: false })
  const loss = sumAway(g, layer(layer(middle, 'third'), 'fourth'), [0, 1])
  const before = g.nodes.length
  differentiate(g, loss, [trained])
  const products = g.nodes.slice(before).filter(({ operator }) => operator === 'Gemm')
  assert.equal(products.length, 3, 'two frozen layers by their inputs, and the trained one by its weight')
})

test('an operator without a gradient is named, where the loss hangs on it, and only there', () => {
  const g = new Graph('refused')
  const x = g.input('x', 'float32', [1, 4])
  const { values } = topK(g, x, 2)
  const plain = sumAway(g, exponential(g, x), [0, 1])
  assert.equal(differentiate(g, plain, [x]).length, 1)
  const chosen = sumAway(g, multiply(g, values, values), [0, 1])
  assert.throws(() => differentiate(g, chosen, [x]), {
    name: 'RangeError',
    message: 'TopK is not differentiated',
  })
})

test('a loss that a variable does not change names the variable', () => {
  const g = new Graph('apart')
  const x = g.input('x', 'float32', [1, 4])
  const y = g.input('y', 'float32', [4])
  const index = cast(g, topK(g, multiply(g, x, y), 1).indices, 'float32')
  const loss = sumAway(g, add(g, x, index), [0, 1])
  assert.equal(differentiate(g, loss, [x]).length, 1)
  assert.throws(() => differentiate(g, loss, [x, y]), /The loss does not depend on y/)
})

test('a gradient that does not fit its input is refused with the operator and the input', () => {
  const g = new Graph('misfit')
  const x = g.input('x', 'float32', [2])
  const [wrong] = g.node('Exp', [x], [{ type: 'float32', shape: [3] }])
  assert.throws(
    () => differentiate(g, sumAway(g, wrong!, [0]), [x]),
    /The gradient of Exp by its input 0 is float32 \[3\] where the input is float32 \[2\]/,
  )
  assert.throws(() => differentiate(g, x, [x]), /\[2\] is not one loss/)
})

test('a shortcut stands for all that a value is made of', async () => {
  const g = new Graph('shortcut')
  const x = g.input('x', 'float32', [2, 3])
  const scaled = layerNormalize(
    g,
    x,
    g.constant('float32', [3], [1, 2, 3]),
    g.constant('float32', [3], [0, 0, 0]),
    1e-5,
  )
  const weights = g.constant('float32', [2, 1], [2, 5])
  const plain = logarithm(g, sumAwayKept(exponential(g, scaled)))
  const probabilities = softmax(g, scaled)
  const short = subtract(g, maximum(g, scaled), logarithm(g, maximum(g, probabilities)))
  const total = (value: Value) => sumAway(g, multiply(g, value, weights), [0, 1])
  const [wanted] = differentiate(g, total(plain), [x])
  const [got] = differentiate(
    g,
    total(short),
    [x],
    [{ value: short, source: scaled, gradient: (graph, by) => multiply(graph, probabilities, by) }],
  )
  g.namedOutput('wanted', wanted!)
  g.namedOutput('got', got!)
  const outputs = await runOnce(g, { x: { data: Float32Array.of(1, 3, -2, 0, 4, 1), shape: [2, 3] } })
  assertNear(outputs.got!, [...outputs.wanted!.data].map(Number), 1e-5, 'gradient')

  function sumAwayKept(value: Value): Value {
    return reshape(g, sumAway(g, value, [1]), [2, 1])
  }
})
