import {
  type Attribute,
  Graph,
  type GraphNode,
  type Initializer,
  type Operator,
  type Value,
} from './graph.ts'

/**
 * The same graph once more with weights and arithmetic in half precision (IEEE 754 binary16), for devices that compute in it. What wants more
 * stays in single precision: softmax and all that comes of it (log-probabilities, the beams' scores, where a word looks), and every
 * sum but those inside a product of matrices. The scores of words and convolutions are single, too: where they were halves, one caption in twenty
 * was another, with them in single precision one in a hundred and sixty. Layer norms take and give halves and sum in single precision by the operator's definition.
 */

/** How an operator takes its numbers. */
type Rule =
  /** In halves, where a factor is one or is a stored weight; of two others in single precision. */
  | 'product'
  /** As they come: in halves if none of them is in single precision. */
  | 'along'
  /** In single precision, whatever comes. */
  | 'single'

const rules: Readonly<Record<Operator, Rule>> = {
  Add: 'along',
  Cast: 'single',
  Clip: 'along',
  Concat: 'along',
  Conv: 'single',
  CumSum: 'single',
  DequantizeLinear: 'single',
  Div: 'along',
  DynamicQuantizeMatMul: 'single',
  Equal: 'single',
  Erf: 'single',
  Exp: 'single',
  Expand: 'along',
  Gather: 'along',
  GatherElements: 'single',
  Gelu: 'along',
  Gemm: 'product',
  Identity: 'along',
  LayerNormalization: 'along',
  Less: 'single',
  Log: 'single',
  LogSoftmax: 'single',
  Loop: 'single',
  MatMul: 'product',
  Mul: 'along',
  Not: 'single',
  Pad: 'along',
  Pow: 'single',
  QLinearConv: 'single',
  QuantizeLinear: 'single',
  ReduceMax: 'along',
  ReduceMean: 'single',
  ReduceMin: 'along',
  ReduceSum: 'single',
  ReduceSumSquare: 'single',
  Reshape: 'along',
  ScatterND: 'single',
  Shape: 'along',
  Sigmoid: 'along',
  Slice: 'along',
  Softmax: 'single',
  Split: 'along',
  Sqrt: 'single',
  Squeeze: 'along',
  Sub: 'along',
  Tanh: 'along',
  TopK: 'single',
  Transpose: 'along',
  Unsqueeze: 'along',
  Where: 'along',
}

/** What hangs on nothing that is fed: on a stored weight, on numbers of the graph alone, on such as halves cannot hold. */
type Constant = 'stored' | 'written' | 'large'

/** A float of the graph before, as one of the graph to come, or both. */
interface Forms {
  single?: Value
  half?: Value
  constant?: Constant | undefined
}

const largestHalf = 65_504
const castTo = { single: 1, half: 10 } as const
const typeOf = { single: 'float32', half: 'float16' } as const
type Width = keyof typeof castTo

/**
 * @param taken names of inputs that are fed in halves
 * @param given names of outputs that are given in halves, all others being in single precision; null: each as it comes, and its type
 * says which
 * @throws RangeError for a graph with a loop, whose carried values would have to be of one type before and after
 */
