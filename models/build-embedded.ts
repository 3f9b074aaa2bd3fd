/**
 * Makes an embedded model from a trained one: `node models/build-embedded.ts SOURCE TARGET ID`.
 *
 * SOURCE is a folder in our own layout, stored in float32. TARGET gets the same model without the tensors that no
 * caption uses, with the vision tower's matrices in half precision and its JSON without spaces. The decoder and the
 * adapter stay float32: half precision there changes about one caption in a hundred, as README.md of the model has
 * it measured. So do vectors (biases, norms): they are one percent of the bytes.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { narrowToFloat16 } from '../src-main/engine/model/half-floats.ts'
import {
  float32Tensor,
  readSafetensorsHeader,
  readTensor,
  type TensorToWrite,
  writeSafetensors,
} from '../src-main/engine/model/safetensors.ts'

/** What public checkpoints carry besides the weights of a caption: text tower, pooling, masks, tied copies. */
const unused =
  /^(text_model|vision_model\.post_layernorm|visual_projection|text_projection|logit_scale)|position_ids$|\.attn\.(masked_)?bias$|^lm_head/

async function main(source: string, target: string, id: string): Promise<void> {
  await mkdir(target, { recursive: true })
  const config = await readJson(join(source, 'config.json'))
  const { rank, heads, first_layer, scale } = config.itune as Record<string, number>
  const numbers = Object.entries({ rank, heads, first_layer, scale }).map(([key, value]) => [
    key,
    String(value),
  ])
  const adapter = { base_model: id, ...Object.fromEntries(numbers) }
  await shrink('clip.safetensors', 'F16')
  await shrink('gpt2.safetensors', 'F32')
  await shrink('itune.safetensors', 'F32', adapter)
  const generation = { beams: 3, length_penalty: 0.8, max_new_tokens: 20 }
  await writeJson(join(target, 'config.json'), { id, ...config, generation })
  for (const name of ['preprocessor_config.json', 'tokenizer.json']) {
    await writeJson(join(target, name), await readJson(join(source, name)))
  }

  async function shrink(name: string, matrixType: 'F16' | 'F32', metadata = {}): Promise<void> {
    const header = await readSafetensorsHeader(join(source, name))
    const tensors = new Map<string, TensorToWrite>()
    for (const [tensorName, { shape }] of header.tensors) {
      if (unused.test(tensorName)) continue
      const values = await readTensor(header, tensorName)
      const narrow = matrixType === 'F16' && shape.length > 1
      const bytes = () => narrowToFloat16(values)
      tensors.set(tensorName, narrow ? { type: 'F16', shape, bytes } : float32Tensor(shape, values))
    }
    // Wider elements first, so that every tensor lies at a multiple of its element's size.
    const ordered = [...tensors].sort(([, a], [, b]) => a.type.localeCompare(b.type) * -1)
    await writeSafetensors(join(target, name), new Map(ordered), metadata)
  }
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
