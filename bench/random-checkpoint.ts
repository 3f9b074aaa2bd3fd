import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { float32Tensor, type TensorToWrite, writeSafetensors } from '../src-main/engine/model/safetensors.ts'

/**
 * Writes a model folder with random weights at the sizes of public models, to measure speed with.
 *
 *     node bench/random-checkpoint.ts DIRECTORY
 *
 * The words it captions with mean nothing; `tokenizer.json` is one whose token n decodes to ` n`.
 */

export interface CheckpointSizes {
  vision: {
    hidden_size: number
    intermediate_size: number
    num_hidden_layers: number
    num_attention_heads: number
    image_size: number
    patch_size: number
  }
  gpt2: { n_embd: number; n_layer: number; n_head: number; vocab_size: number; n_positions: number }
  itune: { rank: number; heads: number; first_layer: number; scale: number }
}

/** CLIP-ViT-B/32, GPT-2 small, and the adapter of 14.18 M parameters. */
export const publicSizes: CheckpointSizes = {
  vision: {
    hidden_size: 768,
    intermediate_size: 3072,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    image_size: 224,
    patch_size: 32,
  },
  gpt2: { n_embd: 768, n_layer: 12, n_head: 12, vocab_size: 50257, n_positions: 1024 },
  itune: { rank: 384, heads: 12, first_layer: 0, scale: 1 },
}

/** @param seed the same one gives the same weights, on every machine */
export async function writeRandomCheckpoint(
  directory: string,
  sizes: CheckpointSizes = publicSizes,
  seed = 1,
): Promise<void> {
  const random = createSource(seed)
  await mkdir(directory, { recursive: true })
  await writeSafetensors(join(directory, 'clip.safetensors'), describeVision(sizes, random))
  await writeSafetensors(join(directory, 'gpt2.safetensors'), describeDecoder(sizes, random))
  await writeSafetensors(join(directory, 'itune.safetensors'), describeAdapter(sizes, random))
  await writeJson(join(directory, 'config.json'), sizes)
  await writeJson(join(directory, 'preprocessor_config.json'), describePreprocessing(sizes))
  await writeJson(join(directory, 'tokenizer.json'), describeTokenizer(sizes))
}

/** Gives so many normal numbers, the next ones each time. */
type Source = (count: number) => Float32Array
type Tensors = Map<string, TensorToWrite>

/** Weights of the size that training starts from: 0.02 for matrices, one or zero for the rest, a little off. */
function addTensor(tensors: Tensors, name: string, shape: number[], random: Source, mean = 0): void {
  const count = shape.reduce((a, b) => a * b)
  const data = () => random(count).map((value) => mean + 0.02 * value)
  tensors.set(name, { type: 'F32', shape, bytes: () => float32Tensor(shape, data()).bytes() })
}

function addNorm(tensors: Tensors, name: string, width: number, random: Source): void {
  addTensor(tensors, `${name}.weight`, [width], random, 1)
  addTensor(tensors, `${name}.bias`, [width], random)
}

/** @param shape of the weight; the bias is as long as its outgoing side */
function addLayer(tensors: Tensors, name: string, shape: [number, number], out: 0 | 1, random: Source): void {
  addTensor(tensors, `${name}.weight`, shape, random)
  addTensor(tensors, `${name}.bias`, [shape[out]], random)
}

function describeVision({ vision }: CheckpointSizes, random: Source): Tensors {
  const tensors: Tensors = new Map()
  const { hidden_size: width, intermediate_size: innerWidth, patch_size: patch } = vision
  const patches = (vision.image_size / patch) ** 2
  addTensor(tensors, 'vision_model.embeddings.class_embedding', [width], random)
  addTensor(tensors, 'vision_model.embeddings.patch_embedding.weight', [width, 3, patch, patch], random)
  addTensor(tensors, 'vision_model.embeddings.position_embedding.weight', [1 + patches, width], random)
  addNorm(tensors, 'vision_model.pre_layrnorm', width, random)
  for (let index = 0; index < vision.num_hidden_layers; index++) {
    const layer = `vision_model.encoder.layers.${index}`
    addNorm(tensors, `${layer}.layer_norm1`, width, random)
    for (const name of ['q_proj', 'k_proj', 'v_proj', 'out_proj']) {
      addLayer(tensors, `${layer}.self_attn.${name}`, [width, width], 0, random)
    }
    addNorm(tensors, `${layer}.layer_norm2`, width, random)
    addLayer(tensors, `${layer}.mlp.fc1`, [innerWidth, width], 0, random)
    addLayer(tensors, `${layer}.mlp.fc2`, [width, innerWidth], 0, random)
  }
  addNorm(tensors, 'vision_model.post_layernorm', width, random)
  return tensors
}

