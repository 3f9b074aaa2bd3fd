import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  isAnswering,
  isReadUnanswered,
  type ReadingOptions,
  readRegularFile,
  readWholeFile,
} from '../../src-main/files/regular-file.ts'
import { makeTemporaryFolder } from '../cli/lenslore.ts'
import { mountHungDrive } from './hung-drive.ts'

function readFirst(path: string, options?: ReadingOptions): Promise<string> {
  return readRegularFile(
    path,
    'it',
    async (file) => {
      const bytes = Buffer.alloc(20)
      return bytes.toString('utf8', 0, await file.read(bytes, 0))
    },
    options,
  )
}

test('a regular file is read, also by a link; nothing else is', async (t) => {
  const home = makeTemporaryFolder(t)
  const at = (name: string) => join(home, name)
  writeFileSync(at('file'), 'what it says')
  symlinkSync('file', at('link'))
  symlinkSync('loop', at('loop'))
  symlinkSync('/dev/zero', at('device'))
  mkdirSync(at('folder'))
  execFileSync('mkfifo', [at('pipe')])
  assert.equal(await readFirst(at('file')), 'what it says')
  assert.equal((await readWholeFile(at('link'), 'it')).toString(), 'what it says')
  const unreadable = 'FILE_UNREADABLE'
  await assert.rejects(readFirst(at('pipe')), {
    code: unreadable,
    message: /^it cannot be read: it is no file/,
  })
  await assert.rejects(readFirst(at('device')), { code: unreadable, message: /it is no file/ })
  await assert.rejects(readFirst(at('folder')), { code: unreadable, message: /it is a folder/ })
  await assert.rejects(readFirst(at('loop')), { code: unreadable, message: /its link leads nowhere/ })
  await assert.rejects(readFirst(at('n'.repeat(300))), { code: unreadable, message: /is longer than/ })
  await assert.rejects(readFirst(at('gone')), { code: 'FILE_NOT_FOUND' })
  assert.equal(isReadUnanswered(), false)
})

test('a drive that does not answer keeps nobody waiting, leaves a thread to all else, and is forgotten when it is pulled out', async (t) => {
  const drive = mountHungDrive(t)
  if (!drive) return
  const home = makeTemporaryFolder(t)
  writeFileSync(join(home, 'good'), 'good')
  const hung = join(drive.folder, 'hangs.jpg')
  const soon = { answersWithinMs: 100 }
  const notAnswering = { code: 'FILE_UNAVAILABLE', message: /its drive does not answer/ }
  await assert.rejects(readFirst(hung, soon), notAnswering)
  assert.equal(isReadUnanswered(), true)
  assert.equal(await readFirst(join(home, 'good')), 'good')
  const read = await Promise.allSettled([1, 2, 3, 4, 5, 6].map(() => readFirst(hung, soon)))
  assert.deepEqual(
    read.map(({ status }) => status),
    Array(6).fill('rejected'),
  )
  // All that wait for a drive do; Node's own calls are still answered.
  await assert.rejects(readFirst(join(home, 'good')), notAnswering)
  assert.ok(await crypto.subtle.digest('SHA-256', new Uint8Array(1)))

  drive.pullOut()
  while (isReadUnanswered()) await new Promise(setImmediate)
  for (const _ of [1, 2, 3, 4]) assert.equal(await readFirst(join(home, 'good')), 'good')
})

test('a folder whose drive does not answer takes one thread, however often it is asked', async (t) => {
  const drive = mountHungDrive(t, 'mount')
  if (!drive) return
  const home = makeTemporaryFolder(t)
  writeFileSync(join(home, 'good'), 'good')
  await drive.hangs
  for (const _ of [1, 2, 3, 4]) assert.equal(await isAnswering(drive.folder, { answersWithinMs: 100 }), false)
  assert.equal(await isAnswering(home), true)
  assert.equal(await readFirst(join(home, 'good')), 'good')

  drive.pullOut()
  while (isReadUnanswered()) await new Promise(setImmediate)
  assert.equal(await isAnswering(drive.folder), true, 'be it with an error')
})
