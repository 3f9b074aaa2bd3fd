import assert from 'node:assert/strict'
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { until } from '../library/library-under-test.ts'
import { drawSquares } from '../processes/library-in-process.ts'
import { type Answer, type ServedLibrary, serveFor } from './served-library.ts'

// A real library takes in real pictures behind the server; a page asks for them as a browser does.

/** As a browser: lets itself in, adds the folder, and waits until so many photos of it have their captions. */
async function enterAndTakeIn({ enter, openPage }: ServedLibrary, photos: number) {
  const cookie = await enter()
  const page = await openPage(cookie)
  const [root] = await page.listFolders({})
  await page.addListedFolder({ token: root!.token })
  await until(async () => (await page.status({})).captioned === photos)
  return { cookie, page }
}

test('pictures are served under the address of their photo: for ever with their hash, else to be asked again', async (t) => {
  const served = await serveFor(t)
  const { ask, photos } = served
  await drawSquares(join(photos, 'one.jpg'), 'navy')
  writeFileSync(
    join(photos, 'drawing.svg'),
    '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
  )
  writeFileSync(join(photos, 'page.jpg'), '<!doctype html><script>1</script>')
  const { cookie, page } = await enterAndTakeIn(served, 1)
  const { ids } = await page.timelinePage({ query: '' })
  const all = await page.photos({ photos: [...ids] })
  const one = all.find(({ path }) => path.endsWith('one.jpg'))!
  const hash = one.contentHash!.slice(0, 16)
  const get = (address: string, headers = {}): Promise<Answer> =>
    ask(`/library/${address}`, { headers: { cookie, ...headers } })

  const thumb = await get(`${one.id}/${hash}/thumb`)
  assert.equal(thumb.status, 200)
  assert.equal(thumb.headers['content-type'], 'image/webp')
  assert.equal(thumb.headers['x-content-type-options'], 'nosniff')
  assert.match(thumb.headers['cache-control']!, /^private, max-age=31536000, immutable$/)
  assert.equal((await sharp(thumb.body).metadata()).format, 'webp')
  for (const address of [`${one.id}/-/thumb`, `${one.id}/${'0'.repeat(16)}/thumb`]) {
    const { status, headers } = await get(address)
    assert.equal(status, 200)
    assert.equal(headers['cache-control'], 'private, no-cache', address)
  }
  const again = await get(`${one.id}/-/thumb`, { 'if-none-match': thumb.headers.etag! })
  assert.equal(again.status, 304)
  assert.equal(again.body.length, 0)
  assert.equal((await ask(`/library/${one.id}/${hash}/thumb`)).status, 401)

  const full = await get(`${one.id}/${hash}/full`)
  assert.equal(full.status, 200)
  assert.equal(full.headers['content-type'], 'image/jpeg')
  assert.match(full.headers['cache-control']!, /immutable/)
  assert.deepEqual(full.body, readFileSync(join(photos, 'one.jpg')))
  assert.notEqual(full.headers.etag, thumb.headers.etag)

  // What is no picture is served as none, whatever its name says.
  for (const { id, path } of all.filter((photo) => photo !== one)) {
    const { status, headers, body } = await get(`${id}/-/full`)
    assert.notEqual(status, 200, path)
    assert.ok(!/html|svg|xml/.test(String(headers['content-type'])), path)
    assert.ok(!body.includes('<script>'), path)
  }
  for (const address of [
    '999/-/thumb',
    '0/-/thumb',
    `${one.id}/-/raw`,
    `${one.id}/${hash.toUpperCase()}/thumb`,
    `${one.id}/-/thumb/..`,
    '',
  ]) {
    assert.equal((await get(address)).status, 404, address)
  }

  // Another picture in its place is not the one that the address with the hash names.
  await drawSquares(join(photos, 'two.png.part'), 'olive')
  copyFileSync(join(photos, 'two.png.part'), join(photos, 'one.jpg'))
  utimesSync(join(photos, 'one.jpg'), new Date(), new Date(Date.now() - 60_000))
  const changed = await get(`${one.id}/${hash}/full`)
  assert.equal(changed.headers['cache-control'], 'private, no-cache')
})

test('a picture that is being made while threads are chosen or a backup is restored is made by who comes next', async (t) => {
  const served = await serveFor(t)
  const { ask, photos, directory } = served
  for (let at = 0; at < 12; at++) {
    await sharp({ create: { width: 4000, height: 3000 + at, channels: 3, background: 'teal' } })
      .jpeg()
      .toFile(join(photos, `${at}.jpg`))
  }
  const { cookie, page } = await enterAndTakeIn(served, 12)
  const { ids } = await page.timelinePage({ query: '' })
  const backup = basename(await page.backUp({}))
  const changes = [() => page.setPreferences({ threads: 1 }), () => page.restore({ name: backup })]
  for (const change of changes) {
    rmSync(join(directory, 'thumbnails'), { recursive: true })
    const asked = Promise.all([...ids].map((id) => ask(`/library/${id}/-/thumb`, { headers: { cookie } })))
    await change()
    assert.deepEqual(new Set((await asked).map(({ status }) => status)), new Set([200]))
  }
})

