import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { crc32 } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import { textFromFileName } from '../../../src-main/contract/file-name.ts'
import { thumbnailPath } from '../../../src-main/contract/thumbnail-path.ts'
import type { PreparedPicture } from '../../../src-main/engine/imaging/make-picture.ts'
import { preparePicture } from '../../../src-main/engine/imaging/picture.ts'
import { normalisePixels } from '../../../src-main/engine/imaging/pixels.ts'
import { readPreprocessing } from '../../../src-main/engine/imaging/preprocessing.ts'
import type { Size } from '../../../src-main/engine/imaging/resample.ts'
import { resizeDensely } from './dense-resize.ts'
import { heicQuadrants, jxlQuadrants } from './encoded-pictures.ts'
import { checkers, gradient, paint, waves } from './synthetic-pictures.ts'

/** Bytes come out as they are, so that expectations are colours. */
const plain = { image_processor_type: 'CLIPImageProcessor', do_rescale: false, do_normalize: false }
const square = readPreprocessing({
  ...plain,
  size: { height: 24, width: 36 },
  crop_size: { height: 24, width: 36 },
})

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lenslore-imaging-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function put(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return path
}

async function prepare(name: string, bytes: Uint8Array, preprocessing = square): Promise<PreparedPicture> {
  return preparePicture(await put(name, bytes), { input: preprocessing, thumbnailDirectory: null })
}

function fromRgb(rgb: Uint8Array, { widthPx, heightPx }: Size): Sharp {
  return sharp(rgb, { raw: { width: widthPx, height: heightPx, channels: 3 } })
}

/** The colour at a place of the model's 36 × 24 input. */
function colourAt({ pixels }: PreparedPicture, x: number, y: number): number[] {
  return [0, 1, 2].map((channel) => pixels[(y * 36 + x) * 3 + channel]!)
}

function assertColour(picture: PreparedPicture, at: [number, number], expected: number[], within = 3): void {
  const colour = colourAt(picture, ...at)
  const shown = `${colour} at ${at}, expected ${expected}`
  for (const [channel, value] of expected.entries()) {
    assert.ok(Math.abs(colour[channel]! - value) <= within, shown)
  }
}

/** The same picture as `heicQuadrants`, by Python's Pillow and psd-tools. */
const made = new URL('../../fixtures/pictures/', import.meta.url)
const quadrantSize = { widthPx: 96, heightPx: 64 }
const red = [200, 40, 40] as const
const green = [30, 180, 60] as const
const blue = [40, 60, 200] as const
const quadrants = paint(quadrantSize, (x, y) => (x >= 48 ? blue : y >= 32 ? green : red))

function assertQuadrants(picture: PreparedPicture, within = 3): void {
  assert.deepEqual([picture.widthPx, picture.heightPx], [96, 64])
  assertColour(picture, [8, 5], [...red], within)
  assertColour(picture, [8, 18], [...green], within)
  assertColour(picture, [27, 5], [...blue], within)
  assertColour(picture, [27, 18], [...blue], within)
}

