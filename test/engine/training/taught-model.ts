import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { writeRandomCheckpoint } from '../../../bench/random-checkpoint.ts'
import type { TrainingExample, TrainingPlan } from '../../../src-main/contract/training.ts'
import {
  float32Tensor,
  readSafetensorsHeader,
  readTensor,
  type TensorToWrite,
  writeSafetensors,
} from '../../../src-main/engine/model/safetensors.ts'
import { paint } from '../imaging/synthetic-pictures.ts'

/** A small model, and pictures of one colour each, whose captions say which. */

const widthPx = 40
const heightPx = 30

const captionsByColour = [
  { colour: [230, 20, 30], caption: 'fox' },
  { colour: [20, 220, 40], caption: 'tub' },
  { colour: [30, 40, 210], caption: 'sky' },
] as const

/** A token for each, and one for the end. */
const letters = ['Ġ', ...'abcdefghijklmnopqrstuvwxyz']

/** Random weights of a size that a training begins with are too faint to say anything of their own. */
const loudness = 15

export async function writeModel(directory: string): Promise<void> {
  await writeRandomCheckpoint(directory, {
    vision: {
      hidden_size: 24,
      intermediate_size: 48,
      num_hidden_layers: 1,
      num_attention_heads: 3,
      image_size: 24,
      patch_size: 8,
    },
    gpt2: { n_embd: 32, n_layer: 3, n_head: 4, vocab_size: letters.length + 1, n_positions: 24 },
    itune: { rank: 24, heads: 3, first_layer: 0, scale: 1 },
  })
  const gpt2 = await readSafetensorsHeader(join(directory, 'gpt2.safetensors'))
  const louder = new Map<string, TensorToWrite>()
  for (const [name, { shape }] of gpt2.tensors) {
    const data = await readTensor(gpt2, name)
    louder.set(name, float32Tensor(shape, name.includes('ln_') ? data : data.map((x) => loudness * x)))
  }
  await writeSafetensors(gpt2.filePath, louder)

  const path = join(directory, 'tokenizer.json')
  const tokenizer = JSON.parse(await readFile(path, 'utf8'))
  const end = Object.entries(tokenizer.model.vocab).at(-1)!
  tokenizer.model.vocab = Object.fromEntries([...letters.map((letter, id) => [letter, id]), end])
  await writeFile(path, JSON.stringify(tokenizer))
}

/** The n-th picture, a little different from all others of its colour. */
export async function writePicture(
  directory: string,
  index: number,
): Promise<{ path: string; hash: string }> {
  await mkdir(directory, { recursive: true })
  const { colour } = captionsByColour[index % captionsByColour.length]!
  const rgb = paint({ widthPx, heightPx }, (x, y) => [
    colour[0] + ((x + index) % 5) * 4,
    colour[1] + ((y * index) % 7) * 4,
    colour[2] + (index % 11) * 3,
  ])
  const path = join(directory, `${index}.png`)
  const image = sharp(rgb, { raw: { width: widthPx, height: heightPx, channels: 3 } })
  await writeFile(path, await image.png().toBuffer())
  return {
    path,
    hash: createHash('sha256')
      .update(await readFile(path))
      .digest('hex'),
  }
}

export async function makeExamples(
  directory: string,
  count: number,
  folds: number,
): Promise<TrainingExample[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index): Promise<TrainingExample> => {
      const { path, hash } = await writePicture(directory, index)
      const { caption } = captionsByColour[index % captionsByColour.length]!
      const captions = [{ text: caption, weight: 1 }]
      return { contentHash: hash, path, kind: 'label', captions, group: index, fold: index % folds }
    }),
  )
}

export async function writePlan(
  directory: string,
  runDirectory: string,
  plan: Partial<TrainingPlan>,
): Promise<void> {
  await mkdir(runDirectory, { recursive: true })
  const whole: TrainingPlan = {
    version: 1,
    modelDirectory: join(directory, 'model'),
    start: 'model',
    heldOut: 'none',
    folds: 0,
    memoryDirectory: join(directory, 'memories'),
    memoryLimitBytes: 1e8,
    threads: 1,
    examples: [],
    ...plan,
  }
  await writeFile(join(runDirectory, 'plan.json'), JSON.stringify(whole))
}
