import { z } from 'zod'
import { LensloreError } from '../../contract/errors.ts'
import type { ActivationName } from './activation.ts'

/** What a config.json says about a network, in our words. Defaults are those of the public implementations. */

export type VisionConfig = VisionTransformerConfig | EfficientNetLiteConfig

export interface VisionTransformerConfig {
  kind: 'clip' | 'vit'
  /** Of a row of the visual memory. */
  width: number
  innerWidth: number
  layers: number
  heads: number
  imageSizePx: number
  patchSizePx: number
  normEpsilon: number
  activation: ActivationName
}

export interface EfficientNetLiteConfig {
  kind: 'efficientnet_lite'
  /** Of a row of the visual memory. */
  width: number
  imageSizePx: number
  stemWidth: number
  stages: readonly EfficientNetStage[]
  headWidth: number
  batchNormEpsilon: number
  normEpsilon: number
}

/** Blocks of one shape; the first of them has the stride and changes the width. */
export interface EfficientNetStage {
  kernel: number
  stride: number
  /** How many times as wide as its input a block is inside. */
  expansion: number
  width: number
  repeats: number
}

export interface DecoderConfig {
  width: number
  innerWidth: number
  layers: number
  heads: number
  vocabulary: number
  /** The longest text it can write, in tokens. */
  positions: number
  normEpsilon: number
  activation: ActivationName
  startToken: number
  endToken: number
  crossAttention: boolean
}

/** CLIP's text tower. */
export interface ClipTextConfig {
  width: number
  innerWidth: number
  layers: number
  heads: number
  vocabulary: number
  /** The longest text that it reads, start and end token counted. */
  positions: number
  normEpsilon: number
  activation: ActivationName
  startToken: number
  endToken: number
}

export interface AdapterConfig {
  rank: number
  heads: number
  firstLayer: number
  scale: number
}

const size = z.int().min(1).max(1_000_000)
const epsilon = z.number().positive().max(1)
const activation = z.enum(['quick_gelu', 'gelu', 'gelu_new', 'gelu_pytorch_tanh'])

const visionFields = {
  hidden_size: size.default(768),
  intermediate_size: size.default(3072),
  num_hidden_layers: size.default(12),
  num_attention_heads: size.default(12),
  image_size: size.default(224),
  num_channels: z.literal(3).default(3),
}

const clipVision = z.object({
  ...visionFields,
  patch_size: size.default(32),
  layer_norm_eps: epsilon.default(1e-5),
  hidden_act: activation.default('quick_gelu'),
})

const clipText = z.object({
  hidden_size: size.default(512),
  intermediate_size: size.default(2048),
  num_hidden_layers: size.default(12),
  num_attention_heads: size.default(8),
  vocab_size: size.default(49408),
  max_position_embeddings: size.default(77),
  layer_norm_eps: epsilon.default(1e-5),
  hidden_act: activation.default('quick_gelu'),
  bos_token_id: z.int().min(0).nullish(),
  eos_token_id: z.int().min(0).nullish(),
})

const vitVision = z.object({
  ...visionFields,
  patch_size: size.default(16),
  layer_norm_eps: epsilon.default(1e-12),
  hidden_act: activation.default('gelu'),
  qkv_bias: z.literal(true).default(true),
})

const efficientNetLite = z.object({
  model_type: z.literal('efficientnet_lite'),
  image_size: size,
  stem_width: size,
  stages: z
    .array(
      z.object({
        kernel: z.int().min(1).max(15),
        stride: z.int().min(1).max(4),
        expansion: z.int().min(1).max(64),
        width: size,
        repeats: z.int().min(1).max(100),
      }),
    )
    .min(1)
    .max(100),
  head_width: size,
  batch_norm_eps: epsilon,
  hidden_size: size,
  layer_norm_eps: epsilon,
})

const gpt2 = z.object({
  n_embd: size.default(768),
  n_inner: size.nullable().default(null),
  n_layer: size.default(12),
  n_head: size.default(12),
  vocab_size: size.default(50257),
  n_positions: size.default(1024),
  layer_norm_epsilon: epsilon.default(1e-5),
  activation_function: activation.default('gelu_new'),
  bos_token_id: z.int().min(0).nullish(),
  eos_token_id: z.int().min(0).nullish(),
  add_cross_attention: z.boolean().default(false),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
})

const itune = z.object({
  rank: size,
  heads: size,
  first_layer: z.int().min(0).default(0),
  scale: z.number().default(1),
})

/** @throws LensloreError `CHECKPOINT_INVALID` */
export function parseVisionConfig(kind: VisionConfig['kind'], source: unknown, where: string): VisionConfig {
  return kind === 'efficientnet_lite'
    ? parseEfficientNetLiteConfig(source, where)
    : parseVisionTransformerConfig(kind, source, where)
}

function parseEfficientNetLiteConfig(source: unknown, where: string): EfficientNetLiteConfig {
  const fields = check(efficientNetLite, source, where)
  return {
    kind: 'efficientnet_lite',
    width: fields.hidden_size,
    imageSizePx: fields.image_size,
    stemWidth: fields.stem_width,
    stages: fields.stages,
    headWidth: fields.head_width,
    batchNormEpsilon: fields.batch_norm_eps,
    normEpsilon: fields.layer_norm_eps,
  }
}

