import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readCheckpoint } from '../../../src-main/engine/captioning/checkpoint.ts'
import { runOnce } from '../../../src-main/engine/captioning/search-session.ts'
import type { CaptionModel } from '../../../src-main/engine/model/caption-graph.ts'
import { narrowToBfloat16, narrowToFloat16 } from '../../../src-main/engine/model/half-floats.ts'
import {
  float32Tensor,
  type TensorToWrite,
  writeSafetensors,
} from '../../../src-main/engine/model/safetensors.ts'
import { buildTeacherForcedGraph } from '../../../src-main/engine/model/teacher-forced-graph.ts'
import { agrees, measureAgreement } from '../../../src-main/engine/oracle.ts'
import { oracleFolder, readTensorsToWrite } from '../tiny-oracle.ts'
import { runNaively, type Tensors } from './naive-encoder-decoder.ts'

let directory: string
let count = 0
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-checkpoint-'))
})
after(() => rm(directory, { recursive: true }))

const oracle = oracleFolder('a')
const oracleConfig = {
  vision: {
    hidden_size: 32,
    intermediate_size: 128,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    image_size: 32,
    patch_size: 8,
  },
  gpt2: { n_embd: 32, n_layer: 3, n_head: 4, vocab_size: 61, n_positions: 32 },
  itune: { rank: 16, heads: 1, first_layer: 0, scale: 1 },
}

test('a full CLIP and a GPT-2, each as it was published, make the same model as our own layout', async () => {
  for (const prefix of ['', 'transformer.']) {
    const folder = await makeFolder({
      vision: { path: 'vision' },
      gpt2: { path: 'decoder' },
      itune: oracleConfig.itune,
    })
    for (const name of ['itune.safetensors', 'inputs.safetensors', 'expected.json']) {
      await cp(join(oracle, name), join(folder, name))
    }
    await writePart(
      join(folder, 'vision'),
      { model_type: 'clip', vision_config: oracleConfig.vision, text_config: { hidden_size: 16 } },
      new Map([
        ...(await readTensorsToWrite(join(oracle, 'clip.safetensors'))),
        [
          'vision_model.embeddings.position_ids',
          { type: 'I64', shape: [1, 17], bytes: () => new Uint8Array(136) },
        ],
        ['text_model.embeddings.token_embedding.weight', float32Tensor([2, 16], new Float32Array(32))],
        ['logit_scale', float32Tensor([], new Float32Array(1))],
      ]),
    )
    const decoder = await readTensorsToWrite(join(oracle, 'gpt2.safetensors'))
    decoder.set('h.0.attn.bias', float32Tensor([1, 1, 32, 32], new Float32Array(1024)))
    await writePart(
      join(folder, 'decoder'),
      { model_type: 'gpt2', bos_token_id: 60, eos_token_id: 60, n_inner: null, ...oracleConfig.gpt2 },
      new Map([...decoder].map(([name, tensor]) => [prefix + name, tensor])),
    )
    const agreement = await measureAgreement(folder)
    assert.ok(agrees(agreement), JSON.stringify(agreement))
  }
})

test('published configurations with their gaps mean the published sizes', async () => {
  const sizesOf = async (config: object) => {
    const folder = await makeFolder({ vision: { path: 'vision' }, gpt2: {} })
    await writePart(join(folder, 'vision'), config, new Map())
    await writeSafetensors(join(folder, 'gpt2.safetensors'), new Map())
    const read = (await readCheckpoint(folder, null)).model.vision.config
    assert.ok(read.kind === 'clip')
    const { width, innerWidth, layers, heads, imageSizePx, patchSizePx, activation, normEpsilon } = read
    assert.deepEqual([imageSizePx, activation, normEpsilon], [224, 'quick_gelu', 1e-5])
    return [width, innerWidth, layers, heads, patchSizePx]
  }
  const large = {
    hidden_size: 1024,
    intermediate_size: 4096,
    num_attention_heads: 16,
    num_hidden_layers: 24,
    patch_size: 14,
  }
  const base32 = {
    model_type: 'clip',
    vision_config: { dropout: 0, torch_dtype: null },
    vision_config_dict: null,
  }
  assert.deepEqual(await sizesOf(base32), [768, 3072, 12, 12, 32])
  assert.deepEqual(
    await sizesOf({ model_type: 'clip', vision_config: { patch_size: 16 } }),
    [768, 3072, 12, 12, 16],
  )
  assert.deepEqual(await sizesOf({ vision_config: large }), [1024, 4096, 24, 16, 14])
  assert.deepEqual(await sizesOf({ vision_config: {}, vision_config_dict: large }), [1024, 4096, 24, 16, 14])
})