export function halve(graph: Graph, taken: ReadonlySet<string>, given: ReadonlySet<string> | null): Graph {
  const g = new Graph(graph.name)
  const forms = new Map<Value, Forms>()
  /** What words are looked up in is what their scores are made with. */
  const lookedUp = new Set(
    graph.nodes.filter(({ operator }) => operator === 'Gather').map(({ inputs }) => inputs[0]),
  )
  const own = new Map(graph.initializers.map((initializer) => [initializer.value, initializer]))

  for (const input of graph.inputs) {
    if (input.type !== 'float32') g.inputs.push(input)
    else if (taken.has(input.name)) forms.set(input, { half: g.input(input.name, 'float16', input.shape) })
    else forms.set(input, { single: g.input(input.name, 'float32', input.shape) })
  }
  for (const initializer of graph.initializers) {
    g.initializers.push(initializer)
    const { value } = initializer
    if (value.type === 'float32') forms.set(value, { single: value, constant: kindOf(initializer) })
  }

  for (const node of graph.nodes) {
    if (node.operator === 'Loop') throw new RangeError('A graph with a loop is not put into half precision')
    const widened = ownWeight(node)
    if (widened) forms.set(node.outputs[0]!, widened)
    else addNode(node)
  }
  for (const output of graph.outputs) {
    const known = forms.get(output)
    g.outputs.push(known ? (known.half ?? known.single!) : output)
  }
  dropUnused(g)
  return g

  /** A weight that is stored in half precision: what widens it is made only for who wants it wide. */
  function ownWeight({ operator, inputs, outputs }: GraphNode): Forms | null {
    const stored = inputs[0] && own.get(inputs[0])
    if (operator !== 'Cast' || !stored || !('location' in stored)) return null
    g.node('Cast', inputs, outputs, { to: castTo.single })
    const half = stored.value.type === 'float16' ? { half: stored.value } : {}
    return { single: outputs[0]!, constant: 'stored', ...half }
  }

  function addNode(node: GraphNode): void {
    const floats = node.inputs.flatMap((input) => (input && forms.has(input) ? [forms.get(input)!] : []))
    const constant = constantOf(node, floats)
    const isScore = node.operator === 'Gemm' && lookedUp.has(node.inputs[1]!)
    const width = wantedOf(node) ?? (constant || isScore ? 'single' : widthOf(rules[node.operator], floats))
    const inputs = node.inputs.map((input) => (input && forms.has(input) ? take(input, width) : input))
    const outputs = node.outputs.map((output) =>
      output.type === 'float32' ? { ...output, type: typeOf[width] } : output,
    )
    const values = g.node(node.operator, inputs, outputs, { ...node.attributes } as Record<string, Attribute>)
    for (const [index, output] of node.outputs.entries()) {
      // Numbers that are no floats are known to the nodes that follow by the value of before.
      if (output.type === 'float32')
        forms.set(output, { [width]: values[index]!, ...(constant && { constant }) })
    }
  }

  /** Of what is given under a name of its own. */
  function wantedOf({ operator, outputs: [output] }: GraphNode): Width | null {
    if (operator !== 'Identity' || !given || !graph.outputs.includes(output!)) return null
    return given.has(output!.name) ? 'half' : 'single'
  }

  function constantOf({ inputs }: GraphNode, floats: readonly Forms[]): Constant | undefined {
    const isFixed = inputs.every((input) => !input || own.has(input) || forms.get(input)?.constant)
    if (!isFixed || floats.length === 0) return undefined
    const kinds = floats.map(({ constant }) => constant!)
    return (['large', 'stored'] as const).find((kind) => kinds.includes(kind)) ?? 'written'
  }

  /** The float in the wanted precision, cast at its first use. */
  function take(value: Value, width: Width): Value {
    const known = forms.get(value)!
    known[width] ??= cast((known.single ?? known.half)!, width)
    return known[width]
  }

  function cast(from: Value, width: Width): Value {
    const to = { type: typeOf[width], shape: from.shape, name: `${from.name}/${width}` }
    return g.node('Cast', [from], [to], { to: castTo[width] })[0]!
  }
}

function widthOf(rule: Rule, floats: readonly Forms[]): Width {
  if (rule === 'single' || floats.length === 0) return 'single'
  const isHalf = floats.some(({ half, constant }) => (constant ? constant === 'stored' : half !== undefined))
  if (rule === 'product') return isHalf ? 'half' : 'single'
  const isSingle = floats.some(({ half, constant }) => (constant ? constant === 'large' : half === undefined))
  return isHalf && !isSingle ? 'half' : 'single'
}

function kindOf(initializer: Initializer): Constant | undefined {
  if ('location' in initializer) return 'stored'
  const { buffer, byteOffset, byteLength } = initializer.bytes
  const numbers = new Float32Array(buffer, byteOffset, byteLength / 4)
  return numbers.every((number) => Math.abs(number) <= largestHalf) ? 'written' : 'large'
}

/** Takes away nodes and initializers that nothing hangs on. */
function dropUnused(g: Graph): void {
  const used = new Set(g.outputs.map(({ name }) => name))
  for (const node of g.nodes.toReversed()) {
    if (node.outputs.every(({ name }) => !used.has(name))) continue
    for (const input of node.inputs) if (input) used.add(input.name)
  }
  const nodes = g.nodes.filter(({ outputs }) => outputs.some(({ name }) => used.has(name)))
  const initializers = g.initializers.filter(({ value }) => used.has(value.name))
  g.nodes.splice(0, Infinity, ...nodes)
  g.initializers.splice(0, Infinity, ...initializers)
}