function parseVisionTransformerConfig(
  kind: 'clip' | 'vit',
  source: unknown,
  where: string,
): VisionTransformerConfig {
  const fields = check(kind === 'clip' ? clipVision : vitVision, source, where)
  if (fields.hidden_size % fields.num_attention_heads !== 0) {
    throw invalid(where, `${fields.num_attention_heads} heads do not divide a width of ${fields.hidden_size}`)
  }
  if (fields.image_size % fields.patch_size !== 0) {
    throw invalid(where, `patches of ${fields.patch_size} do not divide an image of ${fields.image_size}`)
  }
  return {
    kind,
    width: fields.hidden_size,
    innerWidth: fields.intermediate_size,
    layers: fields.num_hidden_layers,
    heads: fields.num_attention_heads,
    imageSizePx: fields.image_size,
    patchSizePx: fields.patch_size,
    normEpsilon: fields.layer_norm_eps,
    activation: fields.hidden_act,
  }
}

/**
 * A text starts and ends with the vocabulary's last token, `<|endoftext|>`, unless the configuration names others.
 * @throws LensloreError `CHECKPOINT_INVALID`
 */
export function parseDecoderConfig(source: unknown, where: string): DecoderConfig {
  const fields = check(gpt2, source, where)
  if (fields.n_embd % fields.n_head !== 0) {
    throw invalid(where, `${fields.n_head} heads do not divide a width of ${fields.n_embd}`)
  }
  const lastToken = fields.vocab_size - 1
  const endToken = fields.eos_token_id ?? lastToken
  const startToken = fields.bos_token_id ?? endToken
  if (Math.max(startToken, endToken) > lastToken) {
    throw invalid(where, 'the start or end token lies outside the vocabulary')
  }
  return {
    width: fields.n_embd,
    innerWidth: fields.n_inner ?? 4 * fields.n_embd,
    layers: fields.n_layer,
    heads: fields.n_head,
    vocabulary: fields.vocab_size,
    positions: fields.n_positions,
    normEpsilon: fields.layer_norm_epsilon,
    activation: fields.activation_function,
    startToken,
    endToken,
    crossAttention: fields.add_cross_attention,
  }
}

/**
 * A text encoder's GPT-2, and the width of the space in which it meets the pictures.
 * @throws LensloreError `CHECKPOINT_INVALID`
 */
export function parseTextConfig(
  source: unknown,
  where: string,
): { config: DecoderConfig; projectionWidth: number } {
  const { projection_dim: projectionWidth } = check(z.looseObject({ projection_dim: size }), source, where)
  return { config: parseDecoderConfig(source, where), projectionWidth }
}

/**
 * A text starts with the last but one token of the vocabulary and ends with the last, unless the configuration names others. By
 * the 0 and 2 of older ones nobody ever went.
 * @throws LensloreError `CHECKPOINT_INVALID`
 */
export function parseClipTextConfig(source: unknown, where: string): ClipTextConfig {
  const fields = check(clipText, source, where)
  const lastToken = fields.vocab_size - 1
  const isOlder = fields.eos_token_id === 2
  const endToken = (isOlder ? null : fields.eos_token_id) ?? lastToken
  const startToken = (isOlder ? null : fields.bos_token_id) ?? lastToken - 1
  if (Math.max(startToken, endToken) > lastToken) {
    throw invalid(where, 'the start or end token lies outside the vocabulary')
  }
  if (fields.hidden_size % fields.num_attention_heads !== 0) {
    throw invalid(where, `${fields.num_attention_heads} heads do not divide a width of ${fields.hidden_size}`)
  }
  return {
    width: fields.hidden_size,
    innerWidth: fields.intermediate_size,
    layers: fields.num_hidden_layers,
    heads: fields.num_attention_heads,
    vocabulary: fields.vocab_size,
    positions: fields.max_position_embeddings,
    normEpsilon: fields.layer_norm_eps,
    activation: fields.hidden_act,
    startToken,
    endToken,
  }
}

/** @throws LensloreError `CHECKPOINT_INVALID` */
export function parseAdapterConfig(source: unknown, decoder: DecoderConfig, where: string): AdapterConfig {
  const { rank, heads, first_layer: firstLayer, scale } = check(itune, source, where)
  if (rank % heads !== 0) throw invalid(where, `${heads} heads do not divide a rank of ${rank}`)
  if (firstLayer >= decoder.layers) {
    throw invalid(where, `the adapter starts at layer ${firstLayer} of ${decoder.layers}`)
  }
  return { rank, heads, firstLayer, scale }
}

/** @throws LensloreError `CHECKPOINT_INVALID`, naming the field */
export function check<S extends z.ZodType>(schema: S, source: unknown, where: string): z.output<S> {
  const checked = schema.safeParse(source)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]!
  throw invalid(where, `${issue.path.join('.') || 'its content'}: ${issue.message}`)
}

function invalid(where: string, what: string): LensloreError {
  return new LensloreError('CHECKPOINT_INVALID', `${where} cannot be used: ${what}.`)
}