test('GPT-2 medium and large are read from their configurations', async () => {
  for (const [n_embd, n_layer, n_head] of [
    [1024, 24, 16],
    [1280, 36, 20],
  ] as const) {
    const folder = await makeFolder({ vision: {}, gpt2: { path: 'decoder' } })
    await writeSafetensors(join(folder, 'clip.safetensors'), new Map())
    const published = {
      model_type: 'gpt2',
      activation_function: 'gelu_new',
      bos_token_id: 50256,
      eos_token_id: 50256,
    }
    await writePart(
      join(folder, 'decoder'),
      { ...published, n_embd, n_layer, n_head, n_ctx: 1024 },
      new Map(),
    )
    const { config } = (await readCheckpoint(folder, null)).model.decoder
    assert.deepEqual(
      [config.width, config.innerWidth, config.layers, config.heads],
      [n_embd, 4 * n_embd, n_layer, n_head],
    )
    assert.deepEqual([config.vocabulary, config.positions, config.endToken], [50257, 1024, 50256])
  }
})

test('weights in half precision count as what they widen to', async () => {
  for (const [type, narrow] of [
    ['F16', narrowToFloat16],
    ['BF16', narrowToBfloat16],
  ] as const) {
    const narrowed = await makeFolder(oracleConfig)
    const widened = await makeFolder(oracleConfig)
    for (const name of ['clip', 'gpt2', 'itune'].map((part) => `${part}.safetensors`)) {
      const tensors = new Map<string, TensorToWrite>()
      for (const [key, { shape, bytes }] of await readTensorsToWrite(join(oracle, name))) {
        const data = new Float32Array((await bytes()).slice().buffer)
        tensors.set(key, { type, shape, bytes: () => narrow(data) })
      }
      await writeSafetensors(join(narrowed, name), tensors)
      await writeSafetensors(join(widened, name), await readTensorsToWrite(join(narrowed, name)))
    }
    const pixels = Float32Array.from({ length: 3 * 32 * 32 }, (_, index) => Math.cos(index))
    const tokens = [60, 3, 4, 5]
    const [a, b] = [await runForced(narrowed, pixels, tokens), await runForced(widened, pixels, tokens)]
    assert.ok(largestDifference(a.logits, b.logits) < 1e-5)
  }
})

test('a ViT and a GPT-2 with cross-attention, published in one file, agree with a forward pass written out', async () => {
  const { folder, tensors, config } = await makeEncoderDecoder()
  const pixels = Float32Array.from({ length: 3 * 16 * 16 }, (_, index) => Math.sin(index * 0.3))
  const tokens = [29, 4, 17, 9, 0]
  const expected = runNaively(tensors, config, pixels, tokens)
  const got = await runForced(folder, pixels, tokens)
  assert.ok(largestDifference(got.memory, expected.memory) < 1e-5)
  assert.ok(largestDifference(got.logits, expected.logits) < 1e-5)
  assert.ok(largestDifference(got.attention, expected.attention) < 1e-5)
})

