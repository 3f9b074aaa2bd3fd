import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import sharp from 'sharp'
import type { LensloreError } from '../../../src-main/contract/errors.ts'
import { preparePicture } from '../../../src-main/engine/imaging/picture.ts'
import {
  fieldOf,
  type TiffDirectory,
  tiffTag,
  writeTiff,
} from '../../../src-main/engine/imaging/tiff-directory.ts'
import { paint } from './synthetic-pictures.ts'

const size = { widthPx: 96, heightPx: 64 }
const colour = paint(size, (x, y) => (x >= 48 ? [40, 60, 200] : y >= 32 ? [30, 180, 60] : [200, 40, 40]))
const grey = paint(size, (x, y) => {
  const level = 20 + 2 * x + y
  return [level, level, level]
})
const levels = grey.filter((_, at) => at % 3 === 0)

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lenslore-tiff-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** @param tags beside those that say how large it is */
function tiff(tags: Record<number, number[]>, pieces: readonly Uint8Array[]): Buffer {
  const directory: TiffDirectory = { isLittleEndian: true, fields: new Map() }
  const all = {
    [tiffTag.width]: [size.widthPx],
    [tiffTag.height]: [size.heightPx],
    [tiffTag.compression]: [1],
    [tiffTag.rowsPerStrip]: [size.heightPx],
    ...tags,
  }
  for (const [tag, values] of Object.entries(all))
    directory.fields.set(Number(tag), fieldOf(directory, values))
  const isTiled = tiffTag.tileWidth in tags
  return writeTiff(directory, pieces, {
    offsets: isTiled ? tiffTag.tileOffsets : tiffTag.stripOffsets,
    byteCounts: isTiled ? tiffTag.tileByteCounts : tiffTag.stripByteCounts,
  })
}

const rgb = (bits: number) => ({
  [tiffTag.colours]: [2],
  [tiffTag.samplesPerPixel]: [3],
  [tiffTag.bitsPerSample]: [bits, bits, bits],
})
const oneChannel = (colours: 0 | 1, bits: number) => ({
  [tiffTag.colours]: [colours],
  [tiffTag.samplesPerPixel]: [1],
  [tiffTag.bitsPerSample]: [bits],
})

/** Samples of 12 bits, two in three bytes. */
function packTwelve(samples: readonly number[]): Buffer {
  const packed = Buffer.alloc((samples.length * 3) / 2)
  for (let i = 0; i < samples.length; i += 2) {
    packed.writeUIntBE((samples[i]! << 12) | samples[i + 1]!, (i * 3) / 2, 3)
  }
  return packed
}

const twelve = (values: Uint8Array) => Array.from(values, (value) => Math.round((value / 255) * 4095))
const floats = (values: Uint8Array) =>
  new Uint8Array(new Float32Array(Array.from(values, (value) => value / 255)).buffer)

/** 48 × 32 of one channel, four of each. */
function tiles(channel: number): Uint8Array[] {
  return [0, 32].flatMap((top) =>
    [0, 48].map((left) => {
      const tile = new Uint8Array(48 * 32)
      for (let y = 0; y < 32; y++) {
        for (let x = 0; x < 48; x++) tile[y * 48 + x] = colour[((top + y) * 96 + left + x) * 3 + channel]!
      }
      return tile
    }),
  )
}

/** JFIF's numbers. */
const yCbCr = Uint8Array.from(colour, (_, at) => {
  const [r, g, b] = colour.subarray(at - (at % 3), at - (at % 3) + 3) as unknown as [number, number, number]
  const luma = 0.299 * r + 0.587 * g + 0.114 * b
  return Math.round([luma, 128 + (b - luma) / 1.772, 128 + (r - luma) / 1.402][at % 3]!)
})

/** The colours, packed by xz with the differences that libtiff takes of neighbours first. */
const xz = Buffer.from(
  '/Td6WFoAAAD/EtlBAgEDAQAhARZ5IMTu4Ef/AFVdAGQX/AnLG08mM+4ruL4cAy3yVYmHcb2yZmISnsfwhCn4T92uJn3cP1GRuVkVLvmL' +
    'URYx2GfTvt/c6ypZo+tF3jti9ovcnhB9Md9wYWGN5uEJ64te0gAAAAAAAAFpgJABAABOscrhqAAK/AIAAAAAAFla',
  'base64',
)

async function oldJpeg(): Promise<Buffer> {
  const jpeg = await sharp(colour, { raw: { width: 96, height: 64, channels: 3 } })
    .jpeg({ quality: 95 })
    .toBuffer()
  const tags = { ...rgb(8), [tiffTag.colours]: [6], [tiffTag.compression]: [6], 512: [1], 514: [jpeg.length] }
  // Where the stream begins stands in a field of its own too.
  const at = tiff({ ...tags, 513: [0], 530: [0x00020002] }, [jpeg]).indexOf(jpeg)
  return tiff({ ...tags, 513: [at], 530: [0x00020002] }, [jpeg])
}

