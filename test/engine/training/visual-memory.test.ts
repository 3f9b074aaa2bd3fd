import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readCheckpoint, readModelJson } from '../../../src-main/engine/captioning/checkpoint.ts'
import { runOnce } from '../../../src-main/engine/captioning/search-session.ts'
import { preparePicture } from '../../../src-main/engine/imaging/picture.ts'
import { normalisePixels } from '../../../src-main/engine/imaging/pixels.ts'
import { readPreprocessing } from '../../../src-main/engine/imaging/preprocessing.ts'
import { buildTeacherForcedGraph } from '../../../src-main/engine/model/teacher-forced-graph.ts'
import { openVisualMemory } from '../../../src-main/engine/training/visual-memory.ts'
import { writeModel, writePicture } from './taught-model.ts'

let directory: string
let model: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-memory-'))
  model = join(directory, 'model')
  await writeModel(model)
})
after(() => rm(directory, { recursive: true }))

const options = async (name: string) => ({
  checkpoint: await readCheckpoint(model, null),
  memoryDirectory: join(directory, name),
  memoryLimitBytes: 1e8,
  provider: 'cpu' as const,
  threads: 1,
})

test('a memory is what the tower sees, and is kept: the file is not read again', async () => {
  const pictures = join(directory, 'seen')
  const photos = await Promise.all(
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((index) => writePicture(pictures, index)),
  )
  const { checkpoint } = await options('kept')
  const preprocessing = readPreprocessing(
    await readModelJson(checkpoint.preprocessorDirectories, 'preprocessor_config.json'),
  )
  const { pixels } = await preparePicture(photos[9]!.path, { input: preprocessing, thumbnailDirectory: null })
  const { memory: expected } = await runOnce(buildTeacherForcedGraph(checkpoint.model, 1), {
    pixels: { data: normalisePixels([pixels], preprocessing), shape: [1, 3, 24, 24] },
    tokens: { data: BigInt64Array.of(1n), shape: [1, 1] },
  })

  const memory = await openVisualMemory(await options('kept'))
  assert.deepEqual(memory.shape, [10, 24])
  const found = await memory.recall(photos.map(({ path, hash }) => ({ path, contentHash: hash })))
  const last = found[9]!
  assert.ok('memory' in last)
  assert.equal(last.memory.length, 240)
  for (const [index, value] of last.memory.entries())
    assert.ok(Math.abs(value - Number(expected!.data[index])) < 2e-3)

  for (const { path } of photos) await unlink(path)
  const again = await memory.recall(photos.map(({ path, hash }) => ({ path, contentHash: hash })))
  assert.deepEqual(again, found)
  await memory.close()
})

test('each photo that cannot be seen has its error in its place, and another content is not taken for the one', async () => {
  const { path, hash } = await writePicture(join(directory, 'some'), 1)
  const other = await writePicture(join(directory, 'some'), 2)
  const damaged = join(directory, 'damaged.png')
  await writeFile(damaged, 'no picture')
  await cp(other.path, path)
  const memory = await openVisualMemory(await options('some'))
  const found = await memory.recall([
    { path, contentHash: hash },
    { path: damaged },
    { path: join(directory, 'missing.png') },
    { path: other.path },
  ])
  await memory.close()
  assert.deepEqual(
    found.map((photo) => ('error' in photo ? photo.error.code : photo.contentHash)),
    ['FILE_CHANGED', 'PICTURE_UNSUPPORTED', 'FILE_NOT_FOUND', other.hash],
  )
})

test('a tower that does not open here has nothing to close', async () => {
  const { path } = await writePicture(join(directory, 'closed'), 1)
  const provider = process.platform === 'darwin' ? 'dml' : 'coreml'
  const memory = await openVisualMemory({ ...(await options('closed')), provider })
  await assert.rejects(memory.recall([{ path }]), { code: 'PROVIDER_UNAVAILABLE' })
  await memory.close()
})