test('an adapter fits on top of cross-attention, and one that adds nothing changes nothing', async () => {
  const { folder } = await makeEncoderDecoder()
  const pixels = Float32Array.from({ length: 3 * 16 * 16 }, (_, index) => Math.sin(index * 0.3))
  const tokens = [29, 4, 17]
  const without = await runForced(folder, pixels, tokens)
  for (const [size, changes] of [
    [0, false],
    [0.3, true],
  ] as const) {
    const path = join(folder, 'itune.safetensors')
    const adapter = new Map<string, TensorToWrite>()
    for (const [name, rows, columns] of [
      ['q', 6, 12],
      ['k', 6, 12],
      ['v', 6, 12],
      ['o', 12, 6],
    ] as const) {
      const scale = name === 'o' ? size : 0.3
      const fill = (length: number) =>
        Float32Array.from({ length }, (_, index) => scale * Math.sin(index + 1))
      adapter.set(`h.1.itune.${name}_proj.weight`, float32Tensor([rows, columns], fill(rows * columns)))
      adapter.set(`h.1.itune.${name}_proj.bias`, float32Tensor([rows], fill(rows)))
    }
    const modelId = (await readCheckpoint(folder, null)).modelId
    const metadata = { rank: '6', heads: '2', first_layer: '1', scale: '1', base_model: modelId }
    await writeSafetensors(path, adapter, metadata)
    const withAdapter = await runForced(folder, pixels, tokens)
    assert.equal(largestDifference(withAdapter.logits, without.logits) > 1e-3, changes)
    assert.equal((await readCheckpoint(folder, null)).modelId, modelId)
  }
})

test('the id of a base follows its weights and configuration, not its place or its adapter', async () => {
  const ids = async (config: object, change: (data: Float32Array) => void) => {
    const folder = await makeFolder(config)
    await cp(join(oracle, 'clip.safetensors'), join(folder, 'clip.safetensors'))
    const tensors = await readTensorsToWrite(join(oracle, 'gpt2.safetensors'))
    const last = tensors.get('ln_f.bias')!
    const data = new Float32Array((await last.bytes()).slice().buffer)
    change(data)
    tensors.set('ln_f.bias', float32Tensor(last.shape, data))
    await writeSafetensors(join(folder, 'gpt2.safetensors'), tensors)
    return (await readCheckpoint(folder, null)).modelId
  }
  const same = () => {}
  const first = await ids(oracleConfig, same)
  assert.equal(await ids(oracleConfig, same), first)
  assert.notEqual(await ids(oracleConfig, (data) => data.fill(0.5, 31)), first)
  assert.notEqual(
    await ids({ ...oracleConfig, vision: { ...oracleConfig.vision, hidden_act: 'gelu' } }, same),
    first,
  )
  assert.equal(await ids({ ...oracleConfig, id: 'named' }, same), 'named')
})

test('what is wrong with a checkpoint is named', async () => {
  const damage = async (name: string, change: (tensors: Map<string, TensorToWrite>) => void) => {
    const folder = await makeFolder(oracleConfig)
    await cp(oracle, folder, { recursive: true })
    const tensors = await readTensorsToWrite(join(oracle, name))
    change(tensors)
    await writeSafetensors(join(folder, name), tensors)
    return runForced(folder, new Float32Array(3 * 32 * 32), [60])
  }
  const invalid = (message: RegExp) => ({ code: 'CHECKPOINT_INVALID', message })
  await assert.rejects(
    damage('gpt2.safetensors', (tensors) => tensors.delete('h.1.ln_2.bias')),
    invalid(/no tensor h\.1\.ln_2\.bias/),
  )
  await assert.rejects(
    damage('clip.safetensors', (tensors) =>
      tensors.set('vision_model.pre_layrnorm.weight', float32Tensor([31], new Float32Array(31))),
    ),
    invalid(/vision_model\.pre_layrnorm\.weight as \[31\] where its configuration wants \[32\]/),
  )
  await assert.rejects(
    damage('itune.safetensors', (tensors) =>
      tensors.set('h.2.itune.o_proj.bias', { type: 'I32', shape: [32], bytes: () => new Uint8Array(128) }),
    ),
    invalid(/h\.2\.itune\.o_proj\.bias as I32/),
  )
})

