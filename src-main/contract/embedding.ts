/**
 * An embedding as it is kept: the direction of a vector in 8 bits a number, the longest of them 127. Its length says nothing, for
 * only directions are compared.
 */
export function packEmbedding(vector: Float32Array): Int8Array<ArrayBuffer> {
  const longest = vector.reduce((most, each) => Math.max(most, Math.abs(each)), 0)
  return Int8Array.from(vector, (each) => (longest > 0 ? Math.round((127 * each) / longest) : 0))
}

/** The cosine of a kept embedding and a vector of unit length; 0 for one that is of no direction. */
export function cosineOfPacked(packed: Int8Array, unit: Float32Array): number {
  let product = 0
  let squares = 0
  for (let at = 0; at < packed.length; at++) {
    const each = packed[at]!
    product += each * unit[at]!
    squares += each * each
  }
  return squares > 0 ? product / Math.sqrt(squares) : 0
}
