import type { ProviderName } from '../../src-main/contract/provider-names.ts'
import { text } from '../text/text.ts'

/** What a model runs on, in words. */
export function nameOfDevice({ provider, threads }: { provider: ProviderName; threads: number }): string {
  const device = text.devices[provider]
  return provider === 'cpu' ? text.withThreads(device, threads) : device
}
