import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { electronProgram, fetchElectron } from '../../src-main/start/electron-program.ts'
import { reasonOfToday, rememberReason } from '../../src-main/start/no-window-today.ts'
import { type StartOptions, start } from '../../src-main/start/start.ts'
import { bringUpToDate } from '../../src-main/start/up-to-date.ts'
import { makeTemporaryFolder } from '../cli/lenslore.ts'

// What `npm start` decides. The programs that it starts here are real ones, small, in the places of the big ones.

const dayMs = 86_400_000

/** A checkout whose builds copy a source, and whose Electron is installed by a program of the test. */
function makeCheckout(t: TestContext) {
  const checkout = makeTemporaryFolder(t)
  const write = (file: string, text: string) => {
    mkdirSync(join(checkout, file, '..'), { recursive: true })
    writeFileSync(join(checkout, file), text)
  }
  for (const folder of ['src-renderer', 'src-main/contract', 'src-main/channels'])
    write(`${folder}/a.ts`, '1')
  for (const file of ['package-lock.json', 'tsconfig.json']) write(file, '{}')
  const countBuild = (name: string, made: string) => `
    const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs')
    mkdirSync(require('node:path').dirname('out/${made}'), { recursive: true })
    writeFileSync('out/${made}', '')
    appendFileSync('out/${name}-builds', 'x')`
  write('node_modules/vite/bin/vite.js', countBuild('page', 'page/index.html'))
  write('build/programs.ts', countBuild('main', 'desktop/main.js'))
  const builds = (name: string) =>
    existsSync(join(checkout, 'out', `${name}-builds`))
      ? readFileSync(join(checkout, 'out', `${name}-builds`), 'utf8').length
      : 0
  /** @param installer Node program in the place of the package's own */
  const offerElectron = (installer: string) => write('node_modules/electron/install.js', installer)
  return { checkout, write, builds, offerElectron }
}

