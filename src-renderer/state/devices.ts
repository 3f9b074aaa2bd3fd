import type { Way } from '../../src-main/contract/providers.ts'
import { text } from '../text/text.ts'

/** What a model runs on, in words. */
export function nameOfDevice({ provider, threads, precision }: Way): string {
  const device = text.devices[provider]
  const name = provider === 'cpu' ? text.withThreads(device, threads) : device
  return precision === 'fp32' ? name : text.inPrecision(name, text.precisions[precision])
}
