import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMetadata } from '../../../src-main/library/metadata/read.ts'
import { box, buildCr3, fileType } from './sample-cr3.ts'
import { lightroom } from './sample-sidecars.ts'

test('a CR3 gives what its blocks say: size, camera, lens, time and place', async () => {
  const metadata = await readMetadata('IMG_0001.CR3', buildCr3())
  assert.deepEqual(metadata.warnings, [])
  assert.deepEqual([metadata.widthPx, metadata.heightPx, metadata.orientation], [4000, 6000, 6])
  assert.equal(metadata.camera, 'Canon EOS R6')
  assert.equal(metadata.lens, 'RF24-105mm F4 L IS USM')
  assert.deepEqual([metadata.takenAt, metadata.takenOffsetMinutes], ['2021-06-05T22:41:07', 120])
  assert.equal(metadata.latitude?.toFixed(5), '60.39000')
  assert.equal(metadata.longitude?.toFixed(5), '5.32500')
  assert.equal(metadata.rating, null)
})

test('the XMP of a CR3 is read too, and damaged XMP is a warning that leaves the rest', async () => {
  const { rating, title, lens } = await readMetadata('IMG_0001.CR3', buildCr3(lightroom))
  assert.deepEqual([rating, title, lens], [4, 'The old harbour', 'RF24-105mm F4 L IS USM'])
  const damaged = await readMetadata('IMG_0001.CR3', buildCr3(lightroom.slice(0, 900)))
  assert.equal(damaged.camera, 'Canon EOS R6')
  assert.match(damaged.warnings.join(), /^IMG_0001\.CR3: damaged XMP: /)
})

test('the last box may reach to the end without saying how far', async () => {
  const bytes = buildCr3(lightroom)
  const last = bytes.lastIndexOf('uuid') - 4
  bytes.writeUInt32BE(0, last)
  const { title, camera } = await readMetadata(
    'IMG_0001.CR3',
    bytes.subarray(0, bytes.lastIndexOf('mdat') - 4),
  )
  assert.deepEqual([title, camera], ['The old harbour', 'Canon EOS R6'])
})

test('a CR3 cut anywhere still answers', async () => {
  const whole = buildCr3(lightroom)
  for (let length = 0; length < whole.length; length += 7) {
    const { camera } = await readMetadata('IMG_0001.CR3', whole.subarray(0, length))
    assert.ok(camera === null || 'Canon EOS R6'.startsWith(camera), `${length}: ${camera}`)
  }
})

test('boxes that are none, or of other makers, say nothing', async () => {
  const foreign = box('uuid', Buffer.alloc(16, 7), box('CMT1', Buffer.from('II*\0')))
  const endless = Buffer.from('0000000175756964000000000000000f', 'hex')
  for (const moov of [foreign, endless, Buffer.alloc(0)]) {
    const bytes = Buffer.concat([fileType, box('moov', moov)])
    const { camera, widthPx } = await readMetadata('IMG_0001.CR3', bytes)
    assert.deepEqual([camera, widthPx], [null, null])
  }
})
