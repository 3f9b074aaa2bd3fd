/**
 * A graph of ONNX operators under construction. Operators themselves, with the shapes they give, are in
 * `operators.ts`; `onnx-file.ts` turns the finished graph into bytes. Nodes stay listed in the order in which they
 * run, with their values as objects, so that a later pass (differentiation) can walk them.
 */

export type ElementType = 'float32' | 'float16' | 'bfloat16' | 'uint8' | 'int8' | 'int32' | 'int64' | 'bool'

/** What is written into a graph itself. */
export type ConstantType = 'float32' | 'uint8' | 'int8' | 'int32' | 'int64' | 'bool'

/** A number, or the name of a size that is known only when the graph runs. */
export type Dimension = number | string
export type Shape = readonly Dimension[]

/** One tensor in the graph: what a node, an input or an initializer gives. */
export interface Value {
  readonly name: string
  readonly type: ElementType
  readonly shape: Shape
}

/**
 * The ONNX operators that our graphs are made of: a closed list, so that a table over it (gradients, costs) is whole or
 * does not compile.
 */
export type Operator =
  | 'Add'
  | 'Cast'
  | 'Clip'
  | 'Concat'
  | 'Conv'
  | 'CumSum'
  | 'DequantizeLinear'
  | 'Div'
  | 'DynamicQuantizeMatMul'
  | 'Equal'
  | 'Erf'
  | 'Exp'
  | 'Expand'
  | 'Gather'
  | 'GatherElements'
  | 'Gelu'
  | 'Gemm'
  | 'Identity'
  | 'LayerNormalization'
  | 'Less'
  | 'Log'
  | 'LogSoftmax'
  | 'Loop'
  | 'MatMul'
  | 'Mul'
  | 'Not'
  | 'Pad'
  | 'Pow'
  | 'QLinearConv'
  | 'QuantizeLinear'
  | 'ReduceMax'
  | 'ReduceMean'
  | 'ReduceMin'
  | 'ReduceSum'
  | 'ReduceSumSquare'
  | 'Reshape'
  | 'ScatterND'
  | 'Shape'
  | 'Sigmoid'
  | 'Slice'
  | 'Softmax'
  | 'Split'
  | 'Sqrt'
  | 'Squeeze'
  | 'Sub'
  | 'Tanh'
  | 'TopK'
  | 'Transpose'
  | 'Unsqueeze'
  | 'Where'

export type Attribute = number | { float: number } | string | readonly number[] | Graph

