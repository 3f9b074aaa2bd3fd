import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { setPassword } from '../../src-main/server/serve-library.ts'
import { createSignInTries } from '../../src-main/server/sign-in-tries.ts'
import { cookieOf, makeFolders, refusedSocket, type ServedLibrary, serveFor } from './served-library.ts'

// Who reaches a server from beyond this machine, and with what. The certificate is for photos.test, localhost and 127.0.0.1.

const tls = Object.fromEntries(
  (['certificate', 'key'] as const).map((name) => [
    name,
    fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url)),
  ]),
) as { certificate: string; key: string }
const password = 'a long way to the lighthouse'
const proxy = 'https://photos.example'

async function signIn(served: ServedLibrary, tried: string, headers: Record<string, string> = {}) {
  return served.ask('/sign-in', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams({ password: tried }).toString(),
  })
}

async function serveBehindProxy(t: TestContext) {
  const folders = makeFolders(t)
  await setPassword(folders.directory, password)
  const served = await serveFor(t, { behindProxy: proxy }, folders)
  return { served, headers: { host: 'photos.example', origin: proxy } }
}

test('other machines are refused without a certificate or a proxy, and without a password, each in a sentence', async (t) => {
  const folders = makeFolders(t)
  const refusals: [Parameters<typeof serveFor>[1], RegExp][] = [
    [{ host: '0.0.0.0' }, /only with a certificate \(--tls-cert, --tls-key\) or --behind-proxy/],
    [{ host: '::' }, /only with a certificate/],
    [{ host: '192.168.1.5' }, /only with a certificate/],
    [{ host: 'photos.example' }, /no address of this machine/],
    [{ host: '0.0.0.0', tlsCert: tls.certificate, tlsKey: tls.key }, /needs a password/],
    [{ host: '0.0.0.0', behindProxy: proxy }, /needs a password/],
    [{ behindProxy: proxy }, /needs a password/],
    [{ tlsCert: tls.certificate }, /go together/],
    [{ behindProxy: 'http://photos.example' }, /address of the proxy/],
    [{ behindProxy: 'https://photos.example/under' }, /address of the proxy/],
    [{ behindProxy: 'yes' }, /address of the proxy/],
  ]
  for (const [options, sentence] of refusals) {
    await assert.rejects(serveFor(t, options, folders), (error: Error & { code?: string }) => {
      assert.match(error.message, sentence)
      return error.code === 'INVALID_ARGUMENT'
    })
  }
  await assert.rejects(serveFor(t, { tlsCert: join(folders.home, 'none'), tlsKey: tls.key }, folders), {
    code: 'FILE_NOT_FOUND',
  })
  await assert.rejects(setPassword(folders.directory, 'short'), { code: 'INVALID_ARGUMENT' })
})

test('behind a proxy the password lets in, a cookie for it alone, and the names are the proxy’s', async (t) => {
  const { served, headers } = await serveBehindProxy(t)
  const { ask, port } = served
  const door = await ask('/', { headers: { host: headers.host } })
  assert.equal(door.status, 401)
  assert.match(door.body.toString(), /<input id="password"/)
  assert.equal((await ask('/')).status, 403)
  assert.equal((await signIn(served, password, { ...headers, origin: 'https://evil.example' })).status, 403)
  assert.equal((await signIn(served, password, { host: headers.host })).status, 403)

  const wrong = await signIn(served, 'not the way to it', headers)
  assert.equal(wrong.status, 401)
  assert.equal(wrong.headers['set-cookie'], undefined)
  const right = await signIn(served, password, headers)
  assert.equal(right.status, 303)
  assert.equal(right.headers.location, '/')
  const [set] = right.headers['set-cookie']!
  assert.match(set!, new RegExp(`^__Host-lenslore-${port}=.*; HttpOnly; Secure; SameSite=Strict`))
  const cookie = cookieOf(right.headers)
  assert.equal((await ask('/', { headers: { host: headers.host, cookie } })).status, 200)
  assert.equal(
    await refusedSocket(`ws://127.0.0.1:${port}/api`, { cookie, origin: `http://127.0.0.1:${port}` }),
    403,
  )
  const page = await served.openPage(cookie, headers)
  assert.equal((await page.status({})).photos, 0)
})

