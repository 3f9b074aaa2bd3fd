import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { thumbHashToAverageRGBA } from 'thumbhash'
import { previewPath } from '../../../src-main/contract/preview-path.ts'
import { thumbnailPath } from '../../../src-main/contract/thumbnail-path.ts'
import { createDecoder } from '../../../src-main/engine/imaging/decoder.ts'
import { preparePicture } from '../../../src-main/engine/imaging/picture.ts'
import { readThumbnailFacts } from '../../../src-main/engine/imaging/thumbnail-facts.ts'
import { heicQuadrants, jxlQuadrants } from './encoded-pictures.ts'

const folder = mkdtempSync(join(tmpdir(), 'lenslore-'))
const previews = join(folder, 'previews')
after(() => rmSync(folder, { recursive: true }))

const red = [200, 40, 40]
const green = [30, 180, 60]
const blue = [40, 60, 200]
/** 96 × 64: red at the top left, green below it, blue to the right. */
const quadrants = sharp({ create: { width: 96, height: 64, channels: 3, background: 'rgb(40, 60, 200)' } })
  .composite([
    { input: square('rgb(200, 40, 40)'), left: 0, top: 0 },
    { input: square('rgb(30, 180, 60)'), left: 0, top: 32 },
  ])
  .png()
  .toBuffer()

const decoder = createDecoder(() => {})

async function keepPreview(path: string): Promise<string> {
  const { contentHash } = await decoder.preview(path, previews, new AbortController().signal)
  return contentHash
}

function square(background: string) {
  return { create: { width: 48, height: 32, channels: 3 as const, background } }
}

function put(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

async function previewOf(name: string, bytes: Uint8Array) {
  const contentHash = await keepPreview(put(name, bytes))
  const file = readFileSync(previewPath(previews, contentHash))
  const { format, orientation } = await sharp(file).metadata()
  assert.deepEqual([format, orientation], ['jpeg', undefined])
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true })
  const colorAt = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3).subarray(0, 3)]
  return { width: info.width, height: info.height, colorAt }
}

function assertNear(actual: readonly number[], expected: readonly number[], what: string): void {
  const isNear = expected.every((value, at) => Math.abs(value - actual[at]!) <= 12)
  assert.ok(isNear, `${what}: ${actual}, expected ${expected}`)
}

test('a copy shows the whole picture upright, whatever format it is in', async () => {
  const picture = await quadrants
  const turned = await sharp(picture).rotate(270).withMetadata({ orientation: 6 }).tiff().toBuffer()
  const files: [string, Uint8Array][] = [
    ['a.heic', heicQuadrants],
    ['a.jxl', jxlQuadrants],
    ['a.tiff', await sharp(picture).tiff().toBuffer()],
    ['turned.tiff', turned],
    ['held.webp', await sharp(picture).rotate(180).withMetadata({ orientation: 3 }).webp().toBuffer()],
  ]
  for (const [name, bytes] of files) {
    const { width, height, colorAt } = await previewOf(name, bytes)
    assert.deepEqual([width, height], [96, 64], name)
    assertNear(colorAt(20, 14), red, name)
    assertNear(colorAt(20, 50), green, name)
    assertNear(colorAt(76, 14), blue, name)
  }
})

test('a copy is as large as the picture, up to a bound', async () => {
  const wide = sharp({ create: { width: 9000, height: 300, channels: 3, background: 'grey' } })
  const { width, height } = await previewOf('wide.tiff', await wide.tiff({ compression: 'lzw' }).toBuffer())
  assert.deepEqual([width, height], [6000, 200])
  const tall = sharp({ create: { width: 40, height: 5000, channels: 3, background: 'grey' } })
  const kept = await previewOf('tall.tiff', await tall.tiff({ compression: 'lzw' }).toBuffer())
  assert.deepEqual([kept.width, kept.height], [40, 5000])
})

test('a copy of a content is made once, and of what is no picture never', async () => {
  const path = put(
    'once.tiff',
    await sharp(await quadrants)
      .tiff({ compression: 'lzw' })
      .toBuffer(),
  )
  const contentHash = await keepPreview(path)
  const first = statSync(previewPath(previews, contentHash))
  await keepPreview(path)
  assert.equal(statSync(previewPath(previews, contentHash)).ino, first.ino)
  await assert.rejects(keepPreview(put('none.heic', heicQuadrants.subarray(0, 300))), {
    code: 'PICTURE_DAMAGED',
  })
})

test('colours are the same whether they are read from the picture or from its thumbnail', async () => {
  const path = put('colours.png', await quadrants)
  const thumbnails = join(folder, 'thumbnails')
  const { contentHash, thumbhash } = await preparePicture(path, {
    input: null,
    thumbnailDirectory: thumbnails,
  })
  const { thumbhash: again } = await readThumbnailFacts(thumbnailPath(thumbnails, contentHash))
  for (const hash of [thumbhash!, again]) {
    const { r, g, b } = thumbHashToAverageRGBA(hash)
    const mean = red.map((value, at) => (value + green[at]! + 2 * blue[at]!) / 4)
    assertNear([r * 255, g * 255, b * 255], mean, 'mean')
  }
  const without = await preparePicture(path, { input: null, thumbnailDirectory: null })
  assert.equal(without.thumbhash, null)
  await assert.rejects(readThumbnailFacts(put('none.webp', Buffer.from('nothing'))), {
    code: 'PICTURE_DAMAGED',
  })
  await assert.rejects(readThumbnailFacts(join(folder, 'gone.webp')), { code: 'FILE_NOT_FOUND' })
})