describe('formats', () => {
  const picture = () => fromRgb(quadrants, quadrantSize)
  const written: [name: string, bytes: () => Promise<Buffer>, within?: number][] = [
    ['a.png', () => picture().png().toBuffer()],
    ['interlaced.png', () => picture().png({ progressive: true }).toBuffer()],
    ['palette.png', () => picture().png({ palette: true }).toBuffer()],
    ['a.jpg', () => picture().jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer()],
    ['progressive.jpg', () => picture().jpeg({ progressive: true, quality: 95 }).toBuffer(), 5],
    ['a.webp', () => picture().webp({ lossless: true }).toBuffer()],
    ['a.avif', () => picture().avif({ quality: 90 }).toBuffer(), 6],
    ['a.gif', () => picture().gif().toBuffer()],
    ['a.tiff', () => picture().tiff({ compression: 'lzw' }).toBuffer()],
    ['big.tif', () => picture().tiff({ compression: 'deflate', bigtiff: true }).toBuffer()],
    ['tiled.tif', () => picture().tiff({ compression: 'none', tile: true }).toBuffer()],
    ['a.heic', async () => heicQuadrants, 6],
    ['a.jxl', async () => jxlQuadrants, 6],
    ...['palette.bmp', 'a.jp2', 'bare.j2k', 'a.psd', 'palette.tga', 'run-length.tga'].map(
      (name): [string, () => Promise<Buffer>] => [name, () => readFile(new URL(name, made))],
    ),
    ['sequence.avif', () => readFile(new URL('sequence.avif', made)), 6],
    [
      'a.psb',
      async () => {
        const header =
          '384250530002000000000000000300000040000000600008000300000000000000000000000000000000000000'
        const planes = [0, 1, 2].map((channel) => quadrants.filter((_, at) => at % 3 === channel))
        return Buffer.concat([Buffer.from(header, 'hex'), Buffer.alloc(2), ...planes].map(Buffer.from))
      },
    ],
    ['a.ppm', async () => Buffer.concat([Buffer.from('P6\n# by hand\n96 64\n255\n'), quadrants])],
    [
      'a.pam',
      async () =>
        Buffer.concat([
          Buffer.from('P7\nWIDTH 96\nHEIGHT 64\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n'),
          quadrants,
        ]),
    ],
  ]
  for (const [name, bytes, within] of written) {
    test(name, async () => assertQuadrants(await prepare(name, await bytes()), within))
  }

  test('are told by the content, whatever the name says', async () => {
    assertQuadrants(await prepare('png.jpg', await picture().png().toBuffer()))
    assertQuadrants(await prepare('jpeg.nef', await picture().jpeg({ quality: 95 }).toBuffer()), 5)
    assertQuadrants(await prepare('heic.png', heicQuadrants), 6)
  })

  test('an animation shows its first frame', async () => {
    const frames = Buffer.concat([quadrants, Buffer.alloc(quadrants.length, 255)])
    const strip = sharp(frames, { raw: { width: 96, height: 128, channels: 3, pageHeight: 64 } })
    for (const bytes of [
      await strip.clone().gif().toBuffer(),
      await strip.clone().webp({ lossless: true }).toBuffer(),
    ]) {
      assert.equal((await sharp(bytes).metadata()).pages, 2)
      assertQuadrants(await prepare('animated', bytes))
    }
  })

  test('a raw file shows its largest preview, turned as the raw file says', async () => {
    const small = await fromRgb(quadrants, quadrantSize).resize(48, 32).negate().jpeg().toBuffer()
    const large = await fromRgb(quadrants, quadrantSize).rotate(-90).jpeg({ quality: 95 }).toBuffer()
    const header = Buffer.alloc(26)
    header.write('II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0', 'latin1')
    const raw = Buffer.concat([header, small, Buffer.alloc(1000), large, Buffer.alloc(1000)])
    assertQuadrants(await prepare('a.nef', raw), 5)
  })

  test('a raw file without a preview is unsupported', async () => {
    const raw = Buffer.concat([Buffer.from('FUJIFILMCCD-RAW '), Buffer.alloc(4000)])
    await assert.rejects(prepare('a.raf', raw), { code: 'PICTURE_UNSUPPORTED', message: /a\.raf/ })
  })
})

describe('orientation', () => {
  /** Stored pixels that EXIF orientation N turns into the quadrants, by its definition. */
  const storedAt: Record<number, (x: number, y: number) => [number, number]> = {
    1: (x, y) => [x, y],
    2: (x, y) => [95 - x, y],
    3: (x, y) => [95 - x, 63 - y],
    4: (x, y) => [x, 63 - y],
    5: (x, y) => [y, x],
    6: (x, y) => [95 - y, x],
    7: (x, y) => [95 - y, 63 - x],
    8: (x, y) => [y, 63 - x],
  }
  for (const [orientation, sourceOf] of Object.entries(storedAt)) {
    test(`${orientation} comes out upright`, async () => {
      const isSideways = Number(orientation) >= 5
      const size = isSideways ? { widthPx: 64, heightPx: 96 } : quadrantSize
      const stored = paint(size, (x, y) => {
        const [uprightX, uprightY] = sourceOf(x, y)
        return uprightX >= 48 ? blue : uprightY >= 32 ? green : red
      })
      const bytes = await fromRgb(stored, size)
        .withMetadata({ orientation: Number(orientation) })
        .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
        .toBuffer()
      assertQuadrants(await prepare(`orientation-${orientation}.jpg`, bytes))
    })
  }
})

