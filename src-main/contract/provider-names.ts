/** Execution providers of onnxruntime that the engine may open a session on. */
export const providerNames = ['webgpu', 'coreml', 'dml', 'cuda', 'cpu'] as const
export type ProviderName = (typeof providerNames)[number]

/**
 * How many bits the products of a model are made of. Its weights are made for fp32; of fewer bits, captions may be others. What a
 * caption was made at is recorded with it, and is no part of its key: nobody's captions are work again because of it.
 */
export const precisions = ['fp32', 'fp16', 'int8'] as const
export type Precision = (typeof precisions)[number]

/** A provider with so many processor threads, at a precision. */
export interface Way {
  provider: ProviderName
  threads: number
  precision: Precision
}

export function isSameWay(a: Way, b: Way): boolean {
  return a.provider === b.provider && a.threads === b.threads && a.precision === b.precision
}

/** Photos a second at the best batch size; 0 where none was measured. */
export function bestRate({ rates }: { rates: readonly { photosPerSecond: number }[] }): number {
  return Math.max(0, ...rates.map(({ photosPerSecond }) => photosPerSecond))
}
