import { LensloreError } from '../../contract/errors.ts'
import type { TensorLocation } from './graph.ts'
import type { SafetensorsHeader } from './safetensors.ts'

const elementTypes = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const

/** A checkpoint's tensors by name, each checked against the shape that the configuration implies. */
export class Weights {
  readonly #header: SafetensorsHeader
  readonly #prefix: string

  constructor(header: SafetensorsHeader, prefix = '') {
    this.#header = header
    this.#prefix = prefix
  }

  get filePath(): string {
    return this.#header.filePath
  }

  has(name: string): boolean {
    return this.#header.tensors.has(this.#prefix + name)
  }

  under(prefix: string): Weights {
    return new Weights(this.#header, this.#prefix + prefix)
  }

  fullName(name: string): string {
    return this.#prefix + name
  }

  /**
   * @throws LensloreError `CHECKPOINT_INVALID`, naming the tensor that is missing, of another shape, or of a type
   * that holds no weights.
   */
  locate(name: string, shape: readonly number[]): TensorLocation {
    const fullName = this.fullName(name)
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
