import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ProviderName } from '../../src-main/contract/providers.ts'
import { readCheckpoint } from '../../src-main/engine/captioning/checkpoint.ts'
import { runOnce } from '../../src-main/engine/captioning/search-session.ts'
import type { SessionTensor } from '../../src-main/engine/captioning/session.ts'
import type { CaptionModel } from '../../src-main/engine/model/caption-graph.ts'
import type { Graph } from '../../src-main/engine/model/graph.ts'
import {
  float32Tensor,
  readSafetensorsHeader,
  readTensors,
  type TensorToWrite,
} from '../../src-main/engine/model/safetensors.ts'
import type { SearchInPieces } from '../../src-main/engine/model/search-in-pieces.ts'

/** A model, and pictures to show it. */
export interface Subject {
  model: CaptionModel
  /** `[B, 3, S, S]` */
  pixels: SessionTensor
}

export function oracleFolder(name: string): string {
  return fileURLToPath(new URL(`../fixtures/oracle/${name}`, import.meta.url))
}

export async function readSubject(name: string): Promise<Subject> {
  const folder = oracleFolder(name)
  const header = await readSafetensorsHeader(join(folder, 'inputs.safetensors'))
  const { shape } = header.tensors.get('pixels')!
  const pixels = { data: (await readTensors(header, ['pixels'])).get('pixels')!, shape }
  return { model: (await readCheckpoint(folder, null)).model, pixels }
}

/**
 * @param search a caption graph, or the search in pieces
 * @returns each picture's tokens, the end token included
 */
export async function captionWith(
  search: Graph | SearchInPieces,
  pixels: SessionTensor,
  provider?: ProviderName,
) {
  const { ids, lengths, scores } = await runOnce(search, { pixels }, provider)
  const longest = ids!.shape[1]!
  return Array.from({ length: pixels.shape[0]! }, (_, image) => ({
    ids: Array.from(ids!.data.slice(image * longest, image * longest + Number(lengths!.data[image])), Number),
    score: Number(scores!.data[image]),
  }))
}

/** All of a file's tensors, to be written again with some changed. */
export async function readTensorsToWrite(path: string): Promise<Map<string, TensorToWrite>> {
  const header = await readSafetensorsHeader(path)
  const tensors = await readTensors(header)
  return new Map(
    [...header.tensors].map(([name, { shape }]) => [name, float32Tensor(shape, tensors.get(name)!)]),
  )
}
