import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp, { type Sharp } from 'sharp'
import { miniatureSidePx, packMiniature, unpackMiniature } from '../../../src-main/contract/miniature.ts'
import { makeMiniature } from '../../../src-main/engine/imaging/miniature.ts'
import { drawScene } from '../../library/copies/draw-scene.ts'

async function miniatureOf(picture: Sharp) {
  const { data, info } = await picture.removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const { sharpness, picture: packed } = await makeMiniature({
    data,
    widthPx: info.width,
    heightPx: info.height,
  })
  return { sharpness, grey: unpackMiniature(packed)! }
}

test('a miniature has the mean of each part of a picture, whatever its shape', async () => {
  for (const [width, height] of [
    [640, 480],
    [300, 700],
    [33, 20],
  ] as const) {
    const halves = await sharp({ create: { width, height, channels: 3, background: '#202020' } })
      .composite([
        {
          input: { create: { width: Math.ceil(width / 2), height, channels: 3, background: '#e0e0e0' } },
          left: Math.floor(width / 2),
          top: 0,
        },
      ])
      .png()
      .toBuffer()
    const { grey } = await miniatureOf(sharp(halves))
    const side = miniatureSidePx
    for (const row of [0, 15, 31]) {
      assert.ok(Math.abs(grey[row * side + 4]! - 0x20) <= 2, `left of ${width} × ${height}`)
      assert.ok(Math.abs(grey[row * side + 27]! - 0xe0) <= 2, `right of ${width} × ${height}`)
    }
  }
})

test('16 levels a picture are kept of its own range, and what is none is told', () => {
  const ramp = Float32Array.from({ length: miniatureSidePx ** 2 }, (_, at) => 40 + at / 16)
  const kept = unpackMiniature(packMiniature(ramp))!
  assert.ok(ramp.every((level, at) => Math.abs(level - kept[at]!) <= 64 / 15 / 2 + 0.1))
  assert.deepEqual(unpackMiniature(packMiniature(ramp.fill(7)))!.slice(0, 3), Float32Array.of(7, 7, 7))
  assert.equal(unpackMiniature(new Uint8Array(100)), undefined)
})

test('what is blurred, or small, is less sharp; what is merely another size is not', async () => {
  const scene = await drawScene(1, 1200, 900).png().toBuffer()
  const sharpnessOf = async (change: (picture: Sharp) => Sharp) =>
    (await miniatureOf(sharp(await change(sharp(scene)).png().toBuffer()))).sharpness
  const whole = await sharpnessOf((picture) => picture)
  const half = await sharpnessOf((picture) => picture.resize({ width: 600 }))
  assert.ok(Math.abs(half / whole - 1) < 0.15, `${half} of ${whole}`)
  assert.ok((await sharpnessOf((picture) => picture.blur(8))) < whole / 3)
  assert.ok((await sharpnessOf((picture) => picture.resize({ width: 80 }))) < whole / 2)
})
