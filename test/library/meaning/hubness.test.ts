import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { packEmbedding } from '../../../src-main/contract/embedding.ts'
import { createHubness } from '../../../src-main/library/meaning/hubness.ts'
import { addFolder, addPhoto, contentOf, openStoreFor } from '../store/sample-library.ts'

const at = (degrees: number) => {
  const angle = (degrees * Math.PI) / 180
  return Float32Array.of(Math.cos(angle), Math.sin(angle), 0, 0)
}

function setUp(t: TestContext) {
  const store = openStoreFor(t)
  const folder = addFolder(store, '/photos')
  let photos = 0
  const add = (count: number) => {
    for (const last = photos + count; photos < last; photos++) {
      const name = `${photos}.jpg`
      store.captions.setByPerson(addPhoto(store, folder, name, contentOf(name)), `Text number ${photos}`, 1)
      const vector = packEmbedding(at(photos % 90))
      store.embeddings.set([{ contentHash: contentOf(name), vector }], 'space')
    }
  }
  const read: string[] = []
  const embedText = async (text: string) => {
    read.push(text)
    return at(10)
  }
  return { store, add, read, embedText }
}

test('captions are read once there are enough, and again when the library is twice as large', async (t) => {
  const { store, add, read, embedText } = setUp(t)
  const hubness = createHubness(store.database)
  add(200)
  await hubness.keepUp('space', embedText)
  assert.deepEqual([read.length, hubness.in('space')], [0, null])
  add(100)
  await hubness.keepUp('space', embedText)
  assert.equal(new Set(read).size, 300)
  add(200)
  await hubness.keepUp('space', embedText)
  assert.equal(read.length, 300)
  add(100)
  await hubness.keepUp('space', embedText)
  assert.equal(new Set(read.slice(300)).size, 600)
  await hubness.keepUp('another', embedText)
  assert.deepEqual([read.length, hubness.in('another')], [900, null])
})

test('how near a photo lies to its nearest captions is told beside the mean of photos, to every process', async (t) => {
  const { store, add, embedText } = setUp(t)
  add(300)
  await createHubness(store.database).keepUp('space', embedText)
  const hubnessOf = createHubness(store.database).in('space')!
  assert.ok(Math.abs(hubnessOf(at(10)) - hubnessOf(at(70)) - (1 - Math.cos(Math.PI / 3))) < 0.01)
  const mean =
    Array.from({ length: 300 }, (_, photo) => hubnessOf(at(photo % 90))).reduce((a, b) => a + b) / 300
  assert.ok(Math.abs(mean) < 0.01)
})

test('a stop while captions are read leaves all as it was', async (t) => {
  const { store, add, embedText } = setUp(t)
  add(300)
  const hubness = createHubness(store.database)
  const stop = new AbortController()
  const stopped = hubness.keepUp(
    'space',
    async (text) => {
      stop.abort()
      return embedText(text)
    },
    stop.signal,
  )
  await assert.rejects(stopped, { name: 'AbortError' })
  assert.equal(hubness.in('space'), null)
})
