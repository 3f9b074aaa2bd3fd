import type { AdapterConfig, DecoderConfig } from '../model/configuration.ts'

/**
 * How many padded tokens a run of the step graph may have to stay below a ceiling, about. What is kept for the way back grows
 * with the tokens: logits and their softmax, and of each layer the rows between its products; and with the pictures, which
 * are at least a few tokens each: keys and values over their memory, and their gradients.
 * @param memoryRows of one picture, 1+N
 */
export function mostTokensWithin(
  ceilingBytes: number,
  decoder: DecoderConfig,
  adapter: AdapterConfig,
  memoryRows: number,
): number {
  const looking = decoder.layers - adapter.firstLayer
  const rowsOfLayers = decoder.layers * (14 * decoder.width + 4 * decoder.innerWidth)
  const looks = looking * (adapter.heads * memoryRows * 3 + 4 * adapter.rank)
  const ofPicture = (looking * memoryRows * 6 * adapter.rank) / fewestTokens
  const numbersOfToken = 3 * decoder.vocabulary + rowsOfLayers + looks + ofPicture
  return Math.max(1, Math.floor(ceilingBytes / (4 * numbersOfToken)))
}

/** Of a caption, with its start. */
const fewestTokens = 6