test('a table is saved, changed, sent back, looked at and taken in', async (t) => {
  const served = await serveFor(t)
  const { ask, photos, port } = served
  await drawSquares(join(photos, 'one.jpg'), 'navy')
  const { cookie, page } = await enterAndTakeIn(served, 1)
  assert.ok((await page.host({})).can.includes('tables'))

  const saved = await page.saveTable({ format: 'csv' })
  assert.equal(saved!.photos, 1)
  const table = await ask(`/${saved!.address}`, { headers: { cookie } })
  assert.equal(table.status, 200)
  assert.equal(table.headers['content-disposition'], 'attachment; filename="captions.csv"')
  assert.equal(table.headers['content-type'], 'application/octet-stream')
  assert.equal((await ask(`/${saved!.address}`)).status, 401)

  const [{ caption }] = await captionsOf()
  const changed = table.body.toString().replace(caption!, 'Grandma’s lighthouse')
  const headers = { cookie, origin: `http://127.0.0.1:${port}` }
  const sent = await ask('/files?kind=csv', { method: 'POST', headers, body: changed })
  assert.equal(sent.status, 200)
  const { token, name } = JSON.parse(sent.body.toString())
  assert.equal(name, 'sent.csv')
  const plan = await page.planChosenTable({ table: token })
  assert.deepEqual([plan.rows, plan.changes], [1, 1])
  assert.equal((await page.importChosenTable({ table: token })).changed, 1)
  assert.equal((await captionsOf())[0].caption, 'Grandma’s lighthouse')
  assert.deepEqual((await page.lastEdit({})).undo, { kind: 'table', photos: 1 })
  assert.equal((await page.planChosenTable({ table: token })).unchanged, 1)
  assert.equal((await page.undoEdit({}))?.photos, 1)
  assert.equal((await captionsOf())[0].caption, caption)
  assert.equal((await page.importChosenTable({ table: token, as: 'imported' })).changed, 1)
  assert.equal((await captionsOf())[0].captionSource, 'imported')
  assert.deepEqual(await page.withdrawWords({ source: 'table' }), { photos: 1 })
  assert.equal((await captionsOf())[0].caption, caption)

  assert.equal((await ask('/files?kind=exe', { method: 'POST', headers, body: 'x' })).status, 400)
  assert.equal(
    (await ask('/files?kind=csv', { method: 'POST', headers: { origin: headers.origin }, body: 'x' })).status,
    401,
  )
  await assert.rejects(page.planChosenTable({ table: '/etc/passwd' }), { code: 'FILE_NOT_FOUND' })
  await assert.rejects(page.chooseTable({}), { code: 'HOST_CANNOT' })

  async function captionsOf() {
    const { photos: found } = await page.search({ query: '' })
    return found as [(typeof found)[number]]
  }
})

test('a table that is too large is refused, and nothing of it stays', async (t) => {
  const { ask, enter, port, close } = await serveFor(t)
  const before = new Set(tables())
  const headers = { cookie: await enter(), origin: `http://127.0.0.1:${port}` }
  const body = Buffer.alloc(257 * 1024 * 1024, 'x')
  const { status } = await ask('/files?kind=csv', { method: 'POST', headers, body })
  assert.equal(status, 413)
  await close()
  assert.deepEqual(
    tables().filter((name) => !before.has(name)),
    [],
  )
  function tables() {
    return readdirSync(tmpdir()).filter((name) => name.startsWith('lenslore-file-'))
  }
})

test('what needs a dialog or the system is refused in words, and not offered', async (t) => {
  const { enter, openPage, photos, directory } = await serveFor(t)
  const page = await openPage(await enter())
  const host = await page.host({})
  assert.deepEqual(host.can, ['listFolders', 'backups', 'reset', 'tables', 'adapters', 'sessions'])
  assert.deepEqual([host.kind, host.directory, host.pictures], ['browser', directory, 'library'])
  for (const call of [
    () => page.chooseFolder({}),
    () => page.reveal({ photo: 1 }),
    () => page.openWithOther({ photo: 1 }),
    () => page.openMap({ photo: 1 }),
    () => page.trash({ selection: { photos: [1] } }),
    () => page.untrash({ undo: 'x' }),
    () => page.relocateFolderByDialog({ folderId: 1 }),
  ]) {
    await assert.rejects(call(), { code: 'HOST_CANNOT' })
  }
  const beyond = page as unknown as Record<string, (params: object) => Promise<unknown>>
  assert.equal(beyond.addFolder, undefined)
  await assert.rejects(page.addListedFolder({ token: photos }), { code: 'FOLDER_NOT_FOUND' })
  await assert.rejects(page.listFolders({ token: '/etc' }), { code: 'FOLDER_NOT_FOUND' })
  assert.ok(existsSync(photos))
})
