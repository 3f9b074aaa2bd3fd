import { constants, copyFile, link, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { LensloreError } from '../../contract/errors.ts'

/** CLIP's own config.json; only the vision half matters here. */
const visionConfig = z.looseObject({ vision_config: z.looseObject({}) })
const decoderConfig = z.looseObject({})

/** What each file of a composed folder is taken from. */
const sources = [
  { half: 'vision', from: 'model.safetensors', to: 'clip.safetensors' },
  { half: 'vision', from: 'preprocessor_config.json', to: 'preprocessor_config.json' },
  { half: 'decoder', from: 'model.safetensors', to: 'gpt2.safetensors' },
  { half: 'decoder', from: 'tokenizer.json', to: 'tokenizer.json' },
] as const

/**
 * Lays out a downloaded vision tower and a decoder as one captioner's folder: `clip.safetensors`,
 * `gpt2.safetensors`, `tokenizer.json`, `preprocessor_config.json`, and a `config.json` with the configs of the
 * two under `vision` and `gpt2`. The checkpoints are hard links where the file system has them. An adapter,
 * `itune.safetensors`, comes from training.
 * @throws LensloreError `MODEL_INCOMPLETE` where a half is not what its config says.
 */
export async function composeCaptioner(
  name: string,
  halves: { vision: string; decoder: string },
  directory: string,
): Promise<void> {
  const { vision_config: vision } = await readConfig(halves.vision, visionConfig)
  const gpt2 = await readConfig(halves.decoder, decoderConfig)
  for (const { half, from, to } of sources) {
    const source = join(halves[half], from)
    const target = join(directory, to)
    await link(source, target).catch(() => copyFile(source, target, constants.COPYFILE_FICLONE))
  }
  const config = { id: name, vision, gpt2 }
  await writeFile(join(directory, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
}

async function readConfig<S extends z.ZodType>(directory: string, schema: S): Promise<z.output<S>> {
  const path = join(directory, 'config.json')
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new LensloreError('MODEL_INCOMPLETE', `${path} does not describe the model it lies with.`, {
      cause,
    })
  }
}