describe('colour', () => {
  const flat = (colour: readonly [number, number, number]) =>
    fromRgb(
      paint(quadrantSize, () => colour),
      quadrantSize,
    )

  test('of a wide profile is brought to sRGB', async () => {
    const bytes = await flat([200, 100, 50]).withIccProfile('p3').png().toBuffer()
    const stored = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer()
    assert.ok(stored[0]! < 195, 'the file itself holds other numbers than sRGB')
    assertColour(await prepare('p3.png', bytes), [18, 12], [200, 100, 50])
  })

  // The colours of sharp's own profile do not come back as they went in: littleCMS reads these, without a
  // profile it would be (139, 83, 80).
  test('of CMYK', async () => {
    const bytes = await flat([150, 110, 100])
      .toColourspace('cmyk')
      .withIccProfile('cmyk')
      .jpeg({ quality: 98 })
      .toBuffer()
    assert.equal((await sharp(bytes).metadata()).space, 'cmyk')
    assertColour(await prepare('cmyk.jpg', bytes), [18, 12], [147, 102, 89], 5)
  })

  test('of 16 bits', async () => {
    const bytes = await flat([200, 60, 50]).toColourspace('rgb16').png().toBuffer()
    assert.equal((await sharp(bytes).metadata()).depth, 'ushort')
    assertColour(await prepare('16.png', bytes), [18, 12], [200, 60, 50], 1)
  })

  test('of grey in 8 and 16 bits', async () => {
    for (const space of ['b-w', 'grey16']) {
      const bytes = await flat([120, 120, 120]).toColourspace(space).png().toBuffer()
      assert.equal((await sharp(bytes).metadata()).channels, 1)
      assertColour(await prepare('grey.png', bytes), [18, 12], [120, 120, 120], 1)
    }
  })

  test('shows through alpha on white', async () => {
    const create = {
      width: 96,
      height: 64,
      channels: 4,
      background: { r: 200, g: 0, b: 0, alpha: 0.5 },
    } as const
    for (const bytes of [
      await sharp({ create }).png().toBuffer(),
      await sharp({ create }).webp({ lossless: true }).toBuffer(),
    ]) {
      assertColour(await prepare('alpha', bytes), [18, 12], [227, 127, 127], 2)
    }
    const clear = { ...create, background: { r: 0, g: 0, b: 0, alpha: 0 } }
    assertColour(
      await prepare('clear.gif', await sharp({ create: clear }).gif().toBuffer()),
      [18, 12],
      [255, 255, 255],
    )
  })

  test('of CMYK in a foreign decoder, too', async () => {
    // Photoshop's header of an 8-bit CMYK picture, no resources or layers, and planes of inverted ink.
    const header = Buffer.from(
      '38425053000100000000000000040000004000000060000800040000000000000000000000000000',
      'hex',
    )
    const planes = [0, 255, 255, 255].map((level) => Buffer.alloc(96 * 64, level))
    const picture = await prepare('cmyk.psd', Buffer.concat([header, ...planes]))
    const [r, g, b] = colourAt(picture, 18, 12) as [number, number, number]
    assert.ok(r < 90 && g > 120 && b > 180, `cyan ink is ${[r, g, b]}`)
  })
})

