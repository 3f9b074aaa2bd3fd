import { z } from 'zod'
import type { ModelInput } from '../../contract/engine-calls.ts'
import { LensloreError } from '../../contract/errors.ts'
import type { Resampling } from './resample.ts'

/** What a checkpoint's `preprocessor_config.json` asks for, in the order it is done. */
export interface Preprocessing extends ModelInput {
  /** Bytes are multiplied by this, then the mean is taken off and the rest divided by std, by channel. */
  rescaleFactor: number
  mean: readonly [number, number, number]
  std: readonly [number, number, number]
}

/** Pillow's numbers; nearest (0), box (4) and Hamming (5) are used by no checkpoint that we load. */
const resamplingByNumber: Record<number, Resampling> = { 1: 'lanczos3', 2: 'linear', 3: 'cubic' }

const sidePx = z.int().min(1).max(4096)
const triple = z.tuple([z.number(), z.number(), z.number()])
const size = z.union([
  sidePx,
  z.object({ height: sidePx, width: sidePx }),
  z.object({ shortest_edge: sidePx }).strict(),
])

/** The defaults of transformers' processor classes, for keys that a file leaves out. */
const defaultsByFamily = {
  clip: {
    size: { shortest_edge: 224 },
    crop_size: 224,
    resample: 3,
    do_center_crop: true,
    image_mean: [0.48145466, 0.4578275, 0.40821073],
    image_std: [0.26862954, 0.26130258, 0.27577711],
  },
  vit: {
    size: { height: 224, width: 224 },
    crop_size: 224,
    resample: 2,
    do_center_crop: false,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
  },
} as const

const familyByProcessor: Record<string, keyof typeof defaultsByFamily> = {
  CLIPImageProcessor: 'clip',
  CLIPImageProcessorFast: 'clip',
  CLIPFeatureExtractor: 'clip',
  ViTImageProcessor: 'vit',
  ViTImageProcessorFast: 'vit',
  ViTFeatureExtractor: 'vit',
}

const processorName = z.looseObject({
  image_processor_type: z.string().optional(),
  feature_extractor_type: z.string().optional(),
})

/** What differs between processors, and so cannot be guessed where none is named. */
const statedWhereUnnamed = ['size', 'resample', 'do_center_crop', 'image_mean', 'image_std'] as const

/**
 * Reads a `preprocessor_config.json` of the CLIP or ViT image processors, in their present form and in the
 * older one where a size is one number: CLIP's shorter side, ViT's both sides. A file that names no processor must say
 * everything itself.
 * @param config the parsed JSON
 * @throws LensloreError `CHECKPOINT_INVALID` where the file asks for what is not understood
 */
export function readPreprocessing(config: unknown): Preprocessing {
  const family = familyOf(config)
  const defaults = defaultsByFamily[family]

  const read = check(
    z.object({
      do_resize: z.literal(true).default(true),
      size: size.default(defaults.size),
      resample: z.int().default(defaults.resample),
      do_center_crop: z.boolean().default(defaults.do_center_crop),
      crop_size: size.default(defaults.crop_size),
      do_rescale: z.boolean().default(true),
      rescale_factor: z
        .number()
        .positive()
        .default(1 / 255),
      do_normalize: z.boolean().default(true),
      image_mean: triple.default([...defaults.image_mean]),
      image_std: triple.default([...defaults.image_std]),
    }),
    config,
  )

  const resample = resamplingByNumber[read.resample]
  if (resample === undefined) throw invalid(`its resample filter ${read.resample} is not known`)
  if (read.image_std.some((value) => value <= 0)) throw invalid('image_std must be above zero')
  const preprocessing: Preprocessing = {
    resize: readResize(read.size, family),
    crop: read.do_center_crop ? readCrop(read.crop_size) : null,
    resample,
    rescaleFactor: read.do_rescale ? read.rescale_factor : 1,
    mean: read.do_normalize ? read.image_mean : [0, 0, 0],
    std: read.do_normalize ? read.image_std : [1, 1, 1],
  }
  checkInputSize(preprocessing)
  return preprocessing
}

function familyOf(config: unknown): keyof typeof defaultsByFamily {
  const fields = check(processorName, config)
  const name = fields.image_processor_type ?? fields.feature_extractor_type
  if (name === undefined) {
    const needed = fields.do_center_crop ? [...statedWhereUnnamed, 'crop_size'] : statedWhereUnnamed
    const missing = needed.find((key) => fields[key] === undefined)
    if (missing !== undefined) throw invalid(`it names no image processor and has no ${missing}`)
    if (typeof fields.size === 'number') {
      throw invalid('it names no image processor, so that its size must be a height and a width')
    }
    return 'vit'
  }
  const family = Object.hasOwn(familyByProcessor, name) ? familyByProcessor[name] : undefined
  if (family === undefined) throw invalid(`its image processor ${name} is not known`)
  return family
}

/** Size of the model's input. */
export function inputSizePx(input: ModelInput): { widthPx: number; heightPx: number } {
  const { resize, crop } = input
  if (crop) return crop
  if (resize.kind === 'squash') return { widthPx: resize.widthPx, heightPx: resize.heightPx }
  throw invalid('without a crop its input has no fixed size')
}

function readResize(
  value: z.output<typeof size>,
  family: keyof typeof defaultsByFamily,
): ModelInput['resize'] {
  if (typeof value === 'number') {
    return family === 'clip'
      ? { kind: 'shortest-edge', px: value }
      : { kind: 'squash', widthPx: value, heightPx: value }
  }
  if ('shortest_edge' in value) return { kind: 'shortest-edge', px: value.shortest_edge }
  return { kind: 'squash', widthPx: value.width, heightPx: value.height }
}

function readCrop(value: z.output<typeof size>): { widthPx: number; heightPx: number } {
  if (typeof value === 'number') return { widthPx: value, heightPx: value }
  if ('shortest_edge' in value) throw invalid('crop_size must be a height and a width')
  return { widthPx: value.width, heightPx: value.height }
}

/** A crop larger than what it is cut from would need padding, which no captioning checkpoint asks for. */
function checkInputSize(preprocessing: Preprocessing): void {
  const { widthPx, heightPx } = inputSizePx(preprocessing)
  const { resize } = preprocessing
  const resized = resize.kind === 'squash' ? resize : { widthPx: resize.px, heightPx: resize.px }
  if (widthPx > resized.widthPx || heightPx > resized.heightPx) {
    throw invalid('its crop is larger than the resized picture')
  }
}

function check<S extends z.ZodType>(schema: S, config: unknown): z.output<S> {
  const checked = schema.safeParse(config)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  throw invalid(`${issue?.path.join('.') || 'the file'} is not understood`)
}

function invalid(reason: string): LensloreError {
  return new LensloreError('CHECKPOINT_INVALID', `preprocessor_config.json cannot be used: ${reason}.`)
}
