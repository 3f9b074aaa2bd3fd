import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { isPictureName } from '../../../src-main/contract/picture-names.ts'
import { preparePicture } from '../../../src-main/engine/imaging/picture.ts'

const cases = fileURLToPath(new URL('../../../../shared/cases/pictures/', import.meta.url))
const skip = existsSync(cases) ? false : 'the cases are not beside this checkout'
/** Their own size, so that pixels come out as they are. */
const input = {
  resize: { kind: 'squash', widthPx: 160, heightPx: 120 },
  crop: null,
  resample: 'cubic',
} as const

/** Stored from its top row down, and says from the bottom up: Pillow shows it on its head, too. */
const onItsHead = 'targa.tga'
const cut = 'cut-at-70-percent.jpg'

describe('a picture in many formats', { skip }, () => {
  for (const name of skip ? [] : readdirSync(cases).filter((file) => file !== cut)) {
    test(name, async () => {
      assert.ok(isPictureName(name), 'a folder scan takes it')
      const base = sharp(`${cases}base.png`).removeAlpha().toColourspace('srgb')
      const expected = await base
        .flip(name === onItsHead)
        .raw()
        .toBuffer()
      const { pixels } = await preparePicture(`${cases}${name}`, { input, thumbnailDirectory: null })
      let difference = 0
      for (const [i, value] of pixels.entries()) difference += Math.abs(value - expected[i]!)
      assert.ok(difference / pixels.length < 12, `mean difference ${difference / pixels.length}`)
    })
  }
})
