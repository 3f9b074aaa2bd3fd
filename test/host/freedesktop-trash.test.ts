import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { restoreFromTrash } from '../../src-main/host/freedesktop-trash.ts'

function makePlaces(t: TestContext) {
  const drive = mkdtempSync(join(tmpdir(), 'lenslore-trash-'))
  t.after(() => rmSync(drive, { recursive: true }))
  const photos = join(drive, 'photos of Anna')
  mkdirSync(photos)
  const environment = { XDG_DATA_HOME: join(drive, 'share') }
  return { drive, photos, environment, home: join(drive, 'share', 'Trash') }
}

/** As the specification says. */
function throwAway(path: string, trash: string, was: string, deletedAt: string, name = basename(path)): void {
  for (const folder of ['files', 'info']) mkdirSync(join(trash, folder), { recursive: true })
  writeFileSync(
    join(trash, 'info', `${name}.trashinfo`),
    `[Trash Info]\nPath=${was}\nDeletionDate=${deletedAt}\n`,
  )
  renameSync(path, join(trash, 'files', name))
}

test('a file comes back from the trash of the home, with nothing left of it there', async (t) => {
  const { photos, environment, home } = makePlaces(t)
  const file = join(photos, 'kite – ü.jpg')
  writeFileSync(file, 'kite')
  throwAway(file, home, pathToFileURL(file).pathname, '2026-11-26T12:00:00')
  assert.equal(await restoreFromTrash(file, environment), true)
  assert.equal(readFileSync(file, 'utf8'), 'kite')
  assert.ok(!existsSync(join(home, 'info', 'kite – ü.jpg.trashinfo')))
  assert.equal(await restoreFromTrash(file, environment), false)
})

test('of two that were thrown away under one name, the last comes back', async (t) => {
  const { photos, environment, home } = makePlaces(t)
  const file = join(photos, 'kite.jpg')
  const was = pathToFileURL(file).pathname
  writeFileSync(file, 'last')
  throwAway(file, home, was, '2026-11-26T12:00:01')
  writeFileSync(file, 'first')
  throwAway(file, home, was, '2026-11-25T12:00:00', 'kite.2.jpg')
  assert.equal(await restoreFromTrash(file, environment), true)
  assert.equal(readFileSync(file, 'utf8'), 'last')
})

test('the trash of another drive names files from its top', async (t) => {
  const { drive, photos, environment } = makePlaces(t)
  const file = join(photos, 'kite.jpg')
  writeFileSync(file, 'kite')
  const trash = join(drive, `.Trash-${process.getuid!()}`)
  throwAway(file, trash, 'photos%20of%20Anna/kite.jpg', '2026-11-26T12:00:00')
  assert.equal(await restoreFromTrash(file, environment), true)
  assert.equal(readFileSync(file, 'utf8'), 'kite')
})

test('a file that has come to the place is never replaced', async (t) => {
  const { photos, environment, home } = makePlaces(t)
  const file = join(photos, 'kite.jpg')
  writeFileSync(file, 'old')
  throwAway(file, home, pathToFileURL(file).pathname, '2026-11-26T12:00:00')
  writeFileSync(file, 'new')
  assert.equal(await restoreFromTrash(file, environment), false)
  assert.equal(readFileSync(file, 'utf8'), 'new')
  assert.equal(readFileSync(join(home, 'files', 'kite.jpg'), 'utf8'), 'old')
})
