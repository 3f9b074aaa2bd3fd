import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readCheckpoint } from '../../../src-main/engine/captioning/checkpoint.ts'
import {
  catalogueSchema,
  readCatalogue,
  shippedModelsDirectory,
} from '../../../src-main/library/models/catalogue.ts'
import { downloadModel } from '../../../src-main/library/models/download.ts'
import { defaultModelName, findModel, listModels } from '../../../src-main/library/models/models.ts'

let dataDirectory: string

before(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'lenslore-models-'))
})

after(() => rm(dataDirectory, { recursive: true }))

describe('the shipped catalogue', () => {
  test('names the public models', async () => {
    const { models, compositions } = await readCatalogue()
    const repositories = models.map(({ repository }) => repository)
    assert.deepEqual(repositories, [
      'openai/clip-vit-base-patch32',
      'openai/clip-vit-base-patch16',
      'openai/clip-vit-large-patch14',
      'openai-community/gpt2',
      'openai-community/gpt2-medium',
      'openai-community/gpt2-large',
      'nlpconnect/vit-gpt2-image-captioning',
    ])
    assert.ok(compositions.length > 0)
  })

  test('is refused where a composition has a part that is not listed, or a name stands twice', async () => {
    const shipped = await readCatalogue()
    const astray = { ...shipped.compositions[0]!, vision: 'gpt2' }
    assert.equal(catalogueSchema.safeParse({ ...shipped, compositions: [astray] }).success, false)
    const twice = [...shipped.models, shipped.models[0]!]
    assert.equal(catalogueSchema.safeParse({ ...shipped, models: twice }).success, false)
  })

  test('admits no file outside of a model folder', async () => {
    const shipped = await readCatalogue()
    for (const path of ['../x', '/x', 'a/../x', 'a//b', '.hidden', 'a\\b']) {
      const files = [{ path, sizeBytes: null, sha256: null }]
      const models = [{ ...shipped.models[0]!, files }]
      const catalogue = { ...shipped, models, compositions: [] }
      assert.equal(catalogueSchema.safeParse(catalogue).success, false, path)
    }
  })
})

describe('models by name', () => {
  test('the default model is embedded and can be opened', async () => {
    const directory = await findModel(defaultModelName, dataDirectory)
    assert.equal(directory, join(shippedModelsDirectory, defaultModelName))
    assert.equal((await readCheckpoint(directory, null)).modelId, defaultModelName)
    const embedded = (await listModels(dataDirectory)).filter(({ state }) => state === 'embedded')
    assert.deepEqual(
      embedded.map(({ name }) => name),
      [defaultModelName],
    )
    assert.ok(embedded[0]!.sizeBytes! > 1e6)
  })

  test('an unknown name is answered with the known ones, a folder without a model by what it lacks', async () => {
    await assert.rejects(findModel('blip', dataDirectory), {
      code: 'MODEL_NOT_FOUND',
      message: /there are lenslore/,
    })
    await assert.rejects(findModel('../models', dataDirectory), { code: 'MODEL_NOT_FOUND' })
    await assert.rejects(findModel(dataDirectory, dataDirectory), {
      code: 'MODEL_NOT_FOUND',
      message: `${dataDirectory} is not a model folder: it has no config.json.`,
    })
  })

  test('a folder is taken by its path', async () => {
    const directory = join(shippedModelsDirectory, defaultModelName)
    assert.equal(await findModel(directory, dataDirectory), directory)
  })
})

const oracle = fileURLToPath(new URL('../../fixtures/oracle/a', import.meta.url))

test('a composition of two downloaded halves is a folder that the engine reads', async () => {
  const { vision, gpt2 } = JSON.parse(await readFile(join(oracle, 'config.json'), 'utf8'))
  await placeHalf('clip-vit-base-patch32', 'clip.safetensors', { model_type: 'clip', vision_config: vision })
  await placeHalf('gpt2', 'gpt2.safetensors', gpt2)

  const directory = await downloadModel('clip-vit-base-patch32+gpt2', {
    dataDirectory,
    hubUrl: 'http://127.0.0.1:9',
  })
  const checkpoint = await readCheckpoint(directory, null)
  assert.equal(checkpoint.modelId, 'clip-vit-base-patch32+gpt2')
  assert.equal(checkpoint.model.vision.config.width, vision.hidden_size)
  assert.equal(checkpoint.model.decoder.config.width, gpt2.n_embd)
  assert.equal(checkpoint.adapterId, null)

  async function placeHalf(name: string, weights: string, config: object): Promise<void> {
    const half = join(dataDirectory, 'models', name)
    await mkdir(half, { recursive: true })
    await copyFile(join(oracle, weights), join(half, 'model.safetensors'))
    await writeFile(join(half, 'config.json'), JSON.stringify(config))
  }
})
