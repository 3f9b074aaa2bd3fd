import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp, { type Sharp } from 'sharp'
import { addPhoto, contentOf, markMissing, openStoreFor, removePhotos } from '../store/sample-library.ts'
import { drawScene } from './draw-scene.ts'
import { openCopies } from './made-pictures.ts'

/** What people and programs make of a picture. */
const changes: Record<string, (picture: Sharp) => Sharp> = {
  smaller: (picture) => picture.resize({ width: 200 }).jpeg(),
  compressed: (picture) => picture.jpeg({ quality: 30 }),
  'a little less': (picture) => picture.extract({ left: 6, top: 4, width: 626, height: 470 }).jpeg(),
  'on its side': (picture) => picture.rotate(90).jpeg(),
  mirrored: (picture) => picture.flop().jpeg(),
  brighter: (picture) => picture.modulate({ brightness: 1.2, saturation: 1.3 }).jpeg(),
  grey: (picture) => picture.greyscale().jpeg(),
  png: (picture) => picture.png(),
}

test('what is made of a picture is in its stack, and no other picture is', async (t) => {
  const store = openStoreFor(t)
  const { add, find, stackOf, lists, found } = openCopies(t, store)
  const first = await add('first.jpg', drawScene(1).jpeg({ quality: 95 }))
  const others = [await add('second.jpg', drawScene(2).jpeg()), await add('third.jpg', drawScene(3).jpeg())]
  const made = [first]
  for (const [name, change] of Object.entries(changes)) {
    const png = await drawScene(1).png().toBuffer()
    made.push(await add(`${name}.${name === 'png' ? 'png' : 'jpg'}`, change(sharp(png))))
  }
  await find()
  assert.deepEqual(stackOf(first), made)
  assert.deepEqual(others.map(stackOf), [null, null])
  const { kind, photos, sharpest, largest } = lists.ofPhoto(first)!
  assert.equal(kind, 'near')
  assert.ok(
    photos.find(({ id }) => id === sharpest)!.sharpness! > photos[1]!.sharpness!,
    'sharper than the small one',
  )
  assert.notEqual(largest, made[1])
  assert.deepEqual(found('has:copies'), made)
  assert.equal(found('is:copy').length, made.length - 1)
  assert.deepEqual(found(`copies:${made[3]}`), made)
  assert.deepEqual(found(`copies:${others[0]}`), [])
  assert.deepEqual(found('is:duplicate'), [], 'no two files have the same bytes')
})

test('pages and screens that are alike as a whole are no copies; the same page made smaller is', async (t) => {
  const store = openStoreFor(t)
  const { add, find, stackOf } = openCopies(t, store)
  const page = (seed: number) => {
    const rows = Array.from({ length: 11 }, (_, at) => {
      const hue = ((seed + 1) * (at + 3) * 67) % 360
      const y = 40 + at * 90
      const words = 200 + (((seed + 2) * (at + 5) * 53) % 400)
      return `<circle cx="60" cy="${y + 40}" r="30" fill="hsl(${hue},50%,50%)"/>
        <rect x="120" y="${y + 15}" width="${words}" height="22" fill="#222"/><rect x="120" y="${y + 50}" width="${700 - words}" height="12" fill="#999"/>`
    })
    return sharp(
      Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" width="800" height="1100"><rect width="800" height="1100" fill="#fff"/>${rows.join('')}</svg>`,
      ),
    ).flatten()
  }
  const ids = []
  for (const seed of [1, 2, 3]) ids.push(await add(`${seed}.png`, page(seed).png()))
  const small = await add(
    'small.jpg',
    sharp(await page(2).png().toBuffer())
      .resize({ width: 400 })
      .jpeg(),
  )
  await find()
  assert.deepEqual(ids.map(stackOf), [null, [ids[1], small], null])
})

