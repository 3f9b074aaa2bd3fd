import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { before, type TestContext, test } from 'node:test'
import { layOutPackage, openApp, type RunningApp } from './app-under-test.ts'
import { buildApp } from './build-app.ts'
import { chromiumMissing } from './chromium-missing.ts'

// Updates as a package has them: electron-updater itself, over a real HTTP server as its feed. What it puts in place at the end is an
// AppImage, so it runs on Linux alone.

before(buildApp)

const skip = process.platform === 'linux' ? chromiumMissing : 'only an AppImage is put in place here'
const newer = 'Lenslore-9.9.9.AppImage'

interface Feed {
  address: string
  /** What was asked of it, and with which headers. */
  asked: { path: string; headers: Record<string, unknown> }[]
  /** What comes when the new version is asked for: the file, a file that is not the announced one, a part of it, or nothing. */
  gives: 'all' | 'wrong' | 'part' | 'nothing'
  /** Sends what is left of a part. */
  goOn(): void
}

/** @param program of the new version */
async function openFeed(t: TestContext, program: string): Promise<Feed> {
  const sha512 = createHash('sha512').update(program).digest('base64')
  const announced = [
    'version: 9.9.9',
    'files:',
    `  - url: ${newer}`,
    `    sha512: ${sha512}`,
    `    size: ${program.length}`,
    `path: ${newer}`,
    `sha512: ${sha512}`,
    "releaseDate: '2026-01-01T00:00:00.000Z'",
  ].join('\n')
  let waiting: ServerResponse | undefined
  const feed: Feed = { address: '', asked: [], gives: 'all', goOn: () => waiting!.end(program.slice(10)) }
  const server = createServer(({ url, headers }, response) => {
    feed.asked.push({ path: url!.replace(/\?.*/, ''), headers })
    if (feed.gives === 'nothing') response.writeHead(503).end()
    else if (url!.startsWith('/latest-linux')) response.end(announced)
    else if (!url!.startsWith(`/${newer}`) || url!.includes('blockmap')) response.writeHead(404).end()
    else if (feed.gives === 'wrong') response.end(program.replace('new', 'old'))
    else if (feed.gives === 'part') {
      waiting = response.writeHead(200, { 'content-length': program.length })
      waiting.write(program.slice(0, 10))
    } else response.end(program)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  feed.address = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  return feed
}

/** A package as an AppImage starts it. @param feed that packaging named; none where it had no name */
async function openPackage(
  t: TestContext,
  { feed, home }: { feed?: Feed; home: string },
): Promise<RunningApp & { installed: string }> {
  const application = layOutPackage(t)
  const installed = join(home, 'Lenslore.AppImage')
  writeFileSync(installed, 'the version of before')
  chmodSync(installed, 0o755)
  if (feed) {
    const config = `provider: generic\nurl: ${feed.address}\nupdaterCacheDirName: lenslore-updater\n`
    writeFileSync(join(dirname(application), 'app-update.yml'), config)
  }
  const app = await openApp(t, { application, home, env: { APPIMAGE: installed } })
  return { ...app, installed }
}

function makeHome(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-updates-'))
  t.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }))
  return home
}

const lookSwitch = ({ page }: RunningApp) => page.getByRole('switch', { name: 'Look for them once a day' })

async function toSettings({ page }: RunningApp): Promise<void> {
  await page.evaluate(`location.hash = '#/settings/about'`)
  await page.getByRole('heading', { name: 'About' }).waitFor()
}

const asksOfMain = (app: RunningApp) =>
  app.inMain(({ asked }) =>
    asked.filter(({ name }) => name === 'net.request').map(({ args }) => args as [string, object, string]),
  )

test('nothing is asked before the person has agreed, nor after they took it back', {
  timeout: 240_000,
  skip,
}, async (t) => {
  const feed = await openFeed(t, 'new')
  const app = await openPackage(t, { feed, home: makeHome(t) })
  await toSettings(app)
  assert.equal(await lookSwitch(app).getAttribute('aria-checked'), 'false')
  const host = new URL(feed.address).host
  await app.page.getByText(`Asks ${host} which version of Lenslore is the newest.`).waitFor()
  await app.page.getByText('Nothing is sent anywhere.').waitFor()
  // Longer than a start waits before it would look.
  await new Promise((resolve) => setTimeout(resolve, 12_000))
  assert.equal(feed.asked.length, 0)
  assert.deepEqual(await asksOfMain(app), [])

  await lookSwitch(app).click()
  await app.page.getByText('Version 9.9.9 is there.').waitFor()
  await app.page.getByText(`Only ${host} is asked for newer versions`).waitFor()
  assert.deepEqual(new Set(feed.asked.map(({ path }) => path)), new Set(['/latest-linux.yml']))
  const { headers } = feed.asked[0]!
  assert.equal(headers['x-user-staging-id'], 'none')
  assert.equal(headers['user-agent'], 'electron-builder')
  assert.equal((await asksOfMain(app))[0]![2], 'electron-updater')

  const before = feed.asked.length
  await lookSwitch(app).click()
  await app.page.getByText('Nothing is sent anywhere.').waitFor()
  assert.equal(await lookSwitch(app).getAttribute('aria-checked'), 'false')
  assert.equal(feed.asked.length, before)
  assert.deepEqual(app.complaints, [])
  assert.equal(await app.quit(), 0)
  assert.equal(readFileSync(app.installed, 'utf8'), 'the version of before')
})

