import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import type { z } from 'zod'
import { adapterTexts } from '../../../src-main/contract/adapters.ts'
import { writeAdapterFile } from '../../../src-main/engine/captioning/adapter-file.ts'
import { readCheckpoint } from '../../../src-main/engine/captioning/checkpoint.ts'
import {
  float32Tensor,
  readSafetensorsHeader,
  readTensor,
} from '../../../src-main/engine/model/safetensors.ts'
import type { EngineProcess, StartEngine } from '../../../src-main/library/queue/start-engine.ts'
import { forkEngine } from '../../../src-main/processes/fork.ts'
import { idAt, openLibraryFor, type PhotosUnderTest } from '../library-under-test.ts'

// A library with the real engine and the model that comes along, over pictures that are drawn.

export const embeddedModel = fileURLToPath(new URL('../../../models/lenslore-v1', import.meta.url))

export interface TaughtLibrary extends PhotosUnderTest {
  /** Of the pictures, in their order. */
  ids: number[]
  /** Every engine process that was started, the newest last. */
  engines: EngineProcess[]
  textOf(photo: number): Promise<string | undefined>
}

/** @param names of colours, each of which becomes a picture `NAME.jpg`, taken in and captioned. */
export async function openTaughtLibrary(t: TestContext, names: readonly string[]): Promise<TaughtLibrary> {
  const engines: EngineProcess[] = []
  const startEngine: StartEngine = async () => {
    const started = await forkEngine()
    engines.push(started)
    return started
  }
  const library = openLibraryFor(t, startEngine)
  const { client, photos, takeIn } = library
  await drawPictures(photos, names)
  await client.addFolder({ path: photos })
  await takeIn()
  const ids: number[] = []
  for (const name of names) ids.push(await idAt(client, join(photos, `${name}.jpg`)))
  return {
    ...library,
    ids,
    engines,
    textOf: async (photo) => (await client.photo({ photo })).caption?.text,
  }
}

/** Circles and bars of a colour, each on a ground of its own, so that no two pictures are alike. */
export async function drawPictures(directory: string, names: readonly string[]): Promise<void> {
  mkdirSync(directory, { recursive: true })
  for (const [index, name] of names.entries()) {
    const [x, y] = [60 + ((index * 37) % 180), 50 + ((index * 53) % 110)]
    const shapes = `<svg width="300" height="220"><rect x="${x - 50}" y="${y + 10}" width="${60 + index * 5}" height="30" fill="black"/>
      <circle cx="${x}" cy="${y}" r="${25 + ((index * 7) % 40)}" fill="${name}"/></svg>`
    await sharp({
      create: { width: 300, height: 220, channels: 3, background: index % 2 ? 'white' : 'silver' },
    })
      .composite([{ input: Buffer.from(shapes), left: 0, top: 0 }])
      .jpeg()
      .toFile(join(directory, `${name}.jpg`))
  }
}

/** An adapter for the embedded model that says other things than its own. */
export async function writeOtherAdapter(
  path: string,
  { strength = 0.2, ...texts }: { strength?: number } & z.input<typeof adapterTexts> = {},
): Promise<void> {
  const { modelId, model } = await readCheckpoint(embeddedModel, null)
  const own = await readSafetensorsHeader(join(embeddedModel, 'itune.safetensors'))
  const tensors = new Map()
  for (const [tensor, { shape }] of own.tensors) {
    const values = await readTensor(own, tensor)
    const changed = tensor.includes('o_proj.weight') ? values.map((value) => value * strength) : values
    tensors.set(tensor, float32Tensor(shape, changed))
  }
  const { config } = model.decoder.adapter!
  const written = { baseModel: modelId, config, names: [], texts: adapterTexts.parse(texts), tensors }
  await writeAdapterFile(path, written)
}
