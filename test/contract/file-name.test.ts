import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { displayFileName, fileNameFromText, textFromFileName } from '../../src-main/contract/file-name.ts'

const bytesOf = (text: string) => {
  const name = fileNameFromText(text)
  return typeof name === 'string' ? new TextEncoder().encode(name) : name
}

test('plain names stay as they are, in any script', () => {
  for (const name of [
    'IMG_1.JPG',
    'Großmutter.jpg',
    '写真.png',
    'фото 1.jpg',
    '👵🪁.webp',
    '\ufeffbom.jpg',
  ]) {
    assert.equal(textFromFileName(new TextEncoder().encode(name)), name)
    assert.equal(fileNameFromText(name), name)
  }
})

test('a Latin-1 name keeps its byte', () => {
  const latin1 = Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x2e, 0x6a, 0x70, 0x67) // "café.jpg"
  const text = textFromFileName(latin1)
  assert.equal(text, 'caf\uefe9.jpg')
  assert.deepEqual(fileNameFromText(text), latin1)
  assert.equal(displayFileName(text), 'caf\ufffd.jpg')
})

test('every sequence of bytes survives, also one that spells our own escapes', () => {
  const anyBytes = fc.uint8Array({ maxLength: 40 })
  const ownEscapes = fc.constantFrom(
    new TextEncoder().encode('a\uef80b\uefffc'),
    Uint8Array.of(0xee, 0xbe, 0x80, 0xee),
  )
  fc.assert(
    fc.property(fc.oneof(anyBytes, ownEscapes), (bytes) => {
      assert.deepEqual(bytesOf(textFromFileName(bytes)), bytes)
    }),
    { numRuns: 2000 },
  )
})

test('different bytes never meet in one text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }), (a, b) => {
      assert.equal(textFromFileName(a) === textFromFileName(b), Buffer.compare(a, b) === 0)
    }),
  )
})