test('the same bytes, and the same picture with other words in its file, are a stack before anybody looked at them', async (t) => {
  const store = openStoreFor(t)
  const { folder, factsOf, find, lists, found } = openCopies(t, store)
  const jpeg = await drawScene(1).jpeg().toBuffer()
  await sharp(jpeg).toFile(join(folder, 'a.jpg'))
  copyFileSync(join(folder, 'a.jpg'), join(folder, 'b.jpg'))
  const names = ['a.jpg', 'b.jpg']
  const ids: number[] = []
  for (const name of names) ids.push(addPhoto(store, 1, name, undefined, await factsOf(name)))
  const { pictureHash } = await factsOf('a.jpg')
  ids.push(addPhoto(store, 1, 'c.jpg', 'cc'.repeat(32), { pictureHash, widthPx: 640, heightPx: 480 }))
  ids.push(addPhoto(store, 1, 'turned.jpg', 'dd'.repeat(32), { pictureHash, orientation: 6 }))
  await find()
  const stack = lists.ofPhoto(ids[1]!)!
  assert.deepEqual(
    stack.photos.map(({ id, kind }) => [id, kind]),
    [
      [ids[0], null],
      [ids[1], 'exact'],
      [ids[2], 'picture'],
    ],
  )
  assert.equal(stack.kind, 'picture')
  assert.deepEqual([found('is:duplicate'), found('is:copy')], [ids.slice(0, 2), ids.slice(1, 3)])
})

test('a stack follows what becomes of its photos', async (t) => {
  const store = openStoreFor(t)
  const { add, find, stackOf, found, folder, factsOf, look } = openCopies(t, store)
  const original = await drawScene(1).png().toBuffer()
  const copy = (quality: number) => sharp(original).jpeg({ quality })
  const ids: number[] = []
  for (const quality of [90, 70, 50]) ids.push(await add(`${quality}.jpg`, copy(quality)))
  const [a, b, c] = ids as [number, number, number]
  await find()
  assert.deepEqual(stackOf(b), [a, b, c])

  removePhotos(store, a)
  assert.deepEqual(found('has:copies'), [], 'nobody knows yet that the others are alike')
  await find()
  assert.deepEqual(
    [stackOf(b), found('has:copies')],
    [
      [b, c],
      [b, c],
    ],
  )

  await drawScene(5).jpeg().toFile(join(folder, '50.jpg'))
  store.photos.setContent(c, await factsOf('50.jpg'), 2)
  await look('50.jpg')
  await find()
  assert.deepEqual([stackOf(b), stackOf(c), found('has:copies')], [null, null, []])

  const d = await add('d.jpg', copy(40))
  await find()
  assert.deepEqual(stackOf(b), [b, d])
  markMissing(store, d)
  assert.deepEqual([stackOf(b), found('has:copies')], [null, []])
  store.database.write(() =>
    store.database.prepare('UPDATE photos SET missing_since_ms = NULL WHERE id = ?').run(d),
  )
  await find()
  assert.deepEqual(stackOf(b), [b, d])
})

test('a person’s choice stands for the stack, then favourites and ratings, then the whole and large one', async (t) => {
  const store = openStoreFor(t)
  const { add, find, lists, found } = openCopies(t, store)
  const original = await drawScene(1, 1280, 960).png().toBuffer()
  const small = await add('small.jpg', sharp(original).resize({ width: 300 }).jpeg())
  const large = await add('large.jpg', sharp(original).jpeg({ quality: 92 }))
  const sent = await add('sent.jpg', sharp(original).resize({ width: 800 }).jpeg({ quality: 70 }))
  await find()
  const best = () => {
    const stack = lists.ofPhoto(small)!
    assert.deepEqual(
      found('is:copy'),
      [small, large, sent].filter((id) => id !== stack.best),
    )
    return stack.best
  }
  assert.equal(best(), large)
  const mark = (id: number, kind: 'rating' | 'favorite', value: number) =>
    store.database.write(() =>
      store.database
        .prepare(
          `INSERT INTO marks (photo_id, kind, name, value, marked_ms, is_current) VALUES (?, ?, '', ?, 1, 1)`,
        )
        .run(id, kind, value),
    )
  mark(sent, 'rating', 4)
  assert.equal(best(), sent)
  mark(small, 'favorite', 1)
  assert.equal(best(), small)
  store.stacks.choose(large, true, 5)
  assert.equal(best(), large)
  store.stacks.choose(sent, true, 6)
  assert.equal(best(), sent)
  store.stacks.choose(sent, false, 7)
  store.stacks.choose(large, false, 7)
  assert.equal(best(), small)
})

