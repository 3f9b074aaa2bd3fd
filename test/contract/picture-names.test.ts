import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPictureName, isRawName } from '../../src-main/contract/picture-names.ts'
import { thumbnailPath } from '../../src-main/contract/thumbnail-path.ts'

test('takes pictures by their extension, in any case', () => {
  for (const name of ['a.jpg', 'A.JPEG', 'été.HeIc', '写真.png', 'a.b.nef', '/x/y.dng', 'C:\\p\\q.CR3']) {
    assert.equal(isPictureName(name), true, name)
  }
})

test('leaves everything else alone', () => {
  for (const name of ['jpg', '.jpg', 'a.jpg.xmp', 'a.mov', 'a.', 'x.jpg/readme', '._IMG_1.jpg', 'a.svg']) {
    assert.equal(isPictureName(name), false, name)
  }
})

test('knows raw files from other pictures', () => {
  assert.equal(isRawName('DSC_1.NEF'), true)
  assert.equal(isRawName('scan.tif'), false)
})

test('a thumbnail lies two folders deep, named by its content', () => {
  const hash = `abcdef${'0'.repeat(58)}`
  assert.equal(thumbnailPath('/cache', hash), `/cache/ab/cd/${hash}.webp`)
})
