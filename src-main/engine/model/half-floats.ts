/** Half-precision numbers, little-endian as files have them, to float32 and back. */

/** @param bytes IEEE 754 binary16, two bytes an element, from an even offset of their buffer */
export function widenFloat16(bytes: Uint8Array): Float32Array {
  return Float32Array.from(new Float16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2))
}

/** Rounds to nearest, ties to even. */
export function narrowToFloat16(values: Float32Array): Uint8Array {
  return new Uint8Array(Float16Array.from(values).buffer)
}

/** @param bytes the upper halves of float32 numbers, two bytes an element, from an even offset of their buffer */
export function widenBfloat16(bytes: Uint8Array): Float32Array {
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)
  const bits = new Uint32Array(halves.length)
  for (let index = 0; index < halves.length; index++) bits[index] = halves[index]! << 16
  return new Float32Array(bits.buffer)
}

/** Rounds to nearest, ties to even. NaN stays NaN. */
export function narrowToBfloat16(values: Float32Array): Uint8Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const halves = new Uint16Array(values.length)
  for (let index = 0; index < bits.length; index++) {
    const word = bits[index]!
    const rounded = word + 0x7fff + ((word >>> 16) & 1)
    halves[index] = Number.isNaN(values[index]) ? 0x7fc0 : rounded >>> 16
  }
  return new Uint8Array(halves.buffer)
}
