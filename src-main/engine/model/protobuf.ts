/**
 * Writes the protocol buffer wire format, as much of it as ONNX models need:
 * https://protobuf.dev/programming-guides/encoding
 */

const wireVarint = 0
const wireLength = 2
const wireFixed32 = 5
const utf8 = new TextEncoder()

export class ProtoWriter {
  readonly #chunks: Uint8Array[] = []
  #length = 0

  /** An `int64`, `int32` or `enum` field. */
  int(field: number, value: number | bigint): this {
    this.#tag(field, wireVarint)
    this.#append(encodeVarint(BigInt(value)))
    return this
  }

  float(field: number, value: number): this {
    this.#tag(field, wireFixed32)
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    this.#append(bytes)
    return this
  }

  string(field: number, value: string): this {
    return this.bytes(field, utf8.encode(value))
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, wireLength)
    this.#append(encodeVarint(BigInt(value.byteLength)))
    this.#append(value)
    return this
  }

  /** A `repeated int64` field in its packed form. */
  packedInts(field: number, values: readonly (number | bigint)[]): this {
    const packed = new ProtoWriter()
    for (const value of values) packed.#append(encodeVarint(BigInt(value)))
    return this.message(field, packed)
  }

  /** A `repeated float` field in its packed form. */
  packedFloats(field: number, values: readonly number[]): this {
    const view = new DataView(new ArrayBuffer(values.length * 4))
    for (const [index, value] of values.entries()) view.setFloat32(index * 4, value, true)
    return this.bytes(field, new Uint8Array(view.buffer))
  }

  message(field: number, message: ProtoWriter): this {
    this.#tag(field, wireLength)
    this.#append(encodeVarint(BigInt(message.#length)))
    for (const chunk of message.#chunks) this.#append(chunk)
    return this
  }

  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#length)
    let at = 0
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at)
      at += chunk.byteLength
    }
    return bytes
  }

  #tag(field: number, wireType: number): void {
    this.#append(encodeVarint(BigInt((field << 3) | wireType)))
  }

  #append(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#length += chunk.byteLength
  }
}

/** Negative values take ten bytes, as two's complement in 64 bits. */
function encodeVarint(value: bigint): Uint8Array {
  let rest = BigInt.asUintN(64, value)
  const bytes: number[] = []
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}
