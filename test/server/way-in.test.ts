import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeLink } from '../../src-main/server/running-servers.ts'
import { cookieOf, makeFolders, refusedSocket, serveFor } from './served-library.ts'

// Who is let in by a server of this machine, and who is not.

test('a link opens the window once, for a browser that keeps its cookie', async (t) => {
  const { ask, enter, openPage, secret, port } = await serveFor(t)
  assert.equal((await ask('/')).status, 401)
  const opened = await ask(`/open/${secret}`, {
    headers: {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    },
  })
  assert.equal(opened.status, 200)
  const [set] = opened.headers['set-cookie']!
  assert.match(set!, new RegExp(`^lenslore-${port}=`))
  assert.match(set!, /; HttpOnly/)
  assert.match(set!, /; SameSite=Strict/)
  assert.equal(opened.headers['cache-control'], 'no-store')
  const cookie = cookieOf(opened.headers)
  const window = await ask('/', { headers: { cookie } })
  assert.equal(window.status, 200)
  assert.match(window.body.toString(), /The window/)
  const page = await openPage(cookie)
  assert.equal((await page.status({})).photos, 0)

  const again = await ask(`/open/${secret}`)
  assert.equal(again.status, 401)
  assert.equal(again.headers['set-cookie'], undefined)
  assert.match(again.body.toString(), /was used already/)
  await assert.rejects(enter('x'.repeat(43)))
  // Whoever is in already may open the address again, from the history.
  assert.equal((await ask(`/open/${secret}`, { headers: { cookie } })).status, 200)
})

test('a link that no page led to goes on to the window at once, with all that the page is made of', async (t) => {
  const { ask, secret } = await serveFor(t)
  const navigation = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  const opened = await ask(`/open/${secret}`, { headers: navigation })
  assert.equal(opened.status, 303)
  assert.equal(opened.headers.location, '/')
  const cookie = cookieOf(opened.headers)
  const window = await ask('/', { headers: { ...navigation, cookie } })
  assert.match(window.body.toString(), /The window/)
  assert.match(window.headers['content-type']!, /^text\/html/)
  assert.equal(window.headers['cache-control'], 'no-cache')
  const script = await ask('/assets/window-1a2b.js', { headers: { cookie } })
  assert.match(script.headers['content-type']!, /^text\/javascript/)
  assert.match(script.headers['cache-control']!, /immutable/)
  for (const path of ['/assets', '/assets/', '/assets/../index.html/', '/../library.sqlite', '/nothing.js'])
    assert.equal((await ask(path, { headers: { cookie } })).status, 404, path)
})

test('a browser that looks ahead does not use up a link', async (t) => {
  const { ask, enter, secret } = await serveFor(t)
  assert.equal((await ask(`/open/${secret}`, { headers: { 'sec-purpose': 'prefetch' } })).status, 401)
  await enter()
})

test('of two that use a link at once, one gets in', async (t) => {
  const { ask, secret } = await serveFor(t)
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(`/open/${secret}`)))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(401)])
})

test('another program of the owner prints another link, and none where no server runs', async (t) => {
  const served = await serveFor(t)
  const { directory, port, enter, close } = served
  const link = makeLink(directory)
  assert.match(link, new RegExp(`^http://127\\.0\\.0\\.1:${port}/open/`))
  await enter(link.split('/open/')[1])
  assert.throws(() => makeLink(directory, 1), { code: 'FILE_NOT_FOUND' })
  await close()
  assert.throws(() => makeLink(directory), { code: 'FILE_NOT_FOUND' })
})

test('a link is dead ten minutes after it was made', async (t) => {
  const { directory, port, ask, secret } = await serveFor(t)
  const links = join(directory, 'serve', String(port), 'links')
  const [file] = readdirSync(links)
  writeFileSync(join(links, file!), String(Date.now() - 1))
  assert.equal((await ask(`/open/${secret}`)).status, 401)
})

test('what the server keeps is for its owner alone, and lets nobody in who reads it', async (t) => {
  const { directory, port, enter, ask, secret } = await serveFor(t)
  const cookie = await enter()
  makeLink(directory)
  const folder = join(directory, 'serve', String(port))
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  assert.ok(files.length >= 3)
  const value = cookie.split('=')[1]!
  for (const { parentPath, name } of files) {
    const file = join(parentPath, name)
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o077, 0, file)
    assert.ok(![secret, value].some((each) => `${name} ${readFileSync(file, 'utf8')}`.includes(each)), file)
  }
  const [{ secretHash }] = JSON.parse(readFileSync(join(folder, 'sessions.json'), 'utf8'))
  assert.equal((await ask('/', { headers: { cookie: `lenslore-${port}=${secretHash}` } })).status, 401)
})

