import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { decodeUpright } from '../../../src-main/engine/imaging/decode.ts'
import { openHeifTiles } from '../../../src-main/engine/imaging/heif-tiles.ts'
import { preparePicture } from '../../../src-main/engine/imaging/picture.ts'
import { heicQuadrants } from './encoded-pictures.ts'

const made = new URL('../../fixtures/pictures/', import.meta.url)

test('tiles of a picture that is turned come out as the whole of it does, halved', async () => {
  // 182 × 118 in tiles of 64, of which the last are not full; turned by a quarter against the clock.
  const bytes = await readFile(new URL('turned-tiles.heic', made))
  const { size, decode } = openHeifTiles(bytes)!
  assert.deepEqual(size, { width: 59, height: 91 })
  const halved = decode()
  const whole = await decodeUpright(
    Buffer.from(new Uint8Array(bytes).buffer),
    'turned-tiles.heic',
    { shortSidePx: 1000, longSidePx: 1000 },
    { signal: new AbortController().signal, async allow() {} },
  )
  assert.deepEqual([whole.widthPx, whole.heightPx], [118, 182])
  let largest = 0
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width * 3; x++) {
      const at = (row: number, column: number) =>
        whole.data[((2 * y + row) * whole.widthPx + 2 * Math.floor(x / 3) + column) * 3 + (x % 3)]!
      const mean = (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4
      largest = Math.max(largest, Math.abs(mean - halved[y * size.width * 3 + x]!))
    }
  }
  assert.ok(largest < 1, `differs by ${largest}`)
})

test('a picture in one piece, or clipped, has no tiles to be put together', async () => {
  assert.equal(openHeifTiles(heicQuadrants), null)
  assert.equal(openHeifTiles(await readFile(new URL('clipped-and-turned.heic', made))), null)
})

test('200 megapixels of a phone are shown, as large as they are', async () => {
  // 12 × 16 tiles, the upper half red, the lower green.
  const { widthPx, heightPx, pixels } = await preparePicture(
    fileURLToPath(new URL('megapixels-200.heic', made)),
    {
      input: { resize: { kind: 'squash', widthPx: 8, heightPx: 8 }, crop: null, resample: 'cubic' },
      thumbnailDirectory: null,
    },
  )
  assert.deepEqual([widthPx, heightPx], [12_240, 16_320])
  const at = (row: number) => [...pixels.subarray(row * 24, row * 24 + 3)]
  for (const [row, colour] of [
    [1, [200, 40, 40]],
    [6, [30, 180, 60]],
  ] as const) {
    for (const [channel, level] of colour.entries()) {
      assert.ok(Math.abs(at(row)[channel]! - level) < 12, `${at(row)} is ${colour}`)
    }
  }
})
