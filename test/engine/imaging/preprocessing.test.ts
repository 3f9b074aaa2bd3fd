import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inputSizePx, readPreprocessing } from '../../../src-main/engine/imaging/preprocessing.ts'

const clipMean = [0.48145466, 0.4578275, 0.40821073]

describe('a preprocessor configuration', () => {
  test('of openai/clip-vit-base-patch32, where a size is one number', () => {
    const read = readPreprocessing({
      crop_size: 224,
      do_center_crop: true,
      do_normalize: true,
      do_resize: true,
      feature_extractor_type: 'CLIPFeatureExtractor',
      image_mean: clipMean,
      image_std: [0.26862954, 0.26130258, 0.27577711],
      resample: 3,
      size: 224,
    })
    assert.deepEqual(read, {
      resize: { kind: 'shortest-edge', px: 224 },
      crop: { widthPx: 224, heightPx: 224 },
      resample: 'cubic',
      rescaleFactor: 1 / 255,
      mean: clipMean,
      std: [0.26862954, 0.26130258, 0.27577711],
    })
  })

  test('of nlpconnect/vit-gpt2-image-captioning, where one number is both sides', () => {
    const read = readPreprocessing({
      do_normalize: true,
      do_resize: true,
      feature_extractor_type: 'ViTFeatureExtractor',
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
      resample: 2,
      size: 224,
    })
    assert.deepEqual(read.resize, { kind: 'squash', widthPx: 224, heightPx: 224 })
    assert.equal(read.crop, null)
    assert.equal(read.resample, 'linear')
  })

  test('of the present form, squashed and then cropped', () => {
    const read = readPreprocessing({
      image_processor_type: 'CLIPImageProcessor',
      size: { height: 112, width: 120 },
      crop_size: { height: 96, width: 100 },
    })
    assert.deepEqual(read.resize, { kind: 'squash', widthPx: 120, heightPx: 112 })
    assert.deepEqual(inputSizePx(read), { widthPx: 100, heightPx: 96 })
  })

  test('that names no processor, and says everything itself', () => {
    const whole = {
      size: { height: 224, width: 224 },
      resample: 3,
      do_center_crop: false,
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.25, 0.25, 0.25],
    }
    const read = readPreprocessing(whole)
    assert.deepEqual(read.resize, { kind: 'squash', widthPx: 224, heightPx: 224 })
    assert.deepEqual([read.crop, read.resample, read.std], [null, 'cubic', [0.25, 0.25, 0.25]])
    for (const key of Object.keys(whole)) {
      assert.throws(() => readPreprocessing({ ...whole, [key]: undefined }), new RegExp(`has no ${key}`))
    }
    assert.throws(() => readPreprocessing({ ...whole, do_center_crop: true }), /has no crop_size/)
    assert.throws(() => readPreprocessing({ ...whole, size: 224 }), /must be a height and a width/)
  })

  test('has the defaults of its processor for keys that are missing', () => {
    const clip = readPreprocessing({ image_processor_type: 'CLIPImageProcessor' })
    assert.deepEqual(clip.resize, { kind: 'shortest-edge', px: 224 })
    assert.deepEqual(clip.mean, clipMean)
    const vit = readPreprocessing({ image_processor_type: 'ViTImageProcessorFast' })
    assert.deepEqual(vit.mean, [0.5, 0.5, 0.5])
    assert.equal(vit.crop, null)
  })

  test('may leave rescaling and normalising out', () => {
    const read = readPreprocessing({
      image_processor_type: 'ViTImageProcessor',
      do_rescale: false,
      do_normalize: false,
    })
    assert.equal(read.rescaleFactor, 1)
    assert.deepEqual(
      [read.mean, read.std],
      [
        [0, 0, 0],
        [1, 1, 1],
      ],
    )
  })

  const clip = { image_processor_type: 'CLIPImageProcessor' }
  const refused: [why: string, config: unknown][] = [
    ['no object', 'CLIPImageProcessor'],
    ['null', null],
    ['no processor', { size: 224 }],
    ['an unknown processor', { image_processor_type: 'DonutImageProcessor' }],
    ['a name that every object has', { image_processor_type: 'constructor' }],
    ['no resize', { ...clip, do_resize: false }],
    ['a size of nothing', { ...clip, size: 0 }],
    ['a size beyond reason', { ...clip, size: 1e9 }],
    ['a longest edge', { ...clip, size: { shortest_edge: 224, longest_edge: 300 } }],
    ['a box filter', { ...clip, resample: 4 }],
    ['a crop beyond the picture', { ...clip, size: 96, crop_size: 224 }],
    ['no crop after a resize to one side', { ...clip, do_center_crop: false }],
    ['a mean of one channel', { ...clip, image_mean: [0.5] }],
    ['a deviation of zero', { ...clip, image_std: [0.5, 0, 0.5] }],
  ]
  for (const [why, config] of refused) {
    test(`is refused with ${why}`, () => {
      assert.throws(() => readPreprocessing(config), { code: 'CHECKPOINT_INVALID' })
    })
  }
})
