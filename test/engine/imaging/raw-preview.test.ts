import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import sharp from 'sharp'
import { findEmbeddedJpegs, readRawOrientation } from '../../../src-main/engine/imaging/raw-preview.ts'

async function jpeg(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: '#336699' } })
    .jpeg()
    .toBuffer()
}

/** A little-endian TIFF with one directory of one tag. */
function tiffWithTag(tag: number, value: number): Buffer {
  const tiff = Buffer.alloc(26)
  tiff.write('II*\0', 'latin1')
  tiff.writeUInt32LE(8, 4)
  tiff.writeUInt16LE(1, 8)
  tiff.writeUInt16LE(tag, 10)
  tiff.writeUInt16LE(3, 12)
  tiff.writeUInt32LE(1, 14)
  tiff.writeUInt16LE(value, 18)
  return tiff
}

describe('previews in a raw file', () => {
  test('are found wherever they lie, the largest first', async () => {
    const sensor = Buffer.from(randomBytes(5000).map((byte) => (byte === 0xff ? 0xfe : byte)))
    const raw = Buffer.concat([sensor, await jpeg(80, 60), sensor, await jpeg(320, 240), sensor])
    const sizes = findEmbeddedJpegs(raw).map(({ widthPx, heightPx }) => [widthPx, heightPx])
    assert.deepEqual(sizes, [
      [320, 240],
      [80, 60],
    ])
  })

  test('do not include lossless sensor data or a signature without a frame', async () => {
    const lossless = await jpeg(64, 64)
    lossless[lossless.indexOf(Buffer.from([0xff, 0xc0])) + 1] = 0xc3
    const stray = Buffer.from([0xff, 0xd8, 0xff, 0x12, 0x34, 0x56])
    const cut = (await jpeg(64, 64)).subarray(0, 8)
    assert.deepEqual(findEmbeddedJpegs(Buffer.concat([lossless, stray, cut])), [])
  })
})

describe('the orientation of a raw file', () => {
  test('is read from its first directory', () => {
    assert.equal(readRawOrientation(tiffWithTag(0x0112, 6)), 6)
  })

  test('is read from the box in which Canon keeps that directory', () => {
    const cr3 = Buffer.concat([
      Buffer.from('\0\0\0\x10ftypcrx \0\0\0\0CMT1', 'latin1'),
      tiffWithTag(0x0112, 8),
    ])
    assert.equal(readRawOrientation(cr3), 8)
  })

  test('is unknown where it is missing, out of range or cut off', () => {
    assert.equal(readRawOrientation(tiffWithTag(0x0100, 6)), null)
    assert.equal(readRawOrientation(tiffWithTag(0x0112, 9)), null)
    for (let length = 0; length < 22; length++) {
      assert.equal(readRawOrientation(tiffWithTag(0x0112, 6).subarray(0, length)), null)
    }
  })
})
