/** @returns undefined for one of no direction */
export function toUnitLength(vector: Float32Array | Int8Array): Float32Array | undefined {
  const unit = new Float32Array(vector)
  let squares = 0
  for (let n = 0; n < unit.length; n++) squares += unit[n]! * unit[n]!
  if (!(squares > 0)) return undefined
  const factor = 1 / Math.sqrt(squares)
  for (let n = 0; n < unit.length; n++) unit[n]! *= factor
  return unit
}
