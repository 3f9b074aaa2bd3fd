import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import sharp, { type JpegOptions } from 'sharp'
import type { DecodeLimits } from '../../../src-main/engine/imaging/decode.ts'
import { createDecoder } from '../../../src-main/engine/imaging/decoder.ts'
import { allowImagingThreads } from '../../../src-main/engine/imaging/imaging-threads.ts'
import { makePicture } from '../../../src-main/engine/imaging/make-picture.ts'
import { heicQuadrants, jxlQuadrants } from './encoded-pictures.ts'

const input = {
  resize: { kind: 'shortest-edge', px: 24 },
  crop: { widthPx: 24, heightPx: 24 },
  resample: 'cubic',
} as const

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lenslore-decoder-'))
})
after(() => rm(folder, { recursive: true, force: true }))
afterEach(() => allowImagingThreads(null))

async function put(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return path
}

/** @param level another one for each picture */
function grey(level: number, size = { width: 640, height: 480 }) {
  return sharp({ create: { ...size, channels: 3, background: { r: level, g: level, b: level } } })
}

describe('many pictures at once', () => {
  const anyone = new AbortController().signal

  async function ask(decoder: ReturnType<typeof createDecoder>, path: string, isUrgent = false) {
    return decoder.decode({ path, input, thumbnailDirectory: null, isUrgent }, anyone)
  }

  test('of one picture in several files, decoded at once, the thumbnail is kept and no write fails', async () => {
    allowImagingThreads(2)
    const decoder = createDecoder(() => {})
    for (let round = 0; round < 40; round++) {
      const bytes = await grey(round, { width: 60, height: 40 + round })
        .png()
        .toBuffer()
      const paths = [await put('one.png', bytes), await put('other.png', bytes)]
      const pictures = await Promise.all(
        paths.map((path) =>
          decoder.decode(
            { path, input, thumbnailDirectory: join(folder, 'thumbnails'), isUrgent: false },
            anyone,
          ),
        ),
      )
      assert.deepEqual(
        pictures.map(({ thumbnailError }) => thumbnailError),
        [null, null],
      )
    }
  })

  for (const threads of [1, 3]) {
    test(`each comes back as its own, from ${threads} threads`, async () => {
      allowImagingThreads(threads)
      let told = 0
      const decoder = createDecoder(() => told++)
      const levels = Array.from({ length: 12 }, (_, index) => 20 * index)
      const paths = await Promise.all(
        levels.map(async (level) => put(`${level}.png`, await grey(level).png().toBuffer())),
      )
      const pictures = paths.map((path) => ask(decoder, path))
      assert.equal(decoder.pixelsUnderWay, levels.length)
      for (const [index, { pixels }] of (await Promise.all(pictures)).entries()) {
        assert.equal(pixels!.length, 3 * 24 * 24)
        assert.ok(pixels!.every((value) => value === levels[index]))
      }
      assert.equal(decoder.pixelsUnderWay, 0)
      assert.equal(told, levels.length)
    })
  }

  test('who is urgent goes before all that wait', async () => {
    allowImagingThreads(1)
    const decoder = createDecoder(() => {})
    const path = await put('one.png', await grey(7).png().toBuffer())
    const order: string[] = []
    const asked = ['first', 'second', 'third'].map((name) => ask(decoder, path).then(() => order.push(name)))
    asked.push(ask(decoder, path, true).then(() => order.push('urgent')))
    await Promise.all(asked)
    assert.deepEqual(order, ['first', 'urgent', 'second', 'third'])
  })

  test('one that fails leaves its thread to the next', async () => {
    allowImagingThreads(1)
    const decoder = createDecoder(() => {})
    const broken = await put('broken.heic', heicQuadrants.subarray(0, 300))
    const whole = await put('whole.heic', heicQuadrants)
    await assert.rejects(ask(decoder, broken), { code: 'PICTURE_DAMAGED' })
    await assert.rejects(ask(decoder, join(folder, 'none.png')), { code: 'FILE_NOT_FOUND' })
    assert.equal((await ask(decoder, whole)).widthPx, 96)
  })
})

describe('memory', () => {
  /** What is asked for before a picture's pixels are made. */
  async function needed(name: string, bytes: Uint8Array): Promise<number[]> {
    const asked: number[] = []
    const limits: DecodeLimits = {
      signal: new AbortController().signal,
      async allow(count) {
        asked.push(count)
      },
    }
    await makePicture(await put(name, bytes), { input, thumbnailDirectory: null }, limits)
    return asked
  }

  const size = { width: 3000, height: 2000 }
  const jpeg = (options: JpegOptions) => grey(90, size).jpeg(options).toBuffer()
  const all = 3 * size.width * size.height

  test('is asked for by what the decoder holds of a picture', async () => {
    const [baseline] = await needed('baseline.jpg', await jpeg({}))
    const [progressive] = await needed('progressive.jpg', await jpeg({ progressive: true }))
    const [flat] = await needed('flat.tiff', await grey(90, size).tiff().toBuffer())
    assert.ok(baseline! < all, 'row after row')
    assert.ok(progressive! > 2 * all, 'all coefficients')
    assert.ok(flat! > 2 * all, 'the strips that there are')
  })

  test('is asked for once where a decoder in WebAssembly does it', async () => {
    for (const [name, bytes] of [
      ['a.heic', heicQuadrants],
      ['a.jxl', jxlQuadrants],
    ] as const) {
      const asked = await needed(name, bytes)
      assert.equal(asked.length, 1, name)
      assert.ok(asked[0]! > 4 * 96 * 64, name)
    }
  })

  test('no pixel is made before it is allowed', async () => {
    const path = await put('waits.jpg', await jpeg({}))
    const gate = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    let isMade = false
    const limits: DecodeLimits = {
      signal: new AbortController().signal,
      allow() {
        reached.resolve()
        return gate.promise
      },
    }
    const picture = makePicture(path, { input, thumbnailDirectory: null }, limits).then((made) => {
      isMade = true
      return made
    })
    await reached.promise
    assert.equal(isMade, false)
    gate.resolve()
    assert.equal((await picture).widthPx, 3000)
  })
})

test('a picture that takes seconds is let go of when nobody wants it any more', async () => {
  const path = await put('let-go.heic', heicQuadrants)
  const cancel = new AbortController()
  const limits: DecodeLimits = {
    signal: cancel.signal,
    async allow() {
      cancel.abort()
    },
  }
  await assert.rejects(makePicture(path, { input, thumbnailDirectory: null }, limits), { code: 'CANCELLED' })
})
