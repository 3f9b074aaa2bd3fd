import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { formatUpdate } from '../../src-main/cli/progress-line.ts'
import { listBackups } from '../../src-main/library/store/backups.ts'
import { lockAlone } from '../../src-main/library/store/lock.ts'
import { databaseFileIn } from '../../src-main/library/store/store.ts'
import { makeOldLibrary } from '../library/store/old-library.ts'
import { makeTemporaryFolder, startLenslore } from './lenslore.ts'

test('a line says which step of an update is under way, and for how long, in the width that there is', () => {
  assert.equal(
    formatUpdate({ phase: 'backup', done: 0, total: 5 }, 2100, 80),
    'Updating the library: a backup first · 2 s',
  )
  const third = { phase: 'migration', done: 2, total: 5 } as const
  assert.equal(formatUpdate(third, 61_000, 80), 'Updating the library: 3 of 5 · 1 min 1 s')
  assert.equal(formatUpdate(third, 61_000, 30), 'Updating the library: 3 of 5 ')
})

test('a command waits while another process updates the library, and says so; Ctrl-C ends it; then it updates', async (t) => {
  const home = makeTemporaryFolder(t)
  const directory = join(home, 'library')
  mkdirSync(directory)
  const file = databaseFileIn(directory)
  makeOldLibrary(file, 10)
  const alone = lockAlone(file)
  const start = () => {
    const { child, finished } = startLenslore(home, 'status', '--json', '--library', directory)
    t.after(() => child.kill('SIGKILL'))
    const said = new Promise<void>((resolve) => {
      child.stderr!.on('data', (text: string) => text.includes('Waiting for another Lenslore') && resolve())
    })
    return { child, finished, said: Promise.race([said, finished]) }
  }
  const [stopped, patient] = [start(), start()]
  await Promise.all([stopped.said, patient.said])
  stopped.child.kill('SIGINT')
  const { status, stderr } = await stopped.finished
  assert.equal(status, 130)
  assert.match(stderr, /still restoring or updating the library/)
  assert.deepEqual(listBackups(file), [])

  alone.release()
  const answer = await patient.finished
  assert.equal(answer.status, 0, answer.stderr)
  assert.equal((answer.json[0] as { photos: number }).photos, 10)
  assert.equal(listBackups(file).length, 1)
})
