import { type HeldTensor, openSession, type SessionTensor } from '../captioning/session.ts'
import { Graph } from '../model/graph.ts'
import { companion } from './step-graph.ts'

/** Tensors that each run reads and replaces: an adapter with its moments, or the sum of its gradients. */
export interface TrainedTensors {
  /** As inputs, by name. */
  feeds(): Record<string, SessionTensor | HeldTensor>
  /** Where a run is to write what comes next, by output; empty where it stays on the device. */
  into(): Record<string, SessionTensor>
  /** Takes what a run left on the device. */
  take(held: Readonly<Record<string, HeldTensor>>): void
  /** Copies. */
  read(): Promise<Map<string, Float32Array>>
  /** @param values of every tensor */
  write(values: ReadonlyMap<string, Float32Array>): void
  /** Makes zeros of all. */
  clear(): void
  close(): Promise<void>
}

export type Shapes = ReadonlyMap<string, readonly number[]>

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** Zeros at first, in memory that is read and written in place. */
export class HostTensors implements TrainedTensors {
  readonly #tensors: ReadonlyMap<string, { data: Float32Array; shape: readonly number[] }>

  constructor(shapes: Shapes) {
    this.#tensors = new Map(
      [...shapes].map(([name, shape]) => [name, { data: new Float32Array(sizeOf(shape)), shape }]),
    )
  }

  feeds(): Record<string, SessionTensor> {
    return Object.fromEntries(this.#tensors)
  }

  into(): Record<string, SessionTensor> {
    return Object.fromEntries([...this.#tensors].map(([name, tensor]) => [companion.next(name), tensor]))
  }

  take(): void {}

  async read(): Promise<Map<string, Float32Array>> {
    return new Map([...this.#tensors].map(([name, { data }]) => [name, data.slice()]))
  }

  write(values: ReadonlyMap<string, Float32Array>): void {
    for (const [name, { data }] of this.#tensors) data.set(values.get(name)!)
  }

  clear(): void {
    for (const { data } of this.#tensors.values()) data.fill(0)
  }

  async close(): Promise<void> {}
}

/** On a graphics card, from the first run on; nothing crosses between steps. */
export class DeviceTensors implements TrainedTensors {
  readonly #shapes: Shapes
  readonly #fed = new Map<string, SessionTensor>()
  readonly #held = new Map<string, HeldTensor>()

  constructor(shapes: Shapes) {
    this.#shapes = shapes
    this.clear()
  }

  feeds(): Record<string, SessionTensor | HeldTensor> {
    return Object.fromEntries([...this.#fed, ...this.#held])
  }

  into(): Record<string, SessionTensor> {
    return {}
  }

  take(held: Readonly<Record<string, HeldTensor>>): void {
    for (const name of this.#shapes.keys()) {
      const tensor = held[companion.next(name)]
      if (!tensor) continue
      this.#held.get(name)?.release()
      this.#held.set(name, tensor)
      this.#fed.delete(name)
    }
  }

  /** The binding cannot read what is on the device; a graph that only copies can. */
  async read(): Promise<Map<string, Float32Array>> {
    const g = new Graph('copies')
    for (const [name, shape] of this.#shapes)
      g.namedOutput(companion.next(name), g.input(name, 'float32', shape))
    const session = await openSession(g, 'webgpu', 1)
    try {
      const { outputs } = await session.runHolding(this.feeds())
      return new Map(
        [...this.#shapes.keys()].map((name) => [name, outputs[companion.next(name)]!.data as Float32Array]),
      )
    } finally {
      await session.close()
    }
  }

  write(values: ReadonlyMap<string, Float32Array>): void {
    this.#feed((name) => values.get(name)!.slice())
  }

  clear(): void {
    this.#feed((_, shape) => new Float32Array(sizeOf(shape)))
  }

  #feed(dataOf: (name: string, shape: readonly number[]) => Float32Array): void {
    for (const [name, shape] of this.#shapes) {
      this.#held.get(name)?.release()
      this.#held.delete(name)
      this.#fed.set(name, { data: dataOf(name, shape), shape })
    }
  }

  async close(): Promise<void> {
    for (const tensor of this.#held.values()) tensor.release()
    this.#held.clear()
  }
}