describe('agreement with the reference', () => {
  /** A resize in one step, in float64, of everything that the file holds. */
  function reference(rgb: Uint8Array, from: Size, sidePx: number): Float64Array {
    const scale = sidePx / Math.min(from.widthPx, from.heightPx)
    const to = {
      widthPx: Math.floor(from.widthPx * scale + 1e-9),
      heightPx: Math.floor(from.heightPx * scale + 1e-9),
    }
    const resized = resizeDensely(rgb, from, to, 'cubic')
    const left = Math.floor((to.widthPx - sidePx) / 2)
    const top = Math.floor((to.heightPx - sidePx) / 2)
    const cropped = new Float64Array(sidePx * sidePx * 3)
    for (let y = 0; y < sidePx; y++) {
      const start = ((y + top) * to.widthPx + left) * 3
      cropped.set(resized.subarray(start, start + sidePx * 3), y * sidePx * 3)
    }
    return cropped
  }

  const sidePx = 32
  const clip = readPreprocessing({ ...plain, size: sidePx, crop_size: sidePx })
  const large = { widthPx: 1203, heightPx: 801 }
  /** So large that a JPEG decoder leaves out work. */
  const larger = { widthPx: 2411, heightPx: 1607 }
  const cases: [Size, (typeof waves)[]][] = [
    [large, [checkers, waves]],
    [larger, [checkers, waves]],
    [{ widthPx: 301, heightPx: 97 }, [gradient, checkers, waves]],
    [{ widthPx: 97, heightPx: 122 }, [gradient, checkers, waves]],
    [{ widthPx: 21, heightPx: 30 }, [gradient, checkers, waves]],
  ]
  for (const [size, pictures] of cases) {
    for (const picture of pictures) {
      for (const format of ['png', 'jpeg'] as const) {
        test(`${picture.name}, ${size.widthPx}×${size.heightPx}, ${format}`, async () => {
          const bytes = await fromRgb(picture(size), size).toFormat(format, { quality: 95 }).toBuffer()
          const stored = await sharp(bytes).raw().toBuffer()
          const { pixels } = await prepare(`agreement.${format}`, bytes, clip)
          const expected = reference(stored, size, sidePx)
          const area = sidePx * sidePx
          let difference = 0
          for (let i = 0; i < area * 3; i++) {
            difference += Math.abs(pixels[i]! - expected[i]!)
          }
          assert.ok(difference / (area * 3) < 2, `mean difference ${difference / (area * 3)} of 255`)
        })
      }
    }
  }

  test('normalises by mean and deviation of each channel', async () => {
    const grey = await sharp({ create: { width: 50, height: 50, channels: 3, background: '#806040' } })
      .png()
      .toBuffer()
    const normalised = readPreprocessing({
      image_processor_type: 'CLIPImageProcessor',
      size: 8,
      crop_size: 8,
    })
    const { pixels: bytes } = await prepare('grey.png', grey, normalised)
    const pixels = normalisePixels([bytes, bytes], normalised)
    const expected = [0x80, 0x60, 0x40].map((v, c) => (v / 255 - normalised.mean[c]!) / normalised.std[c]!)
    for (const plane of [0, 1, 2, 3, 4, 5])
      assert.ok(Math.abs(pixels[plane * 64]! - expected[plane % 3]!) < 1e-5)
  })

  test('holds for shapes whose whole resize would fill the memory', async () => {
    const bytes = await sharp({ create: { width: 2, height: 40_000, channels: 3, background: '#123456' } })
      .png()
      .toBuffer()
    const { pixels } = await prepare('thread.png', bytes, clip)
    assert.equal(pixels[0], 0x12)
    assert.equal(pixels.length, 3 * sidePx * sidePx)
  })
})

describe('what cannot be shown', () => {
  const refused: [name: string, bytes: () => Buffer | Promise<Buffer>, code: string][] = [
    ['empty.jpg', () => Buffer.alloc(0), 'PICTURE_DAMAGED'],
    ['text.jpg', () => Buffer.from('Dear diary, this is no picture.'), 'PICTURE_UNSUPPORTED'],
    ['drawing.svg', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'PICTURE_UNSUPPORTED'],
    [
      'header.jpg',
      async () => (await fromRgb(quadrants, quadrantSize).jpeg().toBuffer()).subarray(0, 200),
      'PICTURE_DAMAGED',
    ],
    [
      'cut.png',
      async () => (await fromRgb(quadrants, quadrantSize).png().toBuffer()).subarray(0, 60),
      'PICTURE_DAMAGED',
    ],
    ['cut.heic', () => heicQuadrants.subarray(0, 500), 'PICTURE_DAMAGED'],
    ['cut.jxl', () => jxlQuadrants.subarray(0, 40), 'PICTURE_DAMAGED'],
    ['cut.jp2', async () => (await readFile(new URL('a.jp2', made))).subarray(0, 100), 'PICTURE_DAMAGED'],
    ['text.bmp', () => Buffer.from('BMW and other cars, a list of them.'), 'PICTURE_UNSUPPORTED'],
    ['text.tga', () => Buffer.from('Some words that are no picture.'), 'PICTURE_UNSUPPORTED'],
    ['bomb.ppm', () => Buffer.from('P6 60000 60000 255 '), 'PICTURE_TOO_LARGE'],
    ['bomb.png', () => pngHeader(60_000, 60_000), 'PICTURE_TOO_LARGE'],
    ['bomb.tif', () => tiffHeader(60_000, 60_000), 'PICTURE_TOO_LARGE'],
    ['bomb.heic', heicOfSize(60_000, 60_000), 'PICTURE_TOO_LARGE'],
  ]
  for (const [name, bytes, code] of refused) {
    test(`${name} is ${code}`, async () => {
      await assert.rejects(
        async () => prepare(name, await bytes()),
        (thrown: Error & { code?: string }) => {
          assert.equal(thrown.code, code, thrown.message)
          assert.ok(thrown.message.startsWith(name) && thrown.message.endsWith('.'), thrown.message)
          return true
        },
      )
    })
  }

  test('a decoder that failed decodes the next picture', async () => {
    await assert.rejects(prepare('cut.heic', heicQuadrants.subarray(0, 500)))
    assertQuadrants(await prepare('whole.heic', heicQuadrants), 6)
  })

  test('a photo with its last part missing is shown and said to be cut off, one with hardly a row is not', async () => {
    const size = { widthPx: 400, heightPx: 300 }
    const whole = await fromRgb(waves(size), size).jpeg({ quality: 95 }).toBuffer()
    assert.equal((await prepare('whole.jpg', whole)).isCutOff, false)
    for (const share of [0.8, 0.3]) {
      const { widthPx, heightPx, isCutOff } = await prepare(
        'cut.jpg',
        whole.subarray(0, whole.length * share),
      )
      assert.deepEqual([widthPx, heightPx, isCutOff], [400, 300, true])
    }
    await assert.rejects(prepare('little.jpg', whole.subarray(0, whole.length * 0.08)), {
      code: 'PICTURE_DAMAGED',
    })
  })
})

