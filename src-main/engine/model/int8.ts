import type { MatrixLayout } from './graph.ts'

/** Of a form's int8: its ends are as far from zero on both sides. */
const largest = 127

/**
 * A matrix in int8, each output's weights by a scale of their own: `w ≈ matrix · scale`.
 * @param values as they are stored
 * @param shape of what is stored
 * @returns `matrix` `[in, out]`, of a kernel as it is stored, and `scales` `[out]`
 */
export function toInt8(
  values: Float32Array,
  [rows, columns]: readonly [number, number],
  layout: MatrixLayout,
): { matrix: Int8Array<ArrayBuffer>; scales: Float32Array<ArrayBuffer> } {
  const [width, outWidth] = layout === 'in-out' ? [rows, columns] : [columns, rows]
  const peaks = new Float32Array(outWidth)
  const matrix = new Int8Array(width * outWidth)
  if (layout === 'in-out') {
    for (let at = 0, output = 0; at < values.length; at++) {
      peaks[output] = Math.max(peaks[output]!, Math.abs(values[at]!))
      if (++output === outWidth) output = 0
    }
  } else {
    for (let output = 0, at = 0; output < outWidth; output++) {
      let peak = 0
      for (const end = at + width; at < end; at++) peak = Math.max(peak, Math.abs(values[at]!))
      peaks[output] = peak
    }
  }
  // A column of zeros has no scale: any does.
  const scales = peaks.map((peak) => (peak === 0 ? 1 : peak / largest))
  if (layout === 'in-out') {
    for (let at = 0, output = 0; at < values.length; at++) {
      matrix[at] = Math.round(values[at]! / scales[output]!)
      if (++output === outWidth) output = 0
    }
  } else {
    for (let output = 0; output < outWidth; output++) {
      const scale = scales[output]!
      for (let input = 0; input < width; input++) {
        const at = output * width + input
        matrix[layout === 'kernel' ? at : input * outWidth + output] = Math.round(values[at]! / scale)
      }
    }
  }
  return { matrix, scales }
}
