import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Composition } from './catalogue.ts'

/**
 * Writes the folder of a captioner put together from two downloaded models that lie beside it: a `config.json`
 * whose `vision` and `gpt2` point to their folders. Tokenizer and preprocessing are found in those; an adapter,
 * `itune.safetensors`, comes from training.
 */
export async function composeCaptioner(composition: Composition, directory: string): Promise<void> {
  const { name, vision, decoder } = composition
  const config = { id: name, vision: { path: `../${vision}` }, gpt2: { path: `../${decoder}` } }
  await writeFile(join(directory, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
}
