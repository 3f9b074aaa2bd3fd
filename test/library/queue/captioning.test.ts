import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { type ErrorRecord, LensloreError } from '../../../src-main/contract/errors.ts'
import { noDoubt } from '../../../src-main/contract/records.ts'
import { thumbnailPath } from '../../../src-main/contract/thumbnail-path.ts'
import { startCaptioning } from '../../../src-main/library/queue/captioning.ts'
import { superviseEngine } from '../../../src-main/library/queue/engine-supervisor.ts'
import { makeThumbnail } from '../../../src-main/library/queue/make-thumbnail.ts'
import { createProgressMeter } from '../../../src-main/library/queue/progress.ts'
import { readFileOnce } from '../../../src-main/library/queue/read-photo.ts'
import { openTrialBook } from '../../../src-main/library/queue/trial-book.ts'
import { createSearch } from '../../../src-main/library/search/search.ts'
import type { Searcher } from '../../../src-main/library/search/searcher.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'
import { forkEngine } from '../../../src-main/processes/fork.ts'
import { addFolder, addPhoto, plainFacts } from '../store/sample-library.ts'

// With the real engine and the model that comes along.

const modelDirectory = fileURLToPath(new URL('../../../models/lenslore-v1', import.meta.url))

function setUp(t: TestContext) {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const photos = join(home, 'photos')
  mkdirSync(photos)
  const store = openStore(databaseFileIn(join(home, 'library')))
  const { searcher } = createSearch(store.database)
  const folder = addFolder(store, photos)
  const thumbnailDirectory = join(home, 'thumbnails')
  const engine = superviseEngine(
    forkEngine,
    { modelDirectory },
    { book: openTrialBook(join(home, 'providers.json')) },
  )
  t.after(() => {
    engine.close()
    store.close()
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  })

  /** Also in the place of the picture that was there. */
  async function draw(name: string, colour: string, id?: number): Promise<number> {
    const path = join(photos, name)
    const square = { create: { width: 90, height: 60, channels: 3 as const, background: colour } }
    await sharp({ create: { width: 300, height: 200, channels: 3, background: 'white' } })
      .composite([{ input: square, left: 30, top: 40 }])
      .jpeg()
      .toFile(path)
    const { contentHash } = await readFileOnce(path)
    if (id === undefined) return addPhoto(store, folder, name, contentHash)
    store.photos.setContent(id, { ...plainFacts, contentHash }, 9)
    return id
  }

  /** How many were to be embedded by their thumbnails, of each run that did. */
  const embedded: number[] = []

  async function captionAll() {
    const problems: ErrorRecord[] = []
    const summary = { captioned: 0, failed: 0 }
    const meter = createProgressMeter(() => {})
    await startCaptioning({
      ...store,
      decoder: engine,
      engine,
      thumbnailDirectory,
      progress: meter.begin('caption'),
      beginEmbedding(count) {
        embedded.push(count)
        return meter.begin('embed', count)
      },
      onPhotosChanged() {},
      onCounted(captioned, failed) {
        summary.captioned += captioned
        summary.failed += failed
      },
      onUnavailable() {},
      onProblem: (problem) => problems.push(problem),
      filling: Promise.resolve(),
      signal: AbortSignal.timeout(120_000),
    }).finished
    return { ...summary, problems: problems.map(({ code }) => code) }
  }

  const thumbnailOf = (id: number) => thumbnailPath(thumbnailDirectory, store.photos.byId(id)!.contentHash!)

  /** As an earlier version did; of another colour than the photo, to be told from one that was made now. */
  async function keepThumbnailOf(id: number, colour: string): Promise<void> {
    mkdirSync(join(thumbnailOf(id), '..'), { recursive: true })
    const picture = { create: { width: 48, height: 32, channels: 3 as const, background: colour } }
    await sharp(picture).webp().toFile(thumbnailOf(id))
  }

  return {
    photos,
    store,
    searcher,
    engine,
    thumbnailDirectory,
    draw,
    captionAll,
    embedded,
    keepThumbnailOf,
    thumbnailOf,
  }
}

