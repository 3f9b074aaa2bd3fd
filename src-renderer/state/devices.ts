import type { ProviderName } from '../../src-main/contract/providers.ts'
import { text } from '../text/text.ts'

/** What a model runs on, in words. */
export function nameOfDevice({ provider, threads }: { provider: ProviderName; threads: number }): string {
  return provider === 'cpu' ? text.devices.cpu(threads) : text.devices[provider]
}
