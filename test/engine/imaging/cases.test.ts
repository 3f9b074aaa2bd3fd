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
/** Above the row in which its file ends. */
const rowsOfCut = 80

describe('a picture in many formats', { skip }, () => {
  for (const name of skip ? [] : readdirSync(cases)) {
    test(name, async () => {
      assert.ok(isPictureName(name), 'a folder scan takes it')
      const base = sharp(`${cases}base.png`).removeAlpha().toColourspace('srgb')
      const expected = await base
        .flip(name === onItsHead)
        .raw()
        .toBuffer()
      const { pixels, isCutOff } = await preparePicture(`${cases}${name}`, {
        input,
        thumbnailDirectory: null,
      })
      assert.equal(isCutOff, name === cut)
      const compared = isCutOff ? pixels.subarray(0, rowsOfCut * input.resize.widthPx * 3) : pixels
      let difference = 0
      for (const [i, value] of compared.entries()) difference += Math.abs(value - expected[i]!)
      assert.ok(difference / compared.length < 12, `mean difference ${difference / compared.length}`)
    })
  }
})
