import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encode } from '@msgpack/msgpack'
import { WebSocket } from 'ws'
import { webSocketChannel } from '../../src-main/channels/web-socket.ts'
import { libraryCalls } from '../../src-main/contract/library-calls.ts'
import { connect } from '../../src-main/contract/rpc.ts'
import { until } from '../library/library-under-test.ts'
import { drawSquares } from '../processes/library-in-process.ts'
import { makeFolders, type ServedLibrary, serveFor } from './served-library.ts'

async function openSocket(t: TestContext, { port, enter }: ServedLibrary): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api`, {
    headers: { cookie: await enter(), origin: `http://127.0.0.1:${port}` },
  })
  await once(socket, 'open')
  t.after(() => socket.terminate())
  return socket
}

test('a page reaches the calls for pages, and no other', async (t) => {
  const served = await serveFor(t)
  const socket = await openSocket(t, served)
  const all = connect(webSocketChannel(socket as never), libraryCalls)
  assert.equal((await all.status({})).photos, 0)
  await assert.rejects(all.addFolder({ path: '/' }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(all.photoAt({ path: '/etc/passwd' }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(all.exportTable({ path: join(served.home, 'x.csv'), format: 'csv' }), {
    code: 'INVALID_ARGUMENT',
  })
  await assert.rejects(all.photo({ photo: -1 }), { code: 'INVALID_ARGUMENT' })
})

test('what is no message ends that page’s line, and nobody else’s', async (t) => {
  const served = await serveFor(t)
  const cookie = await served.enter()
  const page = await served.openPage(cookie)
  for (const [bad, code] of [
    ['words', 1003],
    [Buffer.from([0xc1]), 1003],
    [Buffer.alloc(0), 1003],
    [encode(null), 1008],
    [encode([1, 2]), 1008],
    [encode({ kind: 'result', id: 1, value: 1 }), 1008],
    [encode({ kind: 'call', id: 'x', name: 'status', params: {} }), 1008],
  ] as const) {
    const socket = new WebSocket(`ws://127.0.0.1:${served.port}/api`, {
      headers: { cookie, origin: `http://127.0.0.1:${served.port}` },
    })
    await once(socket, 'open')
    socket.send(bad)
    const [closed] = await once(socket, 'close')
    assert.equal(closed, code, String(bad))
  }
  assert.equal((await page.status({})).photos, 0)
})

test('columns come as columns, and every page is told of what changes', async (t) => {
  const served = await serveFor(t)
  await drawSquares(join(served.photos, 'one.jpg'), 'navy')
  const cookie = await served.enter()
  const [one, two] = [await served.openPage(cookie), await served.openPage(cookie)]
  const told: string[] = []
  two.onEach((name) => told.push(name))
  const [root] = await one.listFolders({})
  await one.addListedFolder({ token: root!.token })
  await until(async () => (await one.status({})).captioned === 1)
  await until(() => told.includes('photosChanged') && told.includes('foldersChanged'))
  const page = await two.timelinePage({ query: '' })
  assert.ok(page.ids instanceof Uint32Array && page.sortMs instanceof Float64Array)
  assert.equal(page.ids.length, 1)
  assert.ok(page.hashes instanceof Uint8Array && page.hashes.length === 8)
  const [set] = await one.setCaptions({ edits: [{ photo: page.ids[0]!, text: 'A kite' }] })
  assert.equal(set!.source, 'person')
  assert.equal((await two.search({ query: 'kite' })).total, 1)
})

test('a library that dies is another one soon, which pages and whoever started the server are told', {
  skip: process.platform === 'win32',
}, async (t) => {
  const problems: string[] = []
  const served = await serveFor(t, { onProblem: (message) => void problems.push(message) })
  const page = await served.openPage(await served.enter())
  const told: string[] = []
  page.onEach((name) => told.push(name))
  const found = execFileSync('pgrep', ['-P', String(process.pid), '-f', 'library-process'], {
    encoding: 'utf8',
  })
  process.kill(Number(found), 'SIGKILL')
  await until(() => told.includes('libraryReopened'))
  assert.ok(told.includes('told'))
  assert.match(problems[0]!, /ended by itself/)
  assert.equal((await page.status({})).photos, 0)
})

test('a backup takes the library’s place while pages wait, and is asked for by its name alone', async (t) => {
  const served = await serveFor(t)
  await drawSquares(join(served.photos, 'one.jpg'), 'navy')
  const page = await served.openPage(await served.enter())
  const [root] = await page.listFolders({})
  const { id } = await page.addListedFolder({ token: root!.token })
  await until(async () => (await page.status({})).captioned === 1)
  await page.backUp({})
  const [backup] = await page.backups({})
  assert.ok(backup!.sizeBytes > 0 && backup!.createdMs > 0)
  await page.removeFolder({ folderId: id })
  assert.equal((await page.status({})).photos, 0)
  const told: string[] = []
  page.onEach((name) => told.push(name))
  for (const name of ['nothing.sqlite', '../library.sqlite', join(served.directory, 'library.sqlite')]) {
    await assert.rejects(page.restore({ name }), { code: 'FILE_NOT_FOUND' })
  }
  await page.restore({ name: backup!.name })
  assert.ok(told.includes('libraryReopened'))
  assert.equal((await page.status({})).photos, 1)
})

test('a page adds the folder that another lies in, which is a part of it from then on, and sees how far that is', async (t) => {
  const folders = makeFolders(t)
  const summer = join(folders.photos, 'summer')
  mkdirSync(summer)
  await drawSquares(join(summer, 'one.jpg'), 'navy')
  const served = await serveFor(t, { folders: [summer] }, folders)
  const page = await served.openPage(await served.enter())
  await until(async () => (await page.status({})).captioned === 1)
  const { ids } = await page.timelinePage({ query: '' })
  await page.setCaption({ photo: ids[0]!, text: 'Grandma’s lighthouse' })
  const phases = new Set<string>()
  page.on('progress', (works) => {
    for (const { phase } of works) phases.add(phase)
  })
  const [root] = await page.listFolders({})
  const added = await page.addListedFolder({ token: root!.token })
  assert.deepEqual([added.path, added.joined, added.photos], [folders.photos, [summer], 1])
  assert.ok(phases.has('join'))
  await drawSquares(join(folders.photos, 'two.jpg'), 'teal')
  await until(async () => (await page.status({})).photos === 2)
  assert.equal((await page.search({ query: 'lighthouse folder:summer' })).total, 1)
  assert.equal((await page.folders({})).length, 1)
})

test('a reset forgets everything, and leaves the words in a table and the library in a backup', async (t) => {
  const served = await serveFor(t)
  await drawSquares(join(served.photos, 'one.jpg'), 'navy')
  const page = await served.openPage(await served.enter())
  const [root] = await page.listFolders({})
  await page.addListedFolder({ token: root!.token })
  await until(async () => (await page.status({})).captioned === 1)
  const { ids } = await page.timelinePage({ query: '' })
  await page.setCaption({ photo: ids[0]!, text: 'Grandma’s lighthouse' })
  const told: string[] = []
  page.on('told', ({ message }) => told.push(message))
  await page.reset({})
  const { photos, folders } = await page.status({})
  assert.deepEqual([photos, folders], [0, []])
  const [file] = /\S+\.csv/.exec(told[0]!)!
  assert.match(readFileSync(file, 'utf8'), /Grandma’s lighthouse/)
  assert.ok((await page.backups({})).some(({ name }) => name.includes('-asked')))
})