test('a photo in a person’s words gets a thumbnail and no other words, also after it was edited', async (t) => {
  const { store, draw, captionAll, thumbnailOf } = setUp(t)
  const mine = await draw('mine.jpg', 'navy')
  const other = await draw('other.jpg', 'olive')
  store.captions.setByPerson(mine, 'Grandma’s flag', 1)
  assert.deepEqual(await captionAll(), { captioned: 1, failed: 0, problems: [] })
  assert.ok(existsSync(thumbnailOf(mine)) && existsSync(thumbnailOf(other)))
  assert.equal(store.captions.history(mine).length, 1)

  const before = thumbnailOf(mine)
  await draw('mine.jpg', 'red', mine)
  assert.notEqual(thumbnailOf(mine), before)
  assert.deepEqual(await captionAll(), { captioned: 0, failed: 0, problems: [] })
  assert.ok(existsSync(thumbnailOf(mine)))
  assert.deepEqual(store.queue.next('thumbnail', 1, 9), [])
})

test('a thumbnail that is there is not made again, and the file of it is not asked for', async (t) => {
  const { photos, store, searcher, draw, captionAll, keepThumbnailOf, thumbnailOf } = setUp(t)
  const id = await draw('a.jpg', 'navy')
  store.captions.setByPerson(id, 'mine', 1)
  await keepThumbnailOf(id, 'olive')
  const { mtimeMs } = statSync(thumbnailOf(id))
  rmSync(join(photos, 'a.jpg'))
  assert.deepEqual(await captionAll(), { captioned: 0, failed: 0, problems: [] })
  assert.deepEqual(store.queue.next('thumbnail', 1, 9), [])
  assert.equal(statSync(thumbnailOf(id)).mtimeMs, mtimeMs)
  assertColor(searcher, 'olive')
})

test('the colours of a thumbnail of before are read from it, also where the photo is out of reach', async (t) => {
  const { store, searcher, draw, captionAll, keepThumbnailOf, thumbnailOf } = setUp(t)
  const [broken, away] = [await draw('a.jpg', 'olive'), await draw('b.jpg', 'navy')]
  for (const id of [away, broken]) store.captions.setByPerson(id, 'mine', 1)
  await keepThumbnailOf(away, 'red')
  mkdirSync(join(thumbnailOf(broken), '..'), { recursive: true })
  writeFileSync(thumbnailOf(broken), 'no picture')
  const contents = [broken, away].map((id) => store.photos.byId(id)!.contentHash!)
  store.queue.setThumbnailsMade(
    contents.map((contentHash) => ({ contentHash, thumbhash: null, miniature: null })),
    1,
  )
  store.database.write(() => store.database.prepare("UPDATE folders SET state = 'offline'").run())
  await captionAll()
  const thumbhashes = store.database.prepare<{ thumbhash: Buffer | null; version: number | null }>(
    'SELECT thumbhash, thumbnail_version AS version FROM photos ORDER BY id',
  )
  const [ofBroken, ofAway] = thumbhashes.all()
  assert.deepEqual([ofAway!.version, ofBroken], [1, { thumbhash: null, version: null }])
  assert.ok(!existsSync(thumbnailOf(broken)))
  assertColor(searcher, 'red')

  store.database.write(() => store.database.prepare("UPDATE folders SET state = 'online'").run())
  await captionAll()
  assert.ok(thumbhashes.all().every(({ thumbhash, version }) => thumbhash && version === 1))
})

test('of a new thumbnail the colours are known at once', async (t) => {
  const { store, searcher, engine, thumbnailDirectory, draw } = setUp(t)
  const id = await draw('a.jpg', 'navy')
  assertColor(searcher, 'grey')
  await makeThumbnail({ store, openDecoder: async () => engine, thumbnailDirectory }, id)
  // A square of 90 × 60 on white of 300 × 200.
  assertColor(searcher, '#e8e8f4')
  assert.deepEqual(store.queue.next('miniature', 1, 9), [])
  await draw('a.jpg', 'red', id)
  assertColor(searcher, 'grey')
})

