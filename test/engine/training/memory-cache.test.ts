import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat, truncate, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { memoryPath } from '../../../src-main/contract/memory-path.ts'
import { openMemoryCache } from '../../../src-main/engine/training/memory-cache.ts'

let directory: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-memories-'))
})
after(() => rm(directory, { recursive: true }))

const hash = (index: number) => index.toString(16).padStart(2, '0').repeat(32)
const size = 100
const memory = (index: number) => Float32Array.from({ length: size }, (_, at) => Math.sin(index + at))

test('what is kept is read as half precision has it, by model and content', async () => {
  const cache = openMemoryCache({
    directory: join(directory, 'kept'),
    modelId: 'a/b: c.',
    size,
    limitBytes: 1e6,
  })
  const kept = await cache.keep(hash(1), memory(1))
  assert.deepEqual(await cache.read(hash(1)), kept)
  assert.ok(kept.every((value, at) => Math.abs(value - memory(1)[at]!) < 1e-3))
  assert.equal(await cache.read(hash(2)), undefined)
  const other = openMemoryCache({
    directory: join(directory, 'kept'),
    modelId: 'a/b: c',
    size,
    limitBytes: 1e6,
  })
  assert.equal(await other.read(hash(1)), undefined)
  // Whatever an id is made of, its folder is one of this directory.
  const folders = await readdir(join(directory, 'kept'))
  assert.equal(folders.length, 1)
  assert.match(folders[0]!, /^[\w-]+$/)
})

test('a file that was cut off, or is of another model of this name, is none', async () => {
  const cache = openMemoryCache({ directory, modelId: 'm', size, limitBytes: 1e6 })
  await cache.keep(hash(1), memory(1))
  await truncate(memoryPath(directory, 'm', hash(1)), 150)
  assert.equal(await cache.read(hash(1)), undefined)
  await cache.keep(hash(1), memory(1))
  const wider = openMemoryCache({ directory, modelId: 'm', size: 2 * size, limitBytes: 1e6 })
  assert.equal(await wider.read(hash(1)), undefined)
})

test('where there is no more room, what was not used for longest gives way, of whatever model', async () => {
  const bounded = join(directory, 'bounded')
  const open = (modelId: string) =>
    openMemoryCache({ directory: bounded, modelId, size, limitBytes: 10 * 2 * size })
  const cache = open('m')
  await open('former').keep(hash(99), memory(99))
  await age('former', 99, 1000)
  for (let index = 0; index < 9; index++) {
    await cache.keep(hash(index), memory(index))
    await age('m', index, 900 - index)
  }
  await cache.read(hash(0))
  await cache.keep(hash(10), memory(10))
  // Eleven were there and ten are allowed: what is left is nine tenths of that.
  assert.equal(await open('former').read(hash(99)), undefined)
  assert.equal(await cache.read(hash(1)), undefined)
  assert.ok(await cache.read(hash(0)), 'it was used just now')
  assert.ok(await cache.read(hash(10)))
  let bytes = 0
  for (const entry of await readdir(bounded, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
  assert.equal(bytes, 9 * 2 * size)

  async function age(modelId: string, index: number, seconds: number): Promise<void> {
    const then = new Date(Date.now() - 1000 * seconds)
    await utimes(memoryPath(bounded, modelId, hash(index)), then, then)
  }
})
