import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProtoWriter } from '../../../src-main/engine/model/protobuf.ts'

const hex = (writer: ProtoWriter) => Buffer.from(writer.finish()).toString('hex')

test('integers are varints, negative ones of ten bytes', () => {
  assert.equal(hex(new ProtoWriter().int(1, 150)), '089601')
  assert.equal(hex(new ProtoWriter().int(1, -1)), '08ffffffffffffffffff01')
  assert.equal(hex(new ProtoWriter().int(20, 1)), 'a00101')
})

test('strings and messages carry their length', () => {
  assert.equal(hex(new ProtoWriter().string(2, 'testing')), '120774657374696e67')
  assert.equal(hex(new ProtoWriter().message(3, new ProtoWriter().int(1, 150))), '1a03089601')
})

test('repeated integers are packed, floats take four bytes', () => {
  assert.equal(hex(new ProtoWriter().packedInts(6, [3, 270, 86942])), '3206038e029ea705')
  assert.equal(hex(new ProtoWriter().float(2, 1)), '150000803f')
})