test('a package that names no place for updates says nothing of them', {
  timeout: 120_000,
  skip,
}, async (t) => {
  const app = await openPackage(t, { home: makeHome(t) })
  await toSettings(app)
  await app.page.getByText('Nothing is sent anywhere.').waitFor()
  assert.equal(await lookSwitch(app).count(), 0)
  assert.equal(await app.quit(), 0)
})

test('a version is downloaded after a question, seen coming, and put in place when the app ends', {
  timeout: 240_000,
  skip,
}, async (t) => {
  const home = makeHome(t)
  const ran = join(home, 'ran')
  const program = `#!/bin/sh\n# new\necho "$APPIMAGE_EXIT_AFTER_INSTALL" > '${ran}'\n`
  const feed = await openFeed(t, program)
  const app = await openPackage(t, { feed, home })
  const { page } = app
  await toSettings(app)
  await lookSwitch(app).click()
  await page.getByText('Version 9.9.9 is there.').waitFor()

  await page.getByRole('button', { name: 'Download' }).click()
  const question = page.getByRole('dialog', { name: 'Download version 9.9.9?' })
  await question.getByText(`from ${new URL(feed.address).host}`).waitFor()
  await question.getByRole('button', { name: 'Cancel' }).click()
  assert.ok(feed.asked.every(({ path }) => path === '/latest-linux.yml'))

  feed.gives = 'part'
  await page.getByRole('button', { name: 'Download' }).click()
  await question.getByRole('button', { name: 'Download' }).click()
  await page.getByRole('progressbar', { name: /^Downloading version 9\.9\.9: \d+%\.$/ }).waitFor()
  await until(() => feed.asked.some(({ path }) => path === `/${newer}`))
  feed.goOn()
  await page
    .getByText('Version 9.9.9 is downloaded. It is installed when you close Lenslore.')
    .first()
    .waitFor()
  assert.equal(readFileSync(app.installed, 'utf8'), 'the version of before')
  assert.deepEqual(app.complaints, [])
  assert.equal(await app.quit(), 0)
  assert.equal(readFileSync(app.installed, 'utf8'), program)
  assert.equal(readFileSync(ran, 'utf8'), 'true\n')

  await t.test('the next start tells where it did not become the new version', async (t) => {
    const again = await openPackage(t, { feed, home })
    const words = 'Version 9.9.9 could not be installed. Nothing is lost'
    await toSettings(again)
    await again.page.locator('footer').getByText(words).waitFor()
    await again.page.locator('.problem').getByText(words).waitFor()
    assert.equal(await again.quit(), 0)
  })
})

test('what goes wrong is told once, and can be tried again; what is taken back is not installed', {
  timeout: 240_000,
  skip,
}, async (t) => {
  const home = makeHome(t)
  const feed = await openFeed(t, 'new')
  feed.gives = 'nothing'
  const app = await openPackage(t, { feed, home })
  const { page } = app
  const toldInStatus = page.locator('footer').getByText('Newer versions could not be looked for')
  await toSettings(app)
  await lookSwitch(app).click()
  await toldInStatus.waitFor()
  const problem = page.locator('.problem')
  await problem.getByText('does not answer').waitFor()
  await toldInStatus.waitFor({ state: 'detached' })
  const before = feed.asked.length
  await page.getByRole('button', { name: 'Look now' }).click()
  await until(() => feed.asked.length > before)
  await problem.getByText('does not answer').waitFor()
  assert.equal(await toldInStatus.count(), 0)

  feed.gives = 'wrong'
  await page.getByRole('button', { name: 'Look now' }).click()
  await page.getByRole('button', { name: 'Download' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Download' }).click()
  await problem.getByText('what came is not what was announced, and is thrown away').waitFor()

  feed.gives = 'all'
  await page.getByRole('button', { name: 'Download' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Download' }).click()
  await page.getByText('Version 9.9.9 is downloaded.').first().waitFor()
  await lookSwitch(app).click()
  await page.getByText('Nothing is sent anywhere.').waitFor()
  assert.deepEqual(app.complaints, [])
  assert.equal(await app.quit(), 0)
  assert.equal(readFileSync(app.installed, 'utf8'), 'the version of before')
  assert.ok(!existsSync(join(home, newer)))
})

async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 30_000
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`It never came to be so: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