test('sessions are listed and ended, with their pages; and they outlive the server', async (t) => {
  const folders = makeFolders(t)
  const first = await serveFor(t, {}, folders)
  const { port } = first
  const [mine, other] = [
    await first.enter(),
    await first.enter(makeLink(folders.directory).split('/open/')[1]),
  ]
  const [page, otherPage] = [await first.openPage(mine), await first.openPage(other)]
  const sessions = await page.sessions({})
  assert.deepEqual(
    sessions.map(({ isOwn }) => isOwn),
    [true, false],
  )
  assert.ok((await page.host({})).can.includes('sessions'))
  await page.endSession({ id: sessions[1]!.id })
  assert.equal(await otherPage.closed, 4401)
  assert.equal((await first.ask('/', { headers: { cookie: other } })).status, 401)
  assert.equal(
    await refusedSocket(`ws://127.0.0.1:${port}/api`, { cookie: other, origin: `http://127.0.0.1:${port}` }),
    401,
  )
  await first.close()
  const second = await serveFor(t, { port }, folders)
  assert.equal((await second.ask('/', { headers: { cookie: mine } })).status, 200)
  assert.equal((await second.ask('/', { headers: { cookie: other } })).status, 401)
})

test('another name, another site and another port are refused, over HTTP and for a socket', async (t) => {
  const { ask, enter, port } = await serveFor(t)
  const cookie = await enter()
  const own = `http://127.0.0.1:${port}`
  const status = async (headers: Record<string, string>, path = '/', method = 'GET') =>
    (await ask(path, { method, headers: { cookie, ...headers } })).status
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1',
    '127.0.0.1:1',
    `127.0.0.1.:${port}`,
  ]) {
    assert.equal(await status({ host }), 403, host)
  }
  for (const host of [`localhost:${port}`, `[::1]:${port}`]) assert.equal(await status({ host }), 200, host)
  for (const origin of ['http://evil.example', 'http://127.0.0.1:1', `https://127.0.0.1:${port}`, 'null']) {
    assert.equal(await status({ origin }), 403, origin)
  }
  const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  assert.equal(await status({ 'sec-fetch-site': 'none', ...navigation }), 200)
  assert.equal(await status({ 'sec-fetch-site': 'same-origin' }), 200)
  for (const site of ['cross-site', 'same-site']) {
    assert.equal(await status({ 'sec-fetch-site': site }), 403)
    assert.equal(await status({ 'sec-fetch-site': site, ...navigation }), 403)
    assert.equal(
      await status({ 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' }, '/library/1/-/thumb'),
      403,
    )
    assert.equal(
      await status({ 'sec-fetch-site': site, ...navigation, 'sec-fetch-dest': 'iframe' }, '/open/x'),
      403,
    )
  }
  assert.equal(await status({ 'sec-fetch-site': 'none', ...navigation }, '/library/1/-/thumb'), 403)
  assert.equal(await status({}, '/files?kind=csv', 'POST'), 403)
  assert.equal(await status({ origin: own, 'sec-fetch-site': 'same-site' }, '/files?kind=csv', 'POST'), 403)

  const socket = `ws://127.0.0.1:${port}/api`
  assert.equal(await refusedSocket(socket, { cookie }), 403)
  assert.equal(await refusedSocket(socket, { cookie, origin: 'http://evil.example' }), 403)
  assert.equal(await refusedSocket(socket, { cookie, origin: own, host: `evil.example:${port}` }), 403)
  assert.equal(await refusedSocket(socket, { cookie, origin: own, 'sec-fetch-site': 'cross-site' }), 403)
  assert.equal(await refusedSocket(socket, { origin: own }), 401)
  assert.equal(await refusedSocket(`${socket}/x`, { cookie, origin: own }), 404)
})

test('every answer says what a page may do, and is guessed to be nothing else', async (t) => {
  const { ask, enter } = await serveFor(t)
  const cookie = await enter()
  const answers = [
    await ask('/'),
    await ask('/', { headers: { cookie } }),
    await ask('/', { headers: { host: 'evil.example' } }),
    await ask('/nothing', { headers: { cookie } }),
    await ask('/open/x'),
    await ask('/sign-in.css'),
  ]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [401, 200, 403, 404, 401, 200],
  )
  for (const { headers } of answers) {
    assert.match(String(headers['content-security-policy']), /^default-src 'none'; script-src 'self'/)
    assert.doesNotMatch(String(headers['content-security-policy']), /unsafe|\*/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['access-control-allow-origin'], undefined)
  }
})

test('what is not of the page is not served, however it is asked for', async (t) => {
  const { ask, enter, home } = await serveFor(t)
  const headers = { cookie: await enter() }
  writeFileSync(join(home, 'secret.txt'), 'secret')
  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/../../secret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/..\\secret.txt',
    '//secret.txt',
    `/${join(home, 'secret.txt')}`,
    '/library/../../secret.txt',
    '/library/%2e%2e%2f%2e%2e%2fsecret.txt',
    '/files/../../secret.txt',
    '/files/..%2f..%2fsecret.txt',
  ]) {
    const { status, body } = await ask(path, { headers })
    assert.notEqual(status, 200, path)
    assert.ok(!body.includes('secret'), path)
  }
  const asset = await ask('/assets/window-1a2b.js', { headers })
  assert.equal(asset.status, 200)
  assert.match(String(asset.headers['cache-control']), /immutable/)
  assert.equal((await ask('/', { headers })).headers['cache-control'], 'no-cache')
  assert.equal((await ask('/assets/window-1a2b.js')).status, 401)
})