export interface GraphNode {
  readonly operator: Operator
  /** null stands for an optional input that is left out. */
  readonly inputs: readonly (Value | null)[]
  readonly outputs: readonly Value[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A stored tensor: raw little-endian elements in a file. */
export interface TensorLocation {
  readonly filePath: string
  /** From the start of the file. */
  readonly offsetBytes: number
  readonly byteLength: number
  readonly type: ElementType
  readonly shape: readonly number[]
}

export type Initializer =
  | { readonly value: Value; readonly bytes: Uint8Array }
  | { readonly value: Value; readonly location: TensorLocation }

/**
 * Whether a stored matrix has the weights of an input in one row (`in-out`) or those of an output (`out-in`); those of a convolution's output
 * are beside each other as well (`kernel`, `[d, C, P, P]`).
 */
export type MatrixLayout = 'in-out' | 'out-in' | 'kernel'

/** A tensor that a graph keeps: in a file, or as bytes of its own. */
export type StoredTensor =
  | TensorLocation
  | { readonly bytes: Uint8Array; readonly type: ElementType; readonly shape: readonly number[] }

/** A matrix in fewer bits: int8 `[in, out]`, of a kernel `[d, C, P, P]`, and by what each output is multiplied `[out]`. */
export interface ReducedMatrix<Tensor> {
  readonly matrix: Tensor
  readonly scales: Tensor
}

/** In which form a graph multiplies by stored matrices. */
export interface Form {
  /** null: as it is stored. */
  reduce(weight: TensorLocation, layout: MatrixLayout): ReducedMatrix<StoredTensor> | null
}

export class Graph {
  readonly name: string
  readonly inputs: Value[] = []
  readonly outputs: Value[] = []
  readonly nodes: GraphNode[] = []
  readonly initializers: Initializer[] = []
  readonly #root: Graph
  readonly #constants = new Map<string, Value>()
  readonly #weights = new Map<string, Value>()
  /** Where the values that `weight` gave are stored. */
  readonly #locations = new Map<Value, TensorLocation>()
  readonly #reduced = new Map<TensorLocation, ReducedMatrix<Value> | null>()
  readonly #form: Form | null
  #nextId = 0

  /**
   * @param parent the graph whose values this one, the body of a `Loop`, may use besides its own.
   * @param form of the outermost graph; null: all weights as they are stored
   */
  constructor(name: string, parent?: Graph | null, form: Form | null = null) {
    this.name = name
    this.#root = parent ? parent.#root : this
    this.#form = form
  }

  input(name: string, type: ElementType, shape: Shape): Value {
    const value = { name, type, shape }
    this.inputs.push(value)
    return value
  }

  /** Of the outermost graph, whose inputs the body of a `Loop` sees as well: that of this name, which it gets where it has none. */
  outerInput(name: string, type: ElementType, shape: Shape): Value {
    return this.#root.inputs.find((input) => input.name === name) ?? this.#root.input(name, type, shape)
  }

  output(value: Value): void {
    this.outputs.push(value)
  }

  /** Gives a value out under a name of its own. */
  namedOutput(name: string, value: Value): void {
    this.outputs.push(...this.node('Identity', [value], [{ ...value, name }]))
  }

  /** Appends a node; every output gets a name that is unique also across sub-graphs. */
  node(
    operator: Operator,
    inputs: readonly (Value | null)[],
    outputs: readonly { type: ElementType; shape: Shape; name?: string }[],
    attributes: Record<string, Attribute> = {},
  ): Value[] {
    const values = outputs.map(({ type, shape, name }) => ({
      name: name ?? this.uniqueName(operator),
      type,
      shape,
    }))
    this.nodes.push({ operator, inputs, outputs: values, attributes })
    return values
  }

  /** A small tensor kept in the graph itself. Equal ones are stored once. */
  constant(type: ConstantType, shape: readonly number[], data: ArrayLike<number>): Value {
    const bytes = encodeElements(type, data)
    const key = `${type} ${shape.join(',')} ${Buffer.from(bytes).toString('latin1')}`
    const known = this.#root.#constants.get(key)
    if (known) return known
    const value = { name: this.uniqueName('constant'), type, shape }
    this.#root.initializers.push({ value, bytes })
    this.#root.#constants.set(key, value)
    return value
  }

  scalar(value: number): Value {
    return this.constant('float32', [], [value])
  }

  integers(...values: number[]): Value {
    return this.constant('int64', [values.length], values)
  }

  /** The same as int32, in which devices count. */
  indices(...values: number[]): Value {
    return this.constant('int32', [values.length], values)
  }

  /**
   * A weight where it lies in its file; one that is stored in half precision is widened by a `Cast`, which the
   * runtime folds when it opens the graph.
   * @returns float32 of the stored shape
   */
  weight(name: string, location: TensorLocation): Value {
    const root = this.#root
    const key = `${location.filePath}\n${location.offsetBytes} ${location.byteLength}`
    const known = root.#weights.get(key)
    if (known) return known
    // Two files may use the same names.
    const isTaken = root.initializers.some(({ value }) => value.name === name)
    const stored = {
      name: isTaken ? root.uniqueName(name) : name,
      type: location.type,
      shape: location.shape,
    }
    root.initializers.push({ value: stored, location })
    const value =
      stored.type === 'float32'
        ? stored
        : root.node('Cast', [stored], [{ type: 'float32', shape: stored.shape }], { to: 1 })[0]!
    root.#weights.set(key, value)
    root.#locations.set(value, location)
    return value
  }

  /**
   * A matrix in the fewer bits that this graph's form has it in.
   * @returns null where it is multiplied by as it is
   */
  reduced(weight: Value, layout: MatrixLayout): ReducedMatrix<Value> | null {
    const root = this.#root
    const location = root.#locations.get(weight)
    if (!root.#form || !location) return null
    const known = root.#reduced.get(location)
    if (known !== undefined) return known
    const stored = root.#form.reduce(location, layout)
    const keep = (tensor: StoredTensor, what: string): Value => {
      const value = {
        name: root.uniqueName(`${weight.name}.${what}`),
        type: tensor.type,
        shape: tensor.shape,
      }
      root.initializers.push('bytes' in tensor ? { value, bytes: tensor.bytes } : { value, location: tensor })
      return value
    }
    const reduced = stored && { matrix: keep(stored.matrix, 'int8'), scales: keep(stored.scales, 'scales') }
    root.#reduced.set(location, reduced)
    return reduced
  }

  /** What `integers` was given. @throws RangeError for a value that is no such constant */
  integersOf(value: Value): number[] {
    const stored = this.#root.initializers.find((initializer) => initializer.value === value)
    if (!stored || !('bytes' in stored) || value.type !== 'int64') {
      throw new RangeError(`${value.name} is no constant of integers`)
    }
    const view = new DataView(stored.bytes.buffer, stored.bytes.byteOffset, stored.bytes.byteLength)
    return Array.from({ length: view.byteLength / 8 }, (_, index) =>
      Number(view.getBigInt64(index * 8, true)),
    )
  }

  uniqueName(stem: string): string {
    return `${stem}.${this.#root.#nextId++}`
  }
}

function encodeElements(type: ConstantType, data: ArrayLike<number>): Uint8Array {
  if (type === 'bool' || type === 'uint8') return Uint8Array.from(data)
  if (type === 'int8') return new Uint8Array(Int8Array.from(data).buffer)
  const view = new DataView(new ArrayBuffer(data.length * (type === 'int64' ? 8 : 4)))
  for (let index = 0; index < data.length; index++) {
    if (type === 'int64') view.setBigInt64(index * 8, BigInt(data[index]!), true)
    else if (type === 'int32') view.setInt32(index * 4, data[index]!, true)
    else view.setFloat32(index * 4, data[index]!, true)
  }
  return new Uint8Array(view.buffer)
}
