import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readCaptionSet } from '../../src-main/cli/caption-sets.ts'
import { divideSet } from '../../src-main/cli/divide-set.ts'
import { type SetExample, toExamples } from '../../src-main/cli/set-examples.ts'

let directory: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-sets-'))
})
after(() => rm(directory, { recursive: true }))

async function read(content: unknown) {
  const path = join(directory, 'set')
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return readCaptionSet(path)
}

test("Karpathy's splits", async () => {
  const files = await read({
    dataset: 'coco',
    images: [
      {
        filename: 'a.jpg',
        filepath: 'val2014',
        split: 'restval',
        sentences: [{ raw: ' A dog. ', tokens: ['a', 'dog'] }, { raw: '' }],
      },
      { filename: 'b.jpg', split: 'val', sentences: [{ raw: 'A cat' }] },
      { filename: 'c.jpg', split: 'test', sentences: [] },
    ],
  })
  assert.deepEqual(files, [
    { names: ['val2014/a.jpg', 'a.jpg'], captions: ['A dog.'], split: 'train' },
    { names: ['b.jpg'], captions: ['A cat'], split: 'validation' },
  ])
})

test("COCO's captions", async () => {
  const files = await read({
    info: {},
    images: [
      { id: 9, file_name: 'a.jpg' },
      { id: 4, file_name: 'b.jpg' },
    ],
    annotations: [
      { id: 1, image_id: 4, caption: 'A cat' },
      { id: 2, image_id: 9, caption: 'A dog' },
      { id: 3, image_id: 4, caption: 'A tabby' },
    ],
  })
  assert.deepEqual(
    files.map(({ names, captions, split }) => [names, captions, split]),
    [
      [['a.jpg'], ['A dog'], null],
      [['b.jpg'], ['A cat', 'A tabby'], null],
    ],
  )
})

test("Flickr's token file, and our own", async () => {
  const expected = [
    { names: ['1.jpg'], captions: ['A dog .', 'Two dogs .'], split: null },
    { names: ['2 b.jpg'], captions: ['A # cat'], split: null },
  ]
  assert.deepEqual(
    await read('1.jpg#0\tA dog .\r\n2 b.jpg#0\tA # cat\r\n1.jpg#1\tTwo dogs .\r\n2 b.jpg#1\t\r\n'),
    expected,
  )
  assert.deepEqual(
    await read({ '1.jpg': ['A dog .', 'Two dogs .'], '2 b.jpg': ['A # cat'], '3.jpg': [] }),
    expected,
  )
})

test('anything else is refused', async () => {
  const refused = { code: 'IMPORT_INVALID' }
  for (const content of ['{"a.jpg": "A dog"}', '{', 'a.jpg A dog', '{"images":[{"id":1}]}', '[1]'])
    await assert.rejects(read(content), refused, content)
  await assert.rejects(readCaptionSet(join(directory, 'missing')), { code: 'FILE_NOT_FOUND' })
})

test('photos are found where the set or its publisher has them, by their content', async () => {
  const photos = join(directory, 'photos')
  await mkdir(join(photos, 'val2014'), { recursive: true })
  await writeFile(join(photos, 'val2014', 'a.jpg'), 'one')
  await writeFile(join(photos, 'b.jpg'), 'two')
  await writeFile(join(photos, 'copy.jpg'), 'one')
  const file = (...names: string[]) => ({ names, captions: ['A'], split: null })
  const examples = await toExamples(
    [file('val2014/a.jpg', 'a.jpg'), file('val2014/b.jpg', 'b.jpg'), file('copy.jpg'), file('gone.jpg')],
    photos,
    10,
  )
  assert.deepEqual(
    examples.map(({ contentHash, group }) => [contentHash, group]),
    [
      [createHash('sha256').update('one').digest('hex'), 10],
      [createHash('sha256').update('two').digest('hex'), 11],
      [createHash('sha256').update('one').digest('hex'), 10],
    ],
  )
})

function example(index: number, split: SetExample['split'] = null): SetExample {
  const contentHash = createHash('sha256').update(String(index)).digest('hex')
  const captions = [{ text: 'A', weight: 1 }]
  return { contentHash, path: `/${index}`, kind: 'label', captions, group: index, fold: null, split }
}
const many = Array.from({ length: 1000 }, (_, index) => example(index))
const countFold = (examples: readonly { fold: number | null }[], fold: number | null) =>
  examples.filter((each) => each.fold === fold).length

test('a set without parts gets them by chance, the same for the same seed', () => {
  const divided = divideSet(many, null, 1)
  assert.deepEqual(divided, divideSet([...many].reverse(), null, 1).reverse())
  assert.notDeepEqual(divided, divideSet(many, null, 2))
  for (const fold of [0, 1]) assert.ok(Math.abs(countFold(divided, fold) - 50) < 25)
  assert.equal(divided.length, 1000)
})

test('parts of the set count, and photos that are judged are not learned', () => {
  const parts = [example(0, 'train'), example(1, 'validation'), example(2, 'test')]
  assert.deepEqual(
    divideSet(parts, null, 1).map(({ fold }) => fold),
    [null, 1, 0],
  )
  const divided = divideSet(many, [example(3), example(2000)], 1)
  assert.equal(divided.length, 1001)
  assert.equal(countFold(divided, 0), 2)
  assert.equal(divided.filter(({ path }) => path === '/3').length, 1)
  assert.deepEqual(
    divideSet(parts, [example(9)], 1).map(({ fold, path }) => [path, fold]),
    [
      ['/0', null],
      ['/1', 1],
      ['/9', 0],
    ],
  )
})
