/**
 * Makes an embedded model from a trained base: `node models/build-embedded.ts SOURCE TARGET ID`.
 *
 * SOURCE is a folder in our own layout with a text encoder. TARGET gets the weights as they are stored, an adapter that says
 * which base it belongs to, and the JSON without spaces. What `bench/doubt.ts` found out about the model before
 * is kept.
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  readBytes,
  readSafetensorsHeader,
  type TensorToWrite,
  writeSafetensors,
} from '../src-main/engine/model/safetensors.ts'

async function main(source: string, target: string, id: string): Promise<void> {
  await mkdir(target, { recursive: true })
  const { vision, gpt2, itune, text } = await readJson(join(source, 'config.json'))
  const before = await readJson(join(target, 'config.json')).catch(() => ({}))
  const generation = { beams: 3, length_penalty: 0.8, max_new_tokens: 20 }
  await writeJson(join(target, 'config.json'), { ...before, id, vision, gpt2, itune, text, generation })
  for (const name of ['preprocessor_config.json', 'tokenizer.json']) {
    await writeJson(join(target, name), await readJson(join(source, name)))
  }
  for (const name of ['vision.safetensors', 'gpt2.safetensors', 'text.safetensors']) {
    await copyFile(join(source, name), join(target, name))
  }
  const settings = Object.entries(itune as object).map(([key, value]) => [key, String(value)])
  await describe(join(source, 'itune.safetensors'), join(target, 'itune.safetensors'), {
    base_model: id,
    ...Object.fromEntries(settings),
  })
}

/** The same tensors, byte for byte, with metadata. */
async function describe(source: string, target: string, metadata: Record<string, string>): Promise<void> {
  const header = await readSafetensorsHeader(source)
  const tensors = new Map<string, TensorToWrite>()
  for (const [name, { type, shape, offsetBytes, byteLength }] of header.tensors) {
    tensors.set(name, { type, shape, bytes: () => readBytes(source, offsetBytes, byteLength) })
  }
  await writeSafetensors(target, tensors, metadata)
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path, 'utf8'))
}

async function writeJson(path: string, content: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(content)}\n`)
}

const [source, target, id] = process.argv.slice(2)
if (!source || !target || !id) {
  console.error('usage: node models/build-embedded.ts SOURCE TARGET ID')
  process.exitCode = 2
} else await main(source, target, id)