test('photos of a burst are a stack, and those of another moment or camera are not in it', async (t) => {
  const store = openStoreFor(t)
  const { add, find, stackOf } = openCopies(t, store)
  /** Another picture at each step, that means the same to the model. */
  async function shoot(name: string, step: number, second: number, camera = 'A'): Promise<number> {
    const takenAt = `2020-05-01T12:00:${String(second).padStart(2, '0')}`
    const id = await add(name, drawScene(step).jpeg(), { takenAt, camera })
    const { contentHash } = store.photos.byId(id)!
    store.embeddings.set([{ contentHash: contentHash!, vector: Int8Array.of(127, 10 * step, 0, 0) }], 'space')
    return id
  }
  const burst: number[] = []
  for (const step of [0, 1, 2]) burst.push(await shoot(`${step}.jpg`, step, 2 * step))
  const later = await shoot('later.jpg', 3, 40)
  const other = await shoot('other.jpg', 4, 3, 'B')
  await find()
  assert.deepEqual(stackOf(burst[0]!), burst)
  assert.deepEqual([stackOf(later), stackOf(other)], [null, null])
})

test('what was looked for stays found when it is stopped, and is gone on with', async (t) => {
  const store = openStoreFor(t)
  const { add, finder, stackOf } = openCopies(t, store)
  const ids: number[] = []
  for (const seed of [1, 2, 3]) {
    for (const quality of [90, 60])
      ids.push(await add(`${seed}-${quality}.jpg`, drawScene(seed).jpeg({ quality })))
  }
  const stop = new AbortController()
  stop.abort()
  await assert.rejects(finder.keepUp({ space: null, signal: stop.signal }), { name: 'AbortError' })
  assert.equal(finder.waiting(), 6)
  await finder.keepUp({ space: null })
  assert.deepEqual(
    [finder.waiting(), ids.map(stackOf)],
    [0, [0, 0, 2, 2, 4, 4].map((at) => ids.slice(at, at + 2))],
  )
})

test('stacks are listed page by page, the newest first, each once, and only those that a search finds a photo of', async (t) => {
  const store = openStoreFor(t)
  const { add, find, lists, found } = openCopies(t, store)
  const firsts: number[] = []
  for (let year = 2001; year <= 2007; year++) {
    const takenAt = `${year}-05-01T12:00:00`
    firsts.push(await add(`${year}.jpg`, drawScene(year).jpeg({ quality: 95 }), { takenAt }))
    await add(`${year}-small.jpg`, drawScene(year).resize({ width: 300 }).jpeg(), { takenAt })
  }
  await find()
  const listed = (query: string, limit: number) => {
    const best: number[] = []
    for (let cursor: string | null = null; ; ) {
      const page = lists.page(query, { limit, cursor })
      assert.ok(page.stacks.length <= limit)
      best.push(...page.stacks.map((stack) => stack.best))
      cursor = page.cursor
      if (cursor === null) return best
    }
  }
  const newestFirst = firsts.toReversed()
  for (const limit of [1, 3, 7, 50]) assert.deepEqual(listed('', limit), newestFirst, `pages of ${limit}`)
  assert.deepEqual(found('name:small').length, 7)
  for (const limit of [1, 2]) assert.deepEqual(listed('name:small date:2003', limit), [firsts[2]])
  assert.deepEqual(listed('nothing of the kind', 5), [])
  assert.throws(() => lists.page('', { limit: 1, cursor: 'x' }), { code: 'INVALID_ARGUMENT' })
})

test('stacks that were too many for one commit are settled by the next search for copies', async (t) => {
  const store = openStoreFor(t)
  const { finder, found, searchIndex } = openCopies(t, store)
  const ids = Array.from({ length: 700 }, (_, at) =>
    addPhoto(store, 1, `${at}.jpg`, contentOf(`pair ${at >> 1}`), { takenAt: null }),
  )
  await finder.keepUp({ space: null })
  await searchIndex.renewAll()
  assert.equal(found('is:copy').length, 100, 'a page of them')
  removePhotos(store, ...ids.filter((_, at) => at % 2 === 0))
  assert.ok(finder.waiting() > 0)
  await finder.keepUp({ space: null })
  await searchIndex.renewAll()
  assert.deepEqual([finder.waiting(), found('has:copies')], [0, []])
})
