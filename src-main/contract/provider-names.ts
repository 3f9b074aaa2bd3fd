/** Execution providers of onnxruntime that the engine may open a session on. */
export const providerNames = ['webgpu', 'coreml', 'dml', 'cuda', 'cpu'] as const
export type ProviderName = (typeof providerNames)[number]

/** Photos a second at the best batch size; 0 where none was measured. */
export function bestRate({ rates }: { rates: readonly { photosPerSecond: number }[] }): number {
  return Math.max(0, ...rates.map(({ photosPerSecond }) => photosPerSecond))
}
