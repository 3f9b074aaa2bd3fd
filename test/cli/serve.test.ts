import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isPassword } from '../../src-main/server/password.ts'
import { pageBuild } from '../../src-main/start/up-to-date.ts'
import { buildOnce } from '../built.ts'
import { makeTemporaryFolder, runLenslore, startLenslore } from './lenslore.ts'

test('serve refuses what is not safe before it opens anything, in a sentence', async (t) => {
  const data = makeTemporaryFolder(t)
  for (const [args, sentence] of [
    [['--host', '0.0.0.0'], /only with a certificate/],
    [['--behind-proxy', 'https://photos.example'], /needs a password/],
  ] as const) {
    const { status, stderr, stdout } = await runLenslore(data, 'serve', ...args)
    assert.equal(status, 2)
    assert.match(stderr, sentence)
    assert.equal(stderr.trim().split('\n').length, 1)
    assert.equal(stdout, '')
  }
  assert.equal(existsSync(join(data, 'library', 'library.sqlite')), false)
})

test('serve --link says where no server runs', async (t) => {
  const { status, stderr } = await runLenslore(makeTemporaryFolder(t), 'serve', '--link')
  assert.equal(status, 3)
  assert.match(stderr, /No "lenslore serve" runs/)
})

test('a password is taken from stdin, and none that is short', async (t) => {
  const data = makeTemporaryFolder(t)
  const set = async (password: string) => {
    const { child, finished } = startLenslore(data, 'serve', '--set-password')
    child.stdin!.end(`${password}\nanother line\n`)
    return (await finished).status
  }
  assert.equal(await set('short'), 2)
  assert.equal(await set('a long way to the lighthouse'), 0)
  assert.equal(await isPassword(join(data, 'library'), 'a long way to the lighthouse'), true)
  assert.equal(await isPassword(join(data, 'library'), 'a long way to the lighthous'), false)
})

test('what comes after the folder of --allow is a folder to be opened', async (t) => {
  const data = makeTemporaryFolder(t)
  const [allowed, opened] = ['allowed', 'opened'].map((name) => join(data, name)) as [string, string]
  for (const folder of [allowed, opened]) mkdirSync(folder)
  await buildOnce(pageBuild)
  const { child, finished } = startLenslore(data, 'serve', '--port', '0', '--allow', allowed, opened)
  t.after(() => child.kill('SIGKILL'))
  const ended = finished.then(({ stderr }) => Promise.reject(new Error(`It ended: ${stderr}`)))
  await Promise.race([once(child.stdout!, 'data'), ended])
  ended.catch(() => {})
  child.kill('SIGTERM')
  await finished
  const { stdout } = await runLenslore(data, 'status', '--json')
  assert.match(stdout, /opened/)
  assert.doesNotMatch(stdout, /allowed/)
})