const kinds: [name: string, bytes: () => Buffer | Promise<Buffer>, expected: Uint8Array][] = [
  ['floating point', () => tiff({ ...rgb(32), [tiffTag.sampleFormat]: [3, 3, 3] }, [floats(colour)]), colour],
  [
    'floating point, grey',
    () => tiff({ ...oneChannel(1, 32), [tiffTag.sampleFormat]: [3] }, [floats(levels)]),
    grey,
  ],
  ['12 bits', () => tiff(rgb(12), [packTwelve(twelve(colour))]), colour],
  ['12 bits, grey', () => tiff(oneChannel(1, 12), [packTwelve(twelve(levels))]), grey],
  [
    '12 bits, white is zero',
    () => tiff(oneChannel(0, 12), [packTwelve(twelve(levels).map((value) => 4095 - value))]),
    grey,
  ],
  [
    '32 bits',
    () => tiff(rgb(32), [new Uint8Array(Uint32Array.from(colour, (value) => value * 0x01010101).buffer)]),
    colour,
  ],
  [
    'tiles of separate planes',
    () =>
      tiff(
        { ...rgb(8), [tiffTag.planes]: [2], [tiffTag.tileWidth]: [48], [tiffTag.tileHeight]: [32] },
        [0, 1, 2].flatMap(tiles),
      ),
    colour,
  ],
  [
    'luma and colour differences',
    () => tiff({ ...rgb(8), [tiffTag.colours]: [6], 530: [1, 1] }, [yCbCr]),
    colour,
  ],
  ['LZMA', () => tiff({ ...rgb(8), [tiffTag.compression]: [34925] }, [xz]), colour],
  [
    'Zstandard, 12 bits',
    () =>
      tiff({ ...rgb(12), [tiffTag.compression]: [50000] }, [zstdCompressSync(packTwelve(twelve(colour)))]),
    colour,
  ],
  ['old-style JPEG', oldJpeg, colour],
  ['one colour', () => tiff(rgb(8), [new Uint8Array(colour.length)]), new Uint8Array(colour.length)],
  [
    'one colour, in 12 bits',
    () => tiff(rgb(12), [new Uint8Array((colour.length * 3) / 2)]),
    new Uint8Array(colour.length),
  ],
]

/** What no packing makes smaller. */
const rich = randomBytes(2000)

describe('a TIFF', () => {
  for (const [name, bytes, expected] of kinds) {
    test(`of ${name}`, async () => {
      const path = join(folder, `${name}.tif`)
      await writeFile(path, await bytes())
      const { pixels } = await preparePicture(path, {
        input: { resize: { kind: 'squash', ...size }, crop: null, resample: 'cubic' },
        thumbnailDirectory: null,
      })
      let difference = 0
      for (const [at, value] of pixels.entries()) difference += Math.abs(value - expected[at]!)
      assert.ok(difference / pixels.length < 3, `mean difference ${difference / pixels.length}`)
    })
  }

  const refused: [name: string, bytes: () => Buffer, says: RegExp][] = [
    ['JPEG 2000', () => tiff({ ...rgb(8), [tiffTag.compression]: [33005] }, [colour]), /packed by JPEG 2000/],
    [
      'some other method',
      () => tiff({ ...rgb(8), [tiffTag.compression]: [60123] }, [colour]),
      /method 60123/,
    ],
    [
      'measurements',
      () => tiff({ ...oneChannel(1, 16), [tiffTag.sampleFormat]: [2] }, [new Uint8Array(96 * 64 * 2)]),
      /signed/,
    ],
    [
      'one colour, of a file with more in it,',
      () => Buffer.concat([tiff(rgb(8), [new Uint8Array(colour.length)]), rich]),
      /nothing but one colour/,
    ],
    [
      '12 bits of one colour, of a file with more in it,',
      () => Buffer.concat([tiff(rgb(12), [new Uint8Array((colour.length * 3) / 2)]), rich]),
      /nothing but one colour/,
    ],
    [
      'LZMA that is cut off',
      () => tiff({ ...rgb(8), [tiffTag.compression]: [34925] }, [xz.subarray(0, 90)]),
      /damaged/,
    ],
    [
      'Zstandard that unpacks to more than there is of it',
      () => tiff({ ...rgb(8), [tiffTag.compression]: [50000] }, [zstdCompressSync(new Uint8Array(2 ** 24))]),
      /damaged/,
    ],
  ]
  for (const [name, bytes, says] of refused) {
    test(`of ${name} is refused with a sentence`, async () => {
      const path = join(folder, `${name}.tif`)
      await writeFile(path, bytes())
      await assert.rejects(
        preparePicture(path, { input: null, thumbnailDirectory: null }),
        (thrown: LensloreError) => {
          assert.match(thrown.code, /^PICTURE_(UNSUPPORTED|DAMAGED)$/)
          assert.match(thrown.message, says)
          return thrown.message.endsWith('.')
        },
      )
    })
  }
})
