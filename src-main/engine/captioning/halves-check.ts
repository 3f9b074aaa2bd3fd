import { LensloreError } from '../../contract/errors.ts'
import type { ProviderName } from '../../contract/providers.ts'
import { Graph } from '../model/graph.ts'
import { openSession } from './session.ts'

/**
 * Not every device computes in half precision (WebGPU's `shader-f16`). The runtime opens any graph for one that does not, and fails when the
 * graph runs; which features a device has it does not tell.
 * @throws LensloreError `PROVIDER_UNAVAILABLE`
 */
export async function checkForHalves(provider: ProviderName, threads: number): Promise<void> {
  const g = new Graph('halves')
  const [half] = g.node('Cast', [g.input('x', 'float32', [1])], [{ type: 'float16', shape: [1] }], { to: 10 })
  const [sum] = g.node('Add', [half!, half!], [{ type: 'float16', shape: [1] }])
  g.output(g.node('Cast', [sum!], [{ type: 'float32', shape: [1], name: 'twice' }], { to: 1 })[0]!)
  const session = await openSession(g, provider, threads)
  try {
    await session.run({ x: { data: Float32Array.of(1), shape: [1] } })
  } catch (cause) {
    throw new LensloreError('PROVIDER_UNAVAILABLE', `${provider} has no device here that computes in fp16.`, {
      cause,
    })
  } finally {
    await session.close()
  }
}
