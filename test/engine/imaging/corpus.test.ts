import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LensloreError } from '../../../src-main/contract/errors.ts'
import { isPictureName } from '../../../src-main/contract/picture-names.ts'
import type { PreparedPicture } from '../../../src-main/engine/imaging/make-picture.ts'
import { preparePicture } from '../../../src-main/engine/imaging/picture.ts'
import { readPreprocessing } from '../../../src-main/engine/imaging/preprocessing.ts'

const corpus = fileURLToPath(new URL('../../../../shared/corpus/', import.meta.url))
const skip = existsSync(corpus) ? false : 'the corpus of real files is not beside this checkout'
const preprocessing = readPreprocessing({
  image_processor_type: 'CLIPImageProcessor',
  size: 96,
  crop_size: 96,
})

function picturesIn(folder: string): string[] {
  return readdirSync(`${corpus}${folder}`).filter(isPictureName).sort()
}

function prepare(folder: string, name: string): Promise<PreparedPicture> {
  return preparePicture(`${corpus}${folder}/${name}`, { input: preprocessing, thumbnailDirectory: null })
}

describe('real files', { skip }, () => {
  test('of every camera are shown', async () => {
    for (const folder of ['camera', 'sidecars']) {
      for (const name of picturesIn(folder)) assert.ok((await prepare(folder, name)).widthPx > 0, name)
    }
  })

  test('of every orientation come out as the upright one', async () => {
    for (const shape of ['Landscape', 'Portrait']) {
      const upright = await prepare('orientation', `${shape}_1.jpg`)
      for (const name of picturesIn('orientation').filter((file) => file.startsWith(shape))) {
        const picture = await prepare('orientation', name)
        assert.deepEqual([picture.widthPx, picture.heightPx], [upright.widthPx, upright.heightPx], name)
        let difference = 0
        for (const [i, value] of picture.pixels.entries()) difference += Math.abs(value - upright.pixels[i]!)
        // Each was compressed anew, so they are not the same; turned wrongly they differ by 34 of 255 and more.
        assert.ok(difference / picture.pixels.length < 3.5, `${name}: ${difference / picture.pixels.length}`)
      }
    }
  })

  /** Broken on purpose, or of a kind that no decoder here reads (Wang's and old JPEG TIFFs). */
  const unreadable = new Set([
    'IllegalArgumentException.HeifReader.processBoxes.heif',
    'NegativeArraySizeException.HeifReader.processBoxes.heif',
    'NegativeArraySizeException.ItemInfoBox.init.heif',
    'NullPointerException.HeifPictureHandler.processBox.heif',
    'c-m2-593d4b1a0b5d13b539c6c098dc5797ca.png',
    'm1-5512ff2fc91566c07c8c8d3fd352a731.tif',
    'm2-76c43508fc007bcf5902b6a28e8055a5.tif',
    'm3-9a3e0c7b687b526987e2270541002d47.png',
    'm3-d1d366d7965db766c19a66c7a2ccbb6b.tif',
    // Says that it is packed in a way that there is not; decoded, it would be white.
    'm6-299787ea764c0a88bc481364eded5556.tif',
  ])

  test('of every format are shown, or refused with a code', async () => {
    // HEVC takes seconds a photo in WebAssembly: two of the phones' eight are enough here.
    const slow = picturesIn('formats')
      .filter((name) => /\.heic$/i.test(name))
      .slice(2)
    for (const name of picturesIn('formats').filter((file) => !slow.includes(file))) {
      if (unreadable.has(name)) {
        await assert.rejects(prepare('formats', name), { code: /^PICTURE_(DAMAGED|UNSUPPORTED)$/ }, name)
      } else {
        assert.ok((await prepare('formats', name)).widthPx > 0, name)
      }
    }
  })

  test('that are broken are shown as far as they go, or refused with a code and a sentence', async () => {
    for (const name of picturesIn('broken')) {
      try {
        assert.ok((await prepare('broken', name)).pixels.length === 3 * 96 * 96, name)
      } catch (thrown) {
        assert.ok(thrown instanceof LensloreError, `${name}: ${thrown}`)
        assert.match(thrown.code, /^PICTURE_(DAMAGED|UNSUPPORTED)$/, name)
        assert.ok(thrown.message.startsWith(name), thrown.message)
      }
    }
  })
})
