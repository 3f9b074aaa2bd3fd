import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { makeLink } from '../../src-main/server/running-servers.ts'
import { setPassword } from '../../src-main/server/serve-library.ts'
import { until } from '../library/library-under-test.ts'
import { drawSquares } from '../processes/library-in-process.ts'
import { browserProgram } from './browser-program.ts'
import { makeFolders, serveFor } from './served-library.ts'

// What a real browser sends with its cookies, forms and sockets, which no request of ours can show.

const program = browserProgram()
const skip = program ? false : 'there is no Chromium here'

async function openBrowser(t: TestContext, options: Parameters<Browser['newContext']>[0] = {}) {
  const browser = await chromium.launch({ executablePath: program!, args: ['--no-sandbox'] })
  t.after(() => browser.close())
  return browser.newContext(options)
}

/** Any page of another origin, to run what it would try. */
async function serveOther(t: TestContext): Promise<string> {
  const other = createServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>Another site</title>')
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    other.closeAllConnections()
    other.close()
  })
  return `http://127.0.0.1:${(other.address() as AddressInfo).port}`
}

test('a link that is followed from another page opens the window, and again without it', {
  skip,
}, async (t) => {
  const { port, secret } = await serveFor(t)
  const other = await serveOther(t)
  const context = await openBrowser(t)
  const page = await context.newPage()
  await page.goto(other)
  const address = `http://127.0.0.1:${port}`
  await page.evaluate(`location.assign('${address}/open/${secret}')`)
  await page.waitForURL(`${address}/`)
  assert.equal(await page.title(), 'The window')
  await page.reload()
  assert.equal(await page.title(), 'The window')
  const another = await context.newPage()
  await another.goto(`${address}/`)
  assert.equal(await another.title(), 'The window')
})

test('a form with the password lets in over https', { skip }, async (t) => {
  const folders = makeFolders(t)
  await setPassword(folders.directory, 'a long way to the lighthouse')
  const [tlsCert, tlsKey] = ['certificate', 'key'].map((name) =>
    fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url)),
  ) as [string, string]
  const { port } = await serveFor(t, { tlsCert, tlsKey }, folders)
  const context = await openBrowser(t, { ignoreHTTPSErrors: true })
  const page = await context.newPage()
  await page.goto(`https://localhost:${port}/`)
  await page.fill('#password', 'the way to somewhere else')
  await page.click('button')
  await page.getByText('That is not the password.').waitFor()
  await page.fill('#password', 'a long way to the lighthouse')
  await page.click('button')
  await page.waitForURL(`https://localhost:${port}/`)
  assert.equal(await page.title(), 'The window')
  assert.deepEqual(
    (await context.cookies()).map(({ name, httpOnly, secure, sameSite }) => [
      name,
      httpOnly,
      secure,
      sameSite,
    ]),
    [[`__Host-lenslore-${port}`, true, true, 'Strict']],
  )
})

test('a page on another port of this machine gets nothing, though the browser sends it the cookie', {
  skip,
}, async (t) => {
  const { port, secret, photos, enter, openPage, directory } = await serveFor(t)
  await drawSquares(join(photos, 'one.jpg'), 'navy')
  const address = `http://127.0.0.1:${port}`
  const context = await openBrowser(t)
  const window = await context.newPage()
  await window.goto(`${address}/open/${secret}`)
  await window.waitForURL(`${address}/`)

  const own = await openPage(await enter(makeLink(directory).split('/open/')[1]))
  const [root] = await own.listFolders({})
  await own.addListedFolder({ token: root!.token })
  await until(async () => (await own.status({})).captioned === 1)
  const picture = `${address}/library/1/-/thumb`

  assert.deepEqual(await tryAll(context, address, picture, address), {
    image: 'shown',
    fetched: '200',
    socket: 'open',
    frame: 'refused',
  })
  assert.deepEqual(await tryAll(context, await serveOther(t), picture, address), {
    image: 'refused',
    fetched: 'refused',
    socket: 'refused',
    frame: 'refused',
  })
})

/** What a page of one origin can get of the server. The tests know no types of browsers, so this is text. */
const trying = (picture: string, address: string) => `(async () => {
  const image = await new Promise((resolve) => {
    const element = new Image()
    element.onload = () => resolve('shown')
    element.onerror = () => resolve('refused')
    element.src = '${picture}'
  })
  const fetched = await fetch('${picture}', { credentials: 'include' }).then(
    ({ status }) => String(status),
    () => 'refused',
  )
  const socket = await new Promise((resolve) => {
    const line = new WebSocket('${address.replace('http', 'ws')}/api')
    line.onopen = () => resolve('open')
    line.onerror = () => resolve('refused')
  })
  const frame = document.createElement('iframe')
  await new Promise((resolve) => {
    frame.onload = resolve
    frame.src = '${address}/'
    document.body.append(frame)
  })
  return { image, fetched, socket }
})()`

async function tryAll(context: BrowserContext, from: string, picture: string, address: string) {
  const page = await context.newPage()
  await page.goto(from)
  const got = (await page.evaluate(trying(picture, address))) as Record<string, string>
  const [, frame] = page.frames()
  const title = await frame?.title().catch(() => '')
  await page.close()
  return { ...got, frame: title === 'The window' ? 'shown' : 'refused' }
}