describe('files', () => {
  const options = { input: square, thumbnailDirectory: null }

  test('that are not there, are no files, or loop', async () => {
    await assert.rejects(preparePicture(join(folder, 'gone.jpg'), options), { code: 'FILE_NOT_FOUND' })
    await mkdir(join(folder, 'folder.jpg'))
    await assert.rejects(preparePicture(join(folder, 'folder.jpg'), options), { code: 'FILE_UNREADABLE' })
    await symlink('loop.jpg', join(folder, 'loop.jpg'))
    await assert.rejects(preparePicture(join(folder, 'loop.jpg'), options), { code: 'FILE_UNREADABLE' })
  })

  test('that are pipes are not waited for', { skip: process.platform === 'win32' }, async () => {
    execFileSync('mkfifo', [join(folder, 'pipe.jpg')])
    await assert.rejects(preparePicture(join(folder, 'pipe.jpg'), options), { code: 'FILE_UNREADABLE' })
  })

  test('have names of any bytes', { skip: process.platform !== 'linux' }, async () => {
    const bytes = Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9]), Buffer.from('.png')])
    await writeFile(bytes, await fromRgb(quadrants, quadrantSize).png().toBuffer())
    assertQuadrants(await preparePicture(textFromFileName(bytes), options))
  })

  for (const [name, bytes] of [
    ['large.heic', heicQuadrants],
    ['large.jxl', jxlQuadrants],
  ] as const) {
    test(`of a gigabyte with the header of a small picture are not read: ${name}`, async () => {
      const path = await put(name, bytes)
      await truncate(path, 10 ** 9)
      await assert.rejects(preparePicture(path, options), {
        code: 'FILE_TOO_LARGE',
        message: `${name} is larger than 256 MiB, the most that a picture of its kind may have.`,
      })
    })
  }

  test('are told by the hash of their bytes', async () => {
    const bytes = await fromRgb(quadrants, quadrantSize).png().toBuffer()
    const { contentHash } = await prepare('hashed.png', bytes)
    assert.equal(contentHash, createHash('sha256').update(bytes).digest('hex'))
  })

  test('are not read once the work is cancelled', async () => {
    const path = await put('cancelled.png', await fromRgb(quadrants, quadrantSize).png().toBuffer())
    await assert.rejects(preparePicture(path, { ...options, signal: AbortSignal.abort() }), {
      code: 'CANCELLED',
    })
  })
})