/** Writes a window program that does what `shell` says, and its place. */
const installing = (shell: string) => `
  const { chmodSync, mkdirSync, writeFileSync } = require('node:fs')
  mkdirSync(__dirname + '/dist', { recursive: true })
  writeFileSync(__dirname + '/dist/electron', ${JSON.stringify(`#!/bin/sh\n${shell}\n`)})
  chmodSync(__dirname + '/dist/electron', 0o755)
  writeFileSync(__dirname + '/path.txt', 'electron')`

function startIn(checkout: string, args: string[], options: Partial<StartOptions> = {}) {
  const ran: string[][] = []
  const said: string[] = []
  const status = start(args, {
    checkout,
    environment: { ...process.env, CI: '', DISPLAY: ':1' },
    platform: 'linux',
    isTerminal: true,
    runCommandLine: async (commands) => {
      ran.push(commands)
      return 7
    },
    say: (sentence) => void said.push(sentence),
    showProgress: () => {},
    ...options,
  })
  return { ran, said, status }
}

test('without anybody to see a window the folders are captioned as ever, and nothing is built', async (t) => {
  const { checkout, builds } = makeCheckout(t)
  const cases: [string[], Partial<StartOptions>][] = [
    [['photos'], { isTerminal: false }],
    [['--headless', 'photos'], {}],
    [['photos'], { environment: { CI: 'true', DISPLAY: ':1' } }],
  ]
  for (const [args, options] of cases) {
    const { ran, status } = startIn(checkout, args, options)
    assert.equal(await status, 7)
    assert.deepEqual(ran, [['run', 'photos']])
  }
  const { ran, status } = startIn(checkout, ['--watch', 'photos'])
  await status
  assert.deepEqual(ran, [['run', '--watch', 'photos']])
  assert.equal(builds('page'), 0)
})

test('the page is built once, and again when a source of it changes', async (t) => {
  const { checkout, builds, write } = makeCheckout(t)
  await startIn(checkout, ['--browser']).status
  await startIn(checkout, ['--browser'], { isTerminal: false }).status
  assert.equal(builds('page'), 1)
  write('src-renderer/grid/b.ts', '2')
  const { ran, said, status } = startIn(checkout, ['--browser', 'photos', '--port', '0'])
  assert.equal(await status, 7)
  assert.equal(builds('page'), 2)
  assert.match(said[0]!, /^Building the window/)
  assert.deepEqual(ran, [['serve', 'photos', '--port', '0']])
  write('tsconfig.json', '{ "compilerOptions": {} }')
  await startIn(checkout, ['--browser']).status
  assert.equal(builds('page'), 3)
})

test('a page that was deleted is built again', async (t) => {
  const { checkout, builds } = makeCheckout(t)
  await startIn(checkout, ['--browser']).status
  rmSync(join(checkout, 'out', 'page'), { recursive: true })
  await startIn(checkout, ['--browser']).status
  assert.equal(builds('page'), 2)
})

test('a build that fails says why, and is tried again', async (t) => {
  const { checkout, write } = makeCheckout(t)
  write('bad.mjs', 'console.log("the reason"); process.exit(1)')
  const build = { name: 'bad', made: 'out/bad', sources: ['package-lock.json'], program: ['bad.mjs'] }
  for (let tries = 0; tries < 2; tries++) {
    await assert.rejects(
      bringUpToDate(checkout, build, () => {}),
      /the reason/,
    )
  }
})

test('without a display the window is the browser’s', async (t) => {
  const { checkout, offerElectron } = makeCheckout(t)
  offerElectron('process.exit(1)')
  const { ran, said, status } = startIn(checkout, ['photos'], { environment: {} })
  assert.equal(await status, 7)
  assert.deepEqual(ran, [['serve', 'photos']])
  assert.match(said.at(-1)!, /no display/)
  assert.equal(existsSync(join(checkout, 'out', 'no-window.json')), false)
})

test('Electron is fetched once, and opens the window with the folders', {
  skip: process.platform === 'win32',
}, async (t) => {
  const { checkout, builds, offerElectron } = makeCheckout(t)
  offerElectron(installing('echo "$@" > "$1/asked"; exit 0'))
  const first = startIn(checkout, ['photos'])
  assert.equal(await first.status, 0)
  assert.deepEqual(first.ran, [])
  assert.equal(readFileSync(join(checkout, 'asked'), 'utf8'), `${checkout} photos\n`)
  assert.equal(builds('main'), 1)
  offerElectron('process.exit(1)')
  assert.equal(await startIn(checkout, []).status, 0)
})

test('what cannot be fetched is not tried again that day', async (t) => {
  const { checkout, offerElectron } = makeCheckout(t)
  offerElectron('process.exit(1)')
  const first = startIn(checkout, ['photos'])
  assert.equal(await first.status, 7)
  assert.deepEqual(first.ran, [['serve', 'photos']])
  assert.match(first.said.at(-1)!, /cannot be fetched/)
  offerElectron(installing('exit 0'))
  const again = startIn(checkout, ['photos'])
  assert.equal(await again.status, 7)
  assert.match(again.said.at(-1)!, /tried today/)
  const note = join(checkout, 'out', 'no-window.json')
  rememberReason(note, 'It did not', Date.now() - dayMs - 1)
  assert.equal(await startIn(checkout, ['photos']).status, process.platform === 'win32' ? 7 : 0)
})

test('a window that does not open is not tried again that day', {
  skip: process.platform === 'win32',
}, async (t) => {
  const { checkout, offerElectron } = makeCheckout(t)
  offerElectron(installing('exit 127'))
  const { ran, said, status } = startIn(checkout, ['photos'])
  assert.equal(await status, 7)
  assert.deepEqual(ran, [['serve', 'photos']])
  assert.match(said.at(-1)!, /does not open on this machine/)
  assert.match(reasonOfToday(join(checkout, 'out', 'no-window.json'))!, /does not open/)
})

test('a download of which nothing comes is given up, and its folder is gone; one that grows is told of', async (t) => {
  const { checkout, offerElectron } = makeCheckout(t)
  const folder = join(checkout, 'node_modules', 'electron')
  offerElectron('console.log(process.env.TMPDIR); setInterval(() => {}, 1000)')
  assert.equal(await fetchElectron(folder, { onProgress: () => {}, silentMs: 600 }), false)
  offerElectron(`
    require('node:fs').writeFileSync(require('node:os').tmpdir() + '/electron.zip', Buffer.alloc(5000))
    require('node:fs').writeFileSync(__dirname + '/where', require('node:os').tmpdir())
    setTimeout(() => {}, 1500)`)
  const told = new Set<number>()
  await fetchElectron(folder, { onProgress: (bytes) => told.add(bytes) })
  assert.ok(told.has(5000))
  assert.equal(existsSync(readFileSync(join(folder, 'where'), 'utf8')), false)
  assert.equal(electronProgram(folder), undefined)
})