test('every picture is embedded: with its caption, in a person’s words by its thumbnail, and anew when it is another', async (t) => {
  const { photos, store, engine, draw, captionAll, embedded } = setUp(t)
  const [captioned, mine] = [await draw('a.jpg', 'navy'), await draw('b.jpg', 'olive')]
  store.captions.setByPerson(mine, 'mine', 1)
  await captionAll()
  const space = (await engine.info()).spaceId!
  const ofBoth = () => embeddingsIn(store, space)
  const first = ofBoth()
  assert.deepEqual(
    [...first.values()].map((vector) => [vector.length, Math.max(...vector.map(Math.abs))]),
    [
      [256, 127],
      [256, 127],
    ],
  )
  assert.deepEqual(store.queue.next('embedding', space, 9), [])

  assert.deepEqual(embedded, [1])

  // Of a library of before: it is made of the thumbnails, and means what the picture means.
  store.database.write(() => {
    store.database.prepare('DELETE FROM embeddings').run()
    store.database.prepare('UPDATE photos SET embedded_in = NULL').run()
    store.database.prepare("UPDATE folders SET state = 'offline'").run()
  })
  rmSync(join(photos, 'a.jpg'))
  await captionAll()
  assert.deepEqual(embedded, [1, 2])
  const again = ofBoth()
  assert.ok(cosine(first.get(captioned)!, again.get(captioned)!) > 0.98)

  // Of another space it is none.
  assert.deepEqual([...embeddingsIn(store, 'another').keys()], [])
  assert.equal(store.queue.next('embedding', 'another', 9).length, 2)

  // And none of another picture.
  await draw('b.jpg', 'red', mine)
  assert.deepEqual([...ofBoth().keys()], [captioned])
  store.database.write(() => store.database.prepare("UPDATE folders SET state = 'online'").run())
  await captionAll()
  assert.ok(cosine(ofBoth().get(mine)!, again.get(mine)!) < 0.999)
})

/** Of photos that have one in this space. */
function embeddingsIn({ database }: Store, space: string): Map<number, Int8Array> {
  const found = database
    .prepare<{ id: number; vector: Buffer }>(
      `SELECT photos.id, vector FROM embeddings JOIN photos ON photos.id = photo_id
         JOIN spaces ON number = embedded_in WHERE spaces.name = ? ORDER BY photos.id`,
    )
    .all(space)
  return new Map(found.map(({ id, vector }) => [id, Int8Array.from(vector)]))
}

