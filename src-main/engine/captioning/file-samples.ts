import type { Hash } from 'node:crypto'
import { readBytes } from '../model/safetensors.ts'

/** Large enough to tell any two trainings apart, small enough to read at every start. */
const sampledBytes = 1 << 16
const samples = 64

/** Adds the whole of a small file to a digest; of a large one even samples, the first and the last bytes among them. */
export async function hashSamples(hash: Hash, filePath: string, fileBytes: number): Promise<void> {
  for (const { offsetBytes, byteLength } of spreadSamples(fileBytes)) {
    hash.update(await readBytes(filePath, offsetBytes, byteLength))
  }
}

function spreadSamples(fileBytes: number): { offsetBytes: number; byteLength: number }[] {
  if (fileBytes <= samples * sampledBytes) return [{ offsetBytes: 0, byteLength: fileBytes }]
  const step = (fileBytes - sampledBytes) / (samples - 1)
  return Array.from({ length: samples }, (_, index) => ({
    offsetBytes: Math.round(index * step),
    byteLength: sampledBytes,
  }))
}