const broken: Record<string, [config: unknown, code: string]> = {
  'no JSON object': [[], 'CHECKPOINT_INVALID'],
  'no vision': [{ gpt2: {} }, 'CHECKPOINT_INVALID'],
  'heads that do not divide': [{ vision: { num_attention_heads: 5 }, gpt2: {} }, 'CHECKPOINT_INVALID'],
  'patches that do not divide': [{ vision: { patch_size: 9 }, gpt2: {} }, 'CHECKPOINT_INVALID'],
  'an unknown activation': [{ vision: {}, gpt2: { activation_function: 'swish' } }, 'CHECKPOINT_INVALID'],
  'attention scaled by layer': [
    { vision: {}, gpt2: { scale_attn_by_inverse_layer_idx: true } },
    'CHECKPOINT_INVALID',
  ],
  'a part that is not there': [{ vision: { path: 'absent' }, gpt2: {} }, 'MODEL_NOT_FOUND'],
}

for (const [what, [config, code]] of Object.entries(broken)) {
  test(`a configuration with ${what} is refused`, async () => {
    const folder = await makeFolder(config)
    for (const name of ['clip', 'gpt2'])
      await writeSafetensors(join(folder, `${name}.safetensors`), new Map())
    await assert.rejects(readCheckpoint(folder, null), { code })
  })
}

test('a folder without a model, without weights, and an adapter of another base are told apart', async () => {
  await assert.rejects(readCheckpoint(join(directory, 'absent'), null), { code: 'MODEL_NOT_FOUND' })
  await assert.rejects(readCheckpoint(await makeFolder(oracleConfig), null), { code: 'MODEL_INCOMPLETE' })
  const adapter = join(await makeFolder({}), 'adapter.safetensors')
  await writeSafetensors(adapter, await readTensorsToWrite(join(oracle, 'itune.safetensors')), {
    base_model: 'another',
  })
  await assert.rejects(readCheckpoint(oracle, adapter), {
    code: 'CHECKPOINT_INVALID',
    message: /trained for another model, another/,
  })
  await assert.rejects(readCheckpoint(oracle, join(directory, 'absent')), { code: 'FILE_NOT_FOUND' })
})

async function makeFolder(config: unknown): Promise<string> {
  const folder = join(directory, `${count++}`)
  await mkdir(folder)
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  return folder
}

async function writePart(folder: string, config: object, tensors: Map<string, TensorToWrite>): Promise<void> {
  await mkdir(folder)
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  await writeSafetensors(join(folder, 'model.safetensors'), tensors)
}

/** One picture and one text through the teacher-forced graph. */
async function runForced(folder: string, pixels: Float32Array, tokens: number[]) {
  const { model } = await readCheckpoint(folder, null)
  return forwardOne(model, pixels, tokens)
}

async function forwardOne(model: CaptionModel, pixels: Float32Array, tokens: number[]) {
  const size = model.vision.config.imageSizePx
  const outputs = await runOnce(buildTeacherForcedGraph(model, tokens.length), {
    pixels: { data: pixels, shape: [1, 3, size, size] },
    tokens: { data: BigInt64Array.from(tokens, BigInt), shape: [1, tokens.length] },
  })
  const read = (name: string) => outputs[name]!.data as Float32Array
  return { memory: read('memory'), logits: read('logits'), attention: read('attention') }
}

