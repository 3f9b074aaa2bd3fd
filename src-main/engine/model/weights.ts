import { LensloreError } from '../../contract/errors.ts'
import type { Graph, TensorLocation, Value } from './graph.ts'
import { slice } from './operators.ts'
import type { SafetensorsHeader } from './safetensors.ts'

const elementTypes = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const

/** Tensors by name, as values of a graph: stored ones, or what is fed when it runs. */
export interface Weights {
  /** Those whose names begin so, by the rest of their names. */
  under(prefix: string): Weights
  /**
   * @returns float32 of this shape
   * @throws LensloreError `CHECKPOINT_INVALID` where there is no such tensor
   */
  value(g: Graph, name: string, shape: readonly number[]): Value
  /**
   * A matrix cut between rows into parts of like sizes, for products that are made of one part after the other.
   * @returns float32 `[rows', …]`, at most `count` of them
   * @throws LensloreError as `value`
   */
  parts(g: Graph, name: string, shape: readonly number[], count: number): Value[]
}

/** Tensors that are fed when a graph runs, each an input under its own name: what training changes. */
export class FedWeights implements Weights {
  /** Those that the graph asked for, in its order. */
  readonly inputs: Map<string, Value>
  readonly #prefix: string

  constructor(prefix = '', inputs: Map<string, Value> = new Map()) {
    this.#prefix = prefix
    this.inputs = inputs
  }

  under(prefix: string): FedWeights {
    return new FedWeights(this.#prefix + prefix, this.inputs)
  }

  value(g: Graph, name: string, shape: readonly number[]): Value {
    const fullName = this.#prefix + name
    const value = g.outerInput(fullName, 'float32', shape)
    this.inputs.set(fullName, value)
    return value
  }

  parts(g: Graph, name: string, shape: readonly number[], count: number): Value[] {
    const whole = this.value(g, name, shape)
    return cutEvenly(shape[0]!, count).map(([from, to]) => slice(g, whole, 0, from, to))
  }

  /** What a run of the graph gets for them. @param tensors by name, those that were asked for among them */
  feed(
    tensors: ReadonlyMap<string, Float32Array>,
  ): Record<string, { data: Float32Array; shape: readonly number[] }> {
    const feeds: ReturnType<FedWeights['feed']> = {}
    for (const [name, { shape }] of this.inputs)
      feeds[name] = { data: tensors.get(name)!, shape: shape as readonly number[] }
    return feeds
  }
}

/** A checkpoint's tensors, each checked against the shape that the configuration implies. */
export class StoredWeights implements Weights {
  readonly #header: SafetensorsHeader
  readonly #prefix: string

  constructor(header: SafetensorsHeader, prefix = '') {
    this.#header = header
    this.#prefix = prefix
  }

  under(prefix: string): StoredWeights {
    return new StoredWeights(this.#header, this.#prefix + prefix)
  }

  value(g: Graph, name: string, shape: readonly number[]): Value {
    return g.weight(this.#prefix + name, this.#locate(name, shape))
  }

  /** Each lies in its file as a tensor of its own would: nothing is copied. */
  parts(g: Graph, name: string, shape: readonly number[], count: number): Value[] {
    const whole = this.#locate(name, shape)
    const [rows, ...row] = shape as [number, ...number[]]
    const rowBytes = whole.byteLength / rows
    return cutEvenly(rows, count).map(([from, to]) =>
      g.weight(`${this.#prefix}${name}#${from}`, {
        ...whole,
        offsetBytes: whole.offsetBytes + from * rowBytes,
        byteLength: (to - from) * rowBytes,
        shape: [to - from, ...row],
      }),
    )
  }

  /**
   * @throws LensloreError `CHECKPOINT_INVALID`, naming the tensor that is missing, of another shape, or of a type
   * that holds no weights.
   */
  #locate(name: string, shape: readonly number[]): TensorLocation {
    const fullName = this.#prefix + name
    const tensor = this.#header.tensors.get(fullName)
    if (!tensor) throw this.#invalid(`has no tensor ${fullName}`)
    const fits =
      tensor.shape.length === shape.length && tensor.shape.every((size, axis) => size === shape[axis])
    if (!fits) {
      throw this.#invalid(`holds ${fullName} as [${tensor.shape}] where its configuration wants [${shape}]`)
    }
    if (!Object.hasOwn(elementTypes, tensor.type)) {
      throw this.#invalid(`holds ${fullName} as ${tensor.type}; weights are F32, F16 or BF16`)
    }
    return {
      filePath: this.#header.filePath,
      offsetBytes: tensor.offsetBytes,
      byteLength: tensor.byteLength,
      type: elementTypes[tensor.type as keyof typeof elementTypes],
      shape,
    }
  }

  #invalid(what: string): LensloreError {
    return new LensloreError('CHECKPOINT_INVALID', `${this.#header.filePath} ${what}.`)
  }
}

/** Bounds of parts that differ by one at most, none of them empty. */
function cutEvenly(length: number, count: number): [from: number, to: number][] {
  const parts = Math.min(length, count)
  const bound = (part: number) => Math.floor((part * length) / parts)
  return Array.from({ length: parts }, (_, part) => [bound(part), bound(part + 1)])
}
