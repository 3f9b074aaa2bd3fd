import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { previewPath } from '../../src-main/contract/preview-path.ts'
import { createPreviews } from '../../src-main/library/previews.ts'
import { contentOf } from './store/sample-library.ts'

function setUp(t: TestContext, mostBytes: number) {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-'))
  t.after(() => rmSync(directory, { recursive: true }))
  let second = 0
  const put = (name: string, bytes: number) => {
    const path = previewPath(directory, contentOf(name))
    writeFileSync(path, Buffer.alloc(bytes))
    utimesSync(path, ++second, second)
  }
  const kept = () => {
    const names = readdirSync(directory)
    return ['a', 'b', 'c', 'd', 'e'].filter((name) => names.includes(`${contentOf(name)}.jpg`)).join('')
  }
  return { directory, previews: createPreviews(directory, mostBytes), put, kept }
}

test('of copies those that were not looked at for longest give way', async (t) => {
  const { previews, put, kept } = setUp(t, 100)
  for (const name of ['a', 'b', 'c']) put(name, 30)
  await previews.makeRoom(contentOf('c'))
  assert.equal(kept(), 'abc')
  assert.ok(await previews.find(contentOf('a')))
  put('d', 30)
  await previews.makeRoom(contentOf('d'))
  assert.equal(kept(), 'acd')
})

test('one that is larger than all room is kept until another comes', async (t) => {
  const { previews, put, kept } = setUp(t, 100)
  put('a', 500)
  await previews.makeRoom(contentOf('a'))
  assert.equal(kept(), 'a')
  put('b', 10)
  await previews.makeRoom(contentOf('b'))
  assert.equal(kept(), 'b')
})

test('what is not a copy is left alone, and what a killed engine left is not', async (t) => {
  const { directory, previews, put, kept } = setUp(t, 100)
  const [mine, part] = ['holiday.jpg', `${contentOf('x')}.jpg.123-0.part`]
  for (const name of [mine, part]) writeFileSync(join(directory, name), Buffer.alloc(500))
  utimesSync(join(directory, part), 0, 0)
  put('a', 10)
  await previews.makeRoom(contentOf('a'))
  assert.equal(kept(), 'a')
  assert.deepEqual(readdirSync(directory).sort(), [`${contentOf('a')}.jpg`, mine].sort())
})

test('a copy that a power cut emptied is none', async (t) => {
  const { previews, put } = setUp(t, 100)
  put('a', 0)
  assert.equal(await previews.find(contentOf('a')), undefined)
  assert.equal(await previews.find(contentOf('b')), undefined)
})