/** A small `vision-encoder-decoder` as published: both networks in one file, a tied head, buffers for masks. */
async function makeEncoderDecoder() {
  const config = {
    encoder: {
      model_type: 'vit',
      hidden_size: 12,
      intermediate_size: 20,
      num_hidden_layers: 2,
      num_attention_heads: 3,
      image_size: 16,
      patch_size: 8,
      hidden_act: 'gelu',
      layer_norm_eps: 1e-12,
      qkv_bias: true,
    },
    decoder: {
      model_type: 'gpt2',
      add_cross_attention: true,
      n_embd: 12,
      n_layer: 2,
      n_head: 2,
      vocab_size: 30,
      n_positions: 8,
      activation_function: 'gelu_new',
      bos_token_id: 29,
      eos_token_id: 29,
    },
  }
  const tensors: Tensors = new Map()
  let seed = 1
  const put = (name: string, ...shape: number[]) => {
    const mean = /(norm\w*|ln_\w+)\.weight$/.test(name) ? 1 : 0
    const data = Float32Array.from(
      { length: shape.reduce((a, b) => a * b) },
      () => mean + 0.4 * Math.sin((seed++) ** 1.7),
    )
    tensors.set(name, { shape, data })
  }
  const layer = (name: string, out: number, into: number, conv: boolean) => {
    put(`${name}.weight`, ...(conv ? [into, out] : [out, into]))
    put(`${name}.bias`, out)
  }
  const norm = (name: string) => {
    put(`${name}.weight`, 12)
    put(`${name}.bias`, 12)
  }
  put('encoder.embeddings.cls_token', 1, 1, 12)
  put('encoder.embeddings.position_embeddings', 1, 5, 12)
  put('encoder.embeddings.patch_embeddings.projection.weight', 12, 3, 8, 8)
  put('encoder.embeddings.patch_embeddings.projection.bias', 12)
  for (const index of [0, 1]) {
    const name = `encoder.encoder.layer.${index}`
    for (const part of ['query', 'key', 'value']) layer(`${name}.attention.attention.${part}`, 12, 12, false)
    layer(`${name}.attention.output.dense`, 12, 12, false)
    layer(`${name}.intermediate.dense`, 20, 12, false)
    layer(`${name}.output.dense`, 12, 20, false)
    norm(`${name}.layernorm_before`)
    norm(`${name}.layernorm_after`)
  }
  norm('encoder.layernorm')
  layer('encoder.pooler.dense', 12, 12, false)
  put('decoder.transformer.wte.weight', 30, 12)
  put('decoder.transformer.wpe.weight', 8, 12)
  for (const index of [0, 1]) {
    const name = `decoder.transformer.h.${index}`
    for (const part of ['ln_1', 'ln_2', 'ln_cross_attn']) norm(`${name}.${part}`)
    layer(`${name}.attn.c_attn`, 36, 12, true)
    layer(`${name}.attn.c_proj`, 12, 12, true)
    layer(`${name}.crossattention.q_attn`, 12, 12, true)
    layer(`${name}.crossattention.c_attn`, 24, 12, true)
    layer(`${name}.crossattention.c_proj`, 12, 12, true)
    layer(`${name}.mlp.c_fc`, 48, 12, true)
    layer(`${name}.mlp.c_proj`, 12, 48, true)
  }
  norm('decoder.transformer.ln_f')

  const folder = await makeFolder({
    model_type: 'vision-encoder-decoder',
    decoder_start_token_id: 29,
    ...config,
  })
  const stored = new Map<string, TensorToWrite>(
    [...tensors].map(([name, { shape, data }]) => [name, float32Tensor(shape, data)]),
  )
  stored.set('decoder.transformer.h.0.crossattention.masked_bias', float32Tensor([], new Float32Array(1)))
  stored.set('decoder.transformer.h.0.attn.bias', {
    type: 'U8',
    shape: [1, 1, 8, 8],
    bytes: () => new Uint8Array(64),
  })
  await writeSafetensors(join(folder, 'model.safetensors'), stored)
  return { folder, tensors, config }
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length)
  return Array.from(a).reduce((largest, value, index) => Math.max(largest, Math.abs(value - b[index]!)), 0)
}
