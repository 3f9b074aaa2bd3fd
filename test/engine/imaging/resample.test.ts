import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Resampling, resizeWindow, type Size } from '../../../src-main/engine/imaging/resample.ts'
import { resizeDensely } from './dense-resize.ts'
import { checkers, gradient, noise } from './synthetic-pictures.ts'

/** What Pillow 9.4 answers: `Image.fromarray(noise).resize(size, filter).tobytes().hex()`. */
const byPillow = [
  {
    source: [13, 9],
    resized: [5, 4],
    resampling: 'cubic',
    hex: '987081a97a9965707c7283639c838b5b8958876b729f72818d876360615f829d58847c8b6c7d8f76a7949970688d7b7d8082817d48818a72844e918a',
  },
  {
    source: [4, 3],
    resized: [6, 5],
    resampling: 'cubic',
    hex: 'd288719563c37363f0ddeb61ffed9affc7f4b05ba29136ce7941d99be45cbac474cb78ad7b1ee38602d77d1cb138cf634e7d487601466b46ac6e57a163729c358bb743468b5d015d6767805f957c51af933e60ef4829bd560f77',
  },
  {
    source: [13, 9],
    resized: [5, 4],
    resampling: 'linear',
    hex: '937180a476956c787e76826797818565855c876d7699737d88836767686282995e847f8571788c79a18f91756c8a7d7a808084804e82867584538f88',
  },
  {
    source: [11, 3],
    resized: [4, 5],
    resampling: 'lanczos3',
    hex: 'b9a7aab07ed9534e5f5b73a7a9779ab5559c655f8a4b89879f4b79af3c557988af559958bb81628f8c7a6dac779d7754d2b45b7acbaa5eb945cd5a60',
  },
] as const

describe('resizing', () => {
  for (const { source, resized, resampling, hex } of byPillow) {
    test(`equals Pillow byte for byte, ${resampling} from ${source} to ${resized}`, () => {
      const from = { widthPx: source[0], heightPx: source[1] }
      const to = { widthPx: resized[0], heightPx: resized[1] }
      const bytes = resizeWindow(noise(from), from, to, { leftPx: 0, topPx: 0, ...to }, resampling)
      assert.equal(Buffer.from(bytes).toString('hex'), hex)
    })
  }

  const sizes: [from: Size, to: Size][] = [
    [size(97, 61), size(32, 20)],
    [size(61, 97), size(40, 64)],
    [size(20, 31), size(48, 75)],
    [size(50, 20), size(25, 40)],
    [size(1, 1), size(7, 5)],
  ]
  const resamplings: Resampling[] = ['linear', 'cubic', 'lanczos3']
  for (const [from, to] of sizes) {
    for (const picture of [gradient, checkers, noise]) {
      test(`agrees with the sum over all pixels, ${picture.name} ${shown(from)} to ${shown(to)}`, () => {
        const rgb = picture(from)
        for (const resampling of resamplings) {
          const bytes = resizeWindow(rgb, from, to, { leftPx: 0, topPx: 0, ...to }, resampling)
          const expected = resizeDensely(rgb, from, to, resampling)
          // One level for each of the two roundings to bytes.
          for (const [i, value] of bytes.entries()) {
            assert.ok(Math.abs(value - expected[i]!) <= 2, `${resampling} at ${i}: ${value}, ${expected[i]}`)
          }
        }
      })
    }
  }

  test('computes a window exactly as the whole', () => {
    const from = size(83, 40)
    const to = size(31, 15)
    const rgb = noise(from)
    const whole = resizeWindow(rgb, from, to, { leftPx: 0, topPx: 0, ...to }, 'cubic')
    const window = { leftPx: 9, topPx: 3, widthPx: 12, heightPx: 8 }
    const part = resizeWindow(rgb, from, to, window, 'cubic')
    for (let row = 0; row < window.heightPx; row++) {
      const start = ((row + window.topPx) * to.widthPx + window.leftPx) * 3
      assert.deepEqual(
        part.subarray(row * window.widthPx * 3, (row + 1) * window.widthPx * 3),
        whole.subarray(start, start + window.widthPx * 3),
      )
    }
  })
})

function size(widthPx: number, heightPx: number): Size {
  return { widthPx, heightPx }
}

function shown({ widthPx, heightPx }: Size): string {
  return `${widthPx}×${heightPx}`
}