function cosine(a: Int8Array, b: Int8Array): number {
  const dot = (x: Int8Array, y: Int8Array) => x.reduce((sum, each, at) => sum + each * y[at]!, 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

/** Within what a few bytes can tell. */
function assertColor(searcher: Searcher, expected: string): void {
  const { colors } = searcher.timelinePage('', { limit: 1 })
  const wanted = Buffer.from(
    { red: 'ff0000', olive: '808000', grey: '808080' }[expected] ?? expected.slice(1),
    'hex',
  )
  assert.ok(
    wanted.every((value, channel) => Math.abs(value - colors[channel]!) <= 8),
    `${colors} for ${expected}`,
  )
}

test('files of one picture that say other things of it are captioned once, together or one after the other', async (t) => {
  const { photos, store, engine, draw, captionAll } = setUp(t)
  const captions = t.mock.method(engine, 'caption')
  const jpeg = () => readFileSync(join(photos, 'a.jpg'))
  async function addFile(name: string, bytes: Buffer, orientation = 1): Promise<number> {
    writeFileSync(join(photos, name), bytes)
    const { contentHash, pictureHash } = await readFileOnce(join(photos, name))
    return addPhoto(store, 1, name, contentHash, { pictureHash, orientation })
  }
  const say = (words: string) => {
    const text = Buffer.from(words)
    const head = Buffer.from([0xff, 0xfe, 0, text.length + 2])
    return Buffer.concat([jpeg().subarray(0, 2), head, text, jpeg().subarray(2)])
  }
  const one = await draw('a.jpg', 'navy')
  const { pictureHash } = await readFileOnce(join(photos, 'a.jpg'))
  store.photos.setContent(
    one,
    { ...plainFacts, contentHash: store.photos.byId(one)!.contentHash!, pictureHash },
    2,
  )
  const two = await addFile('b.jpg', say('a note'))
  await captionAll()
  assert.equal(captions.mock.callCount(), 1)
  const [of, ofTwin] = [one, two].map((id) => store.captions.current(id)!)
  assert.equal(ofTwin!.text, of!.text)
  assert.deepEqual(
    [of!.contentHash, ofTwin!.contentHash],
    [one, two].map((id) => store.photos.byId(id)!.contentHash),
  )

  store.captions.setByPerson(one, 'mine', 3)
  const three = await addFile('c.jpg', say('another note'))
  const turned = await addFile('d.jpg', say('turned'), 6)
  await captionAll()
  assert.equal(captions.mock.callCount(), 2, 'a picture that is turned is another')
  assert.deepEqual(
    [three, turned].map((id) => store.captions.current(id)!.source),
    ['model', 'model'],
  )
  assert.equal(store.captions.current(three)!.text, of!.text)
  assert.deepEqual(
    [two, three, turned].map((id) => store.photos.byId(id)!.error),
    [null, null, null],
  )
})

test('a thumbnail that cannot be written loses no caption, is told of once, and stays work', async (t) => {
  const { store, draw, captionAll, thumbnailDirectory, thumbnailOf } = setUp(t)
  writeFileSync(thumbnailDirectory, 'a file in the way')
  const ids = [await draw('a.jpg', 'navy'), await draw('b.jpg', 'olive')]
  assert.deepEqual(await captionAll(), { captioned: 2, failed: 0, problems: ['WRITE_FAILED'] })
  assert.equal(store.queue.next('thumbnail', 1, 9).length, 2)
  rmSync(thumbnailDirectory)
  assert.deepEqual(await captionAll(), { captioned: 0, failed: 0, problems: [] })
  for (const id of ids) assert.ok(existsSync(thumbnailOf(id)))
})

test('a picture that cannot be shown is set aside under a person’s words too, which stay', async (t) => {
  const { photos, store, captionAll } = setUp(t)
  writeFileSync(join(photos, 'broken.jpg'), 'no picture at all')
  const { contentHash } = await readFileOnce(join(photos, 'broken.jpg'))
  const id = addPhoto(store, store.folders.list()[0]!.id, 'broken.jpg', contentHash)
  store.captions.setByPerson(id, 'what it was', 1)
  assert.deepEqual(await captionAll(), { captioned: 0, failed: 1, problems: [] })
  assert.equal(store.photos.byId(id)!.error?.code, 'PICTURE_UNSUPPORTED')
  assert.equal(store.captions.current(id)!.text, 'what it was')
})

test('one thumbnail is made at once where it is asked for, and says why where it cannot be', async (t) => {
  const { photos, store, engine, thumbnailDirectory, draw, thumbnailOf } = setUp(t)
  const options = { store, openDecoder: async () => engine, thumbnailDirectory }
  const id = await draw('a.jpg', 'navy')
  assert.equal(await makeThumbnail(options, id), thumbnailOf(id))
  assert.equal((await sharp(thumbnailOf(id)).metadata()).width, 300)
  assert.deepEqual(store.queue.next('thumbnail', 1, 9), [])
  rmSync(join(photos, 'a.jpg'))
  // A model that is away takes no thumbnail with it.
  const noDecoder = () => Promise.reject(new LensloreError('MODEL_NOT_FOUND', 'There is no such model.'))
  assert.equal(await makeThumbnail({ ...options, openDecoder: noDecoder }, id), thumbnailOf(id))
  rmSync(thumbnailOf(id))
  await assert.rejects(makeThumbnail(options, id), { code: 'FILE_NOT_FOUND' })
  await assert.rejects(makeThumbnail(options, id + 1), { code: 'PHOTO_NOT_FOUND' })
})

test('captions that remember the adapter by the id of before are those of today, and nothing is captioned for them', async (t) => {
  const { store, engine, draw, captionAll } = setUp(t)
  const ids = [await draw('one.jpg', 'navy'), await draw('two.jpg', 'olive')]
  const { modelId, adapterId, formerAdapterId } = await engine.info()
  assert.ok(adapterId !== null && formerAdapterId !== null && adapterId !== formerAdapterId)
  const said = { text: 'what it said before', score: -1, ...noDoubt, modelId }
  store.captions.addFromModel(
    ids.map((photoId) => ({
      ...said,
      photoId,
      adapterId: formerAdapterId,
      precision: 'fp32',
      contentHash: store.photos.byId(photoId)!.contentHash!,
    })),
    1,
  )
  store.captions.setByPerson(ids[1]!, 'mine', 2)
  await captionAll()
  const [one, two] = ids.map((id) => store.captions.history(id))
  assert.deepEqual(
    one!.map(({ text, adapterId: by, isCurrent }) => [text, by, isCurrent]),
    [['what it said before', adapterId, true]],
  )
  assert.equal(two!.length, 2)
  store.captions.undo(ids[1]!, 3)
  await captionAll()
  assert.deepEqual([two!.length, store.captions.current(ids[1]!)?.adapterId], [2, adapterId])
})
