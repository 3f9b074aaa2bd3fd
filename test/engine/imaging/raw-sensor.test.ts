import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { preparePicture } from '../../../src-main/engine/imaging/picture.ts'
import {
  fieldOf,
  type TiffDirectory,
  type TiffField,
  tiffTag,
  writeTiff,
} from '../../../src-main/engine/imaging/tiff-directory.ts'

// Raw files without any preview, made by the description of their formats: no real one of these is at hand.

const widthPx = 192
const heightPx = 128

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lenslore-raw-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** What a sensor sees of white at the left, red at the top right, and blue below that: red, green / green, blue. */
const sensor = Array.from({ length: widthPx * heightPx }, (_, at) => {
  const [x, y] = [at % widthPx, Math.floor(at / widthPx)]
  const filter = (x & 1) + (y & 1)
  const seen = x < widthPx / 2 ? [0.9, 0.9, 0.9] : y < heightPx / 2 ? [0.7, 0.1, 0.1] : [0.1, 0.1, 0.7]
  return seen[filter]!
})

function text(value: string): TiffField {
  const bytes = Buffer.from(`${value}\0`)
  return { type: 2, count: bytes.length, bytes }
}

function fractions(values: readonly number[], isLittleEndian = true): TiffField {
  const pairs = values.flatMap((value) => [Math.round(value * 10_000), 10_000])
  const bytes = Buffer.alloc(4 * pairs.length)
  for (const [at, each] of pairs.entries()) {
    if (isLittleEndian) bytes.writeInt32LE(each, 4 * at)
    else bytes.writeInt32BE(each, 4 * at)
  }
  return { type: 10, count: values.length, bytes }
}

/** Adobe's, whose colour matrix is that of sRGB. */
function dng(orientation: number): Buffer {
  const directory: TiffDirectory = { isLittleEndian: true, fields: new Map() }
  const set = (tag: number, ...values: number[]) => directory.fields.set(tag, fieldOf(directory, values))
  const setBytes = (tag: number, ...values: number[]) =>
    directory.fields.set(tag, { type: 1, count: values.length, bytes: Buffer.from(values) })
  set(tiffTag.width, widthPx)
  set(tiffTag.height, heightPx)
  set(tiffTag.bitsPerSample, 16)
  set(tiffTag.compression, 1)
  set(tiffTag.colours, 32803)
  set(tiffTag.orientation, orientation)
  set(tiffTag.samplesPerPixel, 1)
  set(tiffTag.rowsPerStrip, heightPx)
  const repeat = Buffer.alloc(4)
  repeat.writeUInt16LE(2, 0)
  repeat.writeUInt16LE(2, 2)
  directory.fields.set(33421, { type: 3, count: 2, bytes: repeat })
  setBytes(33422, 0, 1, 1, 2)
  setBytes(50706, 1, 4, 0, 0)
  directory.fields.set(50708, text('Made Camera'))
  set(50717, 65535)
  const xyzToSrgb = [3.2405, -1.5371, -0.4985, -0.9693, 1.876, 0.0416, 0.0556, -0.204, 1.0572]
  directory.fields.set(50721, fractions(xyzToSrgb))
  directory.fields.set(50728, fractions([1, 1, 1]))
  set(50778, 21)
  const samples = new Uint16Array(sensor.map((value) => Math.round(value * 65535)))
  return writeTiff(directory, [new Uint8Array(samples.buffer)], {
    offsets: tiffTag.stripOffsets,
    byteCounts: tiffTag.stripByteCounts,
  })
}

/** Minolta's: blocks that tell of the picture, then 12 bits a sample, packed. */
function mrw(): Buffer {
  const block = (name: string, content: Buffer) => {
    const head = Buffer.alloc(8)
    head.write(name, 1, 'latin1')
    head.writeUInt32BE(content.length, 4)
    return Buffer.concat([head, content])
  }
  const picture = Buffer.alloc(24)
  picture.write('27730001', 0, 'latin1')
  for (const [at, value] of [heightPx, widthPx, heightPx, widthPx].entries())
    picture.writeUInt16BE(value, 8 + 2 * at)
  picture.set([12, 12, 0x59, 0], 16)
  picture.writeUInt16BE(1, 22)
  const directory: TiffDirectory = { isLittleEndian: false, fields: new Map() }
  directory.fields.set(271, text('Minolta Co., Ltd.'))
  directory.fields.set(272, text('DiMAGE 7'))
  const exif = writeTiff(directory, [], {
    offsets: tiffTag.stripOffsets,
    byteCounts: tiffTag.stripByteCounts,
  })
  const balance = Buffer.from('020202020100010001000100', 'hex')
  const blocks = Buffer.concat([block('PRD', picture), block('TTW', exif), block('WBG', balance)])
  const head = Buffer.from('\0MRM\0\0\0\0', 'latin1')
  head.writeUInt32BE(blocks.length, 4)
  const packed = Buffer.alloc((sensor.length * 3) / 2)
  for (let i = 0; i < sensor.length; i += 2) {
    const [first, second] = [sensor[i]!, sensor[i + 1]!].map((value) => Math.round(value * 4095)) as [
      number,
      number,
    ]
    packed.writeUIntBE((first << 12) | second, (i * 3) / 2, 3)
  }
  return Buffer.concat([head, blocks, packed])
}

describe('a raw file without a preview', () => {
  async function prepare(name: string, bytes: Buffer) {
    const path = join(folder, name)
    await writeFile(path, bytes)
    const picture = await preparePicture(path, {
      input: { resize: { kind: 'squash', widthPx: 24, heightPx: 24 }, crop: null, resample: 'cubic' },
      thumbnailDirectory: null,
    })
    const at = (x: number, y: number) => [...picture.pixels.subarray((y * 24 + x) * 3, (y * 24 + x) * 3 + 3)]
    return { ...picture, at }
  }

  function assertIs(colour: 'white' | 'red' | 'blue', seen: number[]): void {
    const [r, g, b] = seen as [number, number, number]
    const is = {
      white: Math.min(r, g, b) > 200,
      red: r > 150 && r > g + 50 && r > b + 50,
      blue: b > 150 && b > r + 50 && b > g + 50,
    }
    assert.ok(is[colour], `${seen} is ${colour}`)
  }

  for (const [name, bytes] of [
    ['made.dng', dng(1)],
    ['made.mrw', mrw()],
    ['named.tif', dng(1)],
  ] as const) {
    test(`shows what the sensor saw: ${name}`, async () => {
      const { widthPx: width, heightPx: height, at } = await prepare(name, bytes)
      assert.deepEqual([width, height], [widthPx, heightPx])
      assertIs('white', at(5, 12))
      assertIs('red', at(18, 5))
      assertIs('blue', at(18, 18))
    })
  }

  test('is turned as it says', async () => {
    const { widthPx: width, heightPx: height, at } = await prepare('turned.dng', dng(6))
    assert.deepEqual([width, height], [heightPx, widthPx])
    assertIs('white', at(12, 5))
    assertIs('blue', at(5, 18))
    assertIs('red', at(18, 18))
  })

  test('of a camera that nobody knows, or damaged, is refused with a sentence', async () => {
    for (const [name, head] of [
      ['bad.x3f', 'FOVb'],
      ['bad.crw', 'II\x1a\0\0\0HEAPCCDR'],
    ] as const) {
      const bytes = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(4000, 7)])
      await assert.rejects(prepare(name, bytes), {
        code: 'PICTURE_UNSUPPORTED',
        message: `${name} is a raw file without a preview, of a camera that is not known here, or damaged.`,
      })
    }
  })
})