function describeDecoder({ gpt2 }: CheckpointSizes, random: Source): Tensors {
  const tensors: Tensors = new Map()
  const width = gpt2.n_embd
  addTensor(tensors, 'wte.weight', [gpt2.vocab_size, width], random)
  addTensor(tensors, 'wpe.weight', [gpt2.n_positions, width], random)
  for (let index = 0; index < gpt2.n_layer; index++) {
    addNorm(tensors, `h.${index}.ln_1`, width, random)
    addLayer(tensors, `h.${index}.attn.c_attn`, [width, 3 * width], 1, random)
    addLayer(tensors, `h.${index}.attn.c_proj`, [width, width], 1, random)
    addNorm(tensors, `h.${index}.ln_2`, width, random)
    addLayer(tensors, `h.${index}.mlp.c_fc`, [width, 4 * width], 1, random)
    addLayer(tensors, `h.${index}.mlp.c_proj`, [4 * width, width], 1, random)
  }
  addNorm(tensors, 'ln_f', width, random)
  return tensors
}

function describeAdapter({ vision, gpt2, itune }: CheckpointSizes, random: Source): Tensors {
  const tensors: Tensors = new Map()
  for (let index = itune.first_layer; index < gpt2.n_layer; index++) {
    const name = `h.${index}.itune`
    addLayer(tensors, `${name}.q_proj`, [itune.rank, gpt2.n_embd], 0, random)
    addLayer(tensors, `${name}.k_proj`, [itune.rank, vision.hidden_size], 0, random)
    addLayer(tensors, `${name}.v_proj`, [itune.rank, vision.hidden_size], 0, random)
    addLayer(tensors, `${name}.o_proj`, [gpt2.n_embd, itune.rank], 0, random)
  }
  return tensors
}

function describePreprocessing({ vision: { image_size: size } }: CheckpointSizes): unknown {
  return {
    image_processor_type: 'CLIPImageProcessor',
    do_convert_rgb: true,
    do_resize: true,
    size: { shortest_edge: size },
    resample: 3,
    do_center_crop: true,
    crop_size: { height: size, width: size },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [0.48145466, 0.4578275, 0.40821073],
    image_std: [0.26862954, 0.26130258, 0.27577711],
  }
}

function describeTokenizer({ gpt2: { vocab_size: size } }: CheckpointSizes): unknown {
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
  const words = Array.from({ length: size - 1 }, (_, id) => [`Ġ${id}`, id])
  return {
    version: '1.0',
    added_tokens: [{ id: size - 1, content: '<|endoftext|>', ...special }],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab: Object.fromEntries([...words, ['<|endoftext|>', size - 1]]), merges: [] },
  }
}

/**
 * A ring of normal numbers (a 32-bit linear congruence and the Box–Muller transform), read round and round: two
 * hundred million of their own would take minutes. The ring's length is prime, so that no two rows of a matrix are
 * the same.
 */
function createSource(seed: number): Source {
  let state = seed >>> 0
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 1) / 2 ** 32
  }
  const ring = Float32Array.from(
    { length: 1_000_003 },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  )
  let at = 0
  return (count) => {
    const numbers = new Float32Array(count)
    for (let done = 0; done < count; ) {
      const part = ring.subarray(at, at + count - done)
      numbers.set(part, done)
      done += part.length
      at = (at + part.length) % ring.length
    }
    return numbers
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value)}\n`)
}

if (import.meta.main) {
  const directory = process.argv[2]
  if (directory === undefined) throw new Error('Name the directory to write.')
  await writeRandomCheckpoint(directory)
}