test('after five wrong passwords an address waits, however it calls itself; another one does not', async (t) => {
  const { served, headers } = await serveBehindProxy(t)
  const from = (address: string) => ({ ...headers, 'x-forwarded-for': `8.8.8.8, ${address}` })
  const answers = await Promise.all(
    Array.from({ length: 7 }, (_, at) => signIn(served, `wrong password ${at}`, from('203.0.113.7'))),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [401, 401, 401, 401, 401, 429, 429])
  const late = await signIn(served, password, from('203.0.113.7'))
  assert.equal(late.status, 429)
  assert.equal(late.headers['retry-after'], '900')
  assert.equal(late.headers['set-cookie'], undefined)
  const invented = { ...headers, 'x-forwarded-for': '9.9.9.9, 203.0.113.7' }
  assert.equal((await signIn(served, password, invented)).status, 429)
  assert.equal((await signIn(served, password, from('203.0.113.8'))).status, 303)
  const large = await signIn(served, 'x'.repeat(100_000), from('203.0.113.9'))
  assert.equal(large.status, 413)
})

test('tries are counted by address, by network where it is of version 6, and all together, for a quarter of an hour', () => {
  let nowMs = 0
  const tries = createSignInTries(() => nowMs)
  const triesOf = (address: string) =>
    Array.from({ length: 7 }, () => tries.begin(address)).filter(Boolean).length
  assert.equal(triesOf('203.0.113.7'), 5)
  assert.equal(triesOf('2001:db8:1:2:aaaa::1'), 5)
  assert.equal(triesOf('2001:db8:1:2:bbbb::2'), 0)
  assert.equal(triesOf('2001:db8:1:3::1'), 5)
  tries.wasRight('203.0.113.7')
  assert.equal(triesOf('203.0.113.7'), 5)
  for (let host = 1; host <= 20; host++) triesOf(`198.51.100.${host}`)
  assert.equal(tries.begin('192.0.2.1'), false)
  nowMs += 15 * 60_000
  assert.equal(triesOf('203.0.113.7'), 5)
})

test('without a password nobody gets in with one, and it is written down as a hash alone', async (t) => {
  const served = await serveFor(t)
  const origin = `http://127.0.0.1:${served.port}`
  assert.equal((await signIn(served, '', { origin })).status, 404)
  await setPassword(served.directory, password)
  const text = readFileSync(join(served.directory, 'serve', 'password.json'), 'utf8')
  assert.ok(!text.includes(password))
  assert.deepEqual(Object.keys(JSON.parse(text)).sort(), ['hash', 'salt'])
  // One that is set, or changed, while the server runs is known to it at once.
  assert.equal((await signIn(served, password, { origin })).status, 303)
  await setPassword(served.directory, `${password} at night`)
  assert.equal((await signIn(served, password, { origin })).status, 401)
})

test('with a certificate the window is reached under its names alone', async (t) => {
  const folders = makeFolders(t)
  await setPassword(folders.directory, password)
  const options = { host: '0.0.0.0', tlsCert: tls.certificate, tlsKey: tls.key }
  const served = await serveFor(t, options, folders)
  const { ask, enter, openPage, port } = served
  const cookie = await enter()
  assert.match(cookie, /^__Host-/)
  for (const name of ['photos.test', 'localhost', '127.0.0.1']) {
    assert.equal((await ask('/', { headers: { cookie, host: `${name}:${port}` } })).status, 200, name)
  }
  for (const host of [
    `evil.example:${port}`,
    'photos.test',
    `192.168.1.5:${port}`,
    `x@photos.test:${port}`,
  ]) {
    assert.ok([400, 403].includes((await ask('/', { headers: { cookie, host } })).status), host)
  }
  const page = await openPage(cookie)
  assert.equal((await page.status({})).photos, 0)
})

test('the home is listed to this machine alone; elsewhere what was allowed', async (t) => {
  const here = await serveFor(t, { allow: undefined })
  const page = await here.openPage(await here.enter())
  const [home] = await page.listFolders({})
  assert.ok(home && homedir().endsWith(home.name))
  const folders = makeFolders(t)
  await setPassword(folders.directory, password)
  const there = await serveFor(t, { allow: undefined, behindProxy: proxy }, folders)
  const headers = { host: 'photos.example', origin: proxy }
  const right = await signIn(there, password, headers)
  const other = await there.openPage(cookieOf(right.headers), headers)
  assert.deepEqual(await other.listFolders({}), [])
})
