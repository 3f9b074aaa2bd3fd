import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { linksIn } from '../../src-main/server/links.ts'
import { sessionLivesMs, sessionsIn } from '../../src-main/server/sessions.ts'
import { makeTemporaryFolder } from '../cli/lenslore.ts'

const minuteMs = 60_000

test('a link lives for ten minutes and one use', (t) => {
  const folder = makeTemporaryFolder(t)
  let nowMs = 1_000_000
  const links = linksIn(folder, () => nowMs)
  const [one, two] = [links.make(), links.make()]
  nowMs += 10 * minuteMs - 1
  assert.equal(links.use(one), true)
  assert.equal(links.use(one), false)
  nowMs += 1
  assert.equal(links.use(two), false)
  assert.equal(links.use('../../sessions.json'), false)
})

test('a link of a clock that was set back is not longer a link for that', (t) => {
  let nowMs = 100 * minuteMs
  const links = linksIn(makeTemporaryFolder(t), () => nowMs)
  const link = links.make()
  nowMs = minuteMs
  assert.equal(links.use(link), false)
})

test('a session ends when it was not seen for thirty days, whoever asks', (t) => {
  const folder = makeTemporaryFolder(t)
  let nowMs = 1_000_000
  const sessions = sessionsIn(folder, () => nowMs)
  const [seen, unseen] = [sessions.begin(), sessions.begin()]
  nowMs += sessionLivesMs - 1
  assert.ok(sessions.find(seen))
  nowMs += 2
  const ended: string[] = []
  sessions.onEnd((id) => ended.push(id))
  assert.equal(sessions.find(unseen), undefined)
  assert.equal(ended.length, 1)
  assert.ok(sessions.find(seen))
  assert.equal(sessions.find(undefined), undefined)
  // Another server of the folder knows it, too, and when it was seen.
  assert.ok(sessionsIn(folder, () => nowMs + sessionLivesMs - 2 * minuteMs).find(seen))
})

test('a disk that is full keeps nobody out who was let in', (t) => {
  const folder = makeTemporaryFolder(t)
  let nowMs = 1_000_000
  const sessions = sessionsIn(folder, () => nowMs)
  const secret = sessions.begin()
  const file = join(folder, 'sessions.json')
  const written = readFileSync(file)
  // No file is written where a folder is.
  rmSync(file)
  mkdirSync(join(file, 'below'), { recursive: true })
  nowMs += 2 * minuteMs
  assert.ok(sessions.find(secret))
  assert.throws(() => sessions.begin(), { code: 'WRITE_FAILED' })

  rmSync(file, { recursive: true })
  nowMs += 2 * minuteMs
  assert.ok(sessions.find(secret))
  assert.notDeepEqual(readFileSync(file), written)
})

test('a hundred sessions are kept, those that were seen last', (t) => {
  let nowMs = 1_000_000
  const sessions = sessionsIn(makeTemporaryFolder(t), () => nowMs++)
  const secrets = Array.from({ length: 100 }, () => sessions.begin())
  assert.ok(sessions.find(secrets[0]))
  sessions.begin()
  assert.equal(sessions.list().length, 100)
  assert.ok(sessions.find(secrets[0]))
  assert.equal(sessions.find(secrets[1]), undefined)
})

test('a damaged file of sessions lets nobody in, and is written anew', (t) => {
  const folder = makeTemporaryFolder(t)
  const secret = sessionsIn(folder).begin()
  const file = join(folder, 'sessions.json')
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, -5))
  const sessions = sessionsIn(folder)
  assert.equal(sessions.find(secret), undefined)
  assert.ok(sessionsIn(folder).list().length === 0 && sessions.find(sessions.begin()))
})