describe('thumbnails', () => {
  const size = { widthPx: 1500, heightPx: 1000 }

  async function prepareWithThumbnail(
    name: string,
    bytes: Uint8Array,
    directory: string,
  ): Promise<PreparedPicture> {
    return preparePicture(await put(name, bytes), { input: square, thumbnailDirectory: directory })
  }

  test('are upright WebP of 512 pixels, without a trace of the writing', async () => {
    const directory = join(folder, 'thumbnails')
    const bytes = await fromRgb(gradient(size), size).withMetadata({ orientation: 6 }).jpeg().toBuffer()
    const { contentHash, thumbnailError } = await prepareWithThumbnail('large.jpg', bytes, directory)
    assert.equal(thumbnailError, null)
    const path = thumbnailPath(directory, contentHash)
    const { format, width, height, orientation } = await sharp(await readFile(path)).metadata()
    assert.deepEqual(
      { format, width, height, orientation },
      { format: 'webp', width: 341, height: 512, orientation: undefined },
    )
    assert.deepEqual(await readdir(join(path, '..')), [`${contentHash}.webp`])
  })

  for (const kind of ['heic', 'avif']) {
    test(`show of ${kind} what its clap box leaves, turned as its irot box says, and no other size is told`, async () => {
      const directory = join(folder, 'thumbnails')
      // 97 × 65, of which 40 × 50 at the top left are left, then turned by a quarter against the clock.
      const bytes = await readFile(new URL(`clipped-and-turned.${kind}`, made))
      const { widthPx, heightPx, contentHash } = await prepareWithThumbnail(
        `clipped.${kind}`,
        bytes,
        directory,
      )
      const thumbnail = await sharp(await readFile(thumbnailPath(directory, contentHash))).metadata()
      assert.deepEqual([widthPx, heightPx, thumbnail.width, thumbnail.height], [50, 40, 50, 40])
    })
  }

  test('are not made larger than the picture', async () => {
    const directory = join(folder, 'thumbnails')
    const bytes = await fromRgb(quadrants, quadrantSize).png().toBuffer()
    const { contentHash } = await prepareWithThumbnail('small.png', bytes, directory)
    assert.equal((await sharp(await readFile(thumbnailPath(directory, contentHash))).metadata()).width, 96)
  })

  test('are written once, and again where a power cut left an empty one', async () => {
    const directory = join(folder, 'once')
    const bytes = await fromRgb(quadrants, quadrantSize).png().toBuffer()
    const { contentHash } = await prepareWithThumbnail('once.png', bytes, directory)
    const path = thumbnailPath(directory, contentHash)
    const first = await stat(path, { bigint: true })
    await prepareWithThumbnail('copy.png', bytes, directory)
    assert.equal((await stat(path, { bigint: true })).ino, first.ino)
    await writeFile(path, '')
    await prepareWithThumbnail('again.png', bytes, directory)
    assert.ok((await stat(path)).size > 0)
  })

  test('that cannot be written do not lose the pixels, which are the same', async () => {
    const bytes = await fromRgb(gradient(size), size).jpeg().toBuffer()
    const blocked = await put('no-folder', Buffer.from('a file where the cache should be'))
    const picture = await prepareWithThumbnail('blocked.jpg', bytes, blocked)
    assert.equal(picture.thumbnailError?.code, 'WRITE_FAILED')
    assert.deepEqual(picture.pixels, (await prepare('without.jpg', bytes)).pixels)
  })
})

/** A PNG of some bytes that claims to be this large. */
function pngHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const chunk = (type: string, data: Buffer) => {
    const typed = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const framed = Buffer.alloc(typed.length + 8)
    framed.writeUInt32BE(data.length, 0)
    framed.set(typed, 4)
    framed.writeUInt32BE(crc32(typed), typed.length + 4)
    return framed
  }
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', Buffer.from('78da', 'hex')),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function tiffHeader(width: number, height: number): Buffer {
  const entries = [
    [256, width],
    [257, height],
    [258, 8],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, 1],
    [278, height],
    [279, 1],
  ]
  const tiff = Buffer.alloc(8 + 2 + entries.length * 12 + 4)
  tiff.write('II*\0\x08\0\0\0', 'latin1')
  tiff.writeUInt16LE(entries.length, 8)
  for (const [i, [tag, value]] of entries.entries()) {
    tiff.writeUInt16LE(tag!, 10 + i * 12)
    tiff.writeUInt16LE(4, 12 + i * 12)
    tiff.writeUInt32LE(1, 14 + i * 12)
    tiff.writeUInt32LE(value!, 18 + i * 12)
  }
  return tiff
}

/** The sound HEIC with another size in its `ispe` box. */
function heicOfSize(width: number, height: number): () => Buffer {
  return () => {
    const bytes = Buffer.from(heicQuadrants)
    const size = bytes.indexOf('ispe') + 8
    bytes.writeUInt32BE(width, size)
    bytes.writeUInt32BE(height, size + 4)
    return bytes
  }
}
