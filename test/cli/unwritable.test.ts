import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pageBuild } from '../../src-main/start/up-to-date.ts'
import { buildOnce } from '../built.ts'
import { makeTemporaryFolder, runLenslore } from './lenslore.ts'
import { makePicture } from './pictures.ts'

// A library on a disk that cannot be written to is looked at and searched all the same, and says why it cannot be changed.

const picture = await makePicture(120, 90)

/** A captioned library on a small disk of its own; undefined where we may not mount one. */
async function makeLibraryOnDisk(t: TestContext) {
  const at = mkdtempSync(join(tmpdir(), 'lenslore-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', at], { stdio: 'ignore' })
  } catch {
    rmdirSync(at)
    t.skip('mounting a small disk is not allowed here')
    return undefined
  }
  t.after(() => {
    execFileSync('umount', ['-l', at])
    rmdirSync(at)
  })
  const home = makeTemporaryFolder(t)
  const [photos, library] = [join(home, 'photos'), join(at, 'library')]
  mkdirSync(photos)
  writeFileSync(join(photos, 'kite.jpg'), picture)
  const lenslore = (...args: string[]) => runLenslore(join(home, 'data'), ...args, '--library', library)
  assert.equal((await lenslore('run', photos)).status, 0)
  assert.equal((await lenslore('caption-set', '1', 'Grandma with the red kite')).status, 0)
  return { at, photos, lenslore }
}

type Lenslore = NonNullable<Awaited<ReturnType<typeof makeLibraryOnDisk>>>['lenslore']

async function checkIsReadAlone(lenslore: Lenslore, why: RegExp): Promise<void> {
  for (const args of [['status'], ['search', 'grandma'], ['show', '1'], ['timeline'], ['facets']]) {
    const { status, stdout, stderr } = await lenslore(...args)
    assert.equal(status, 0, `${args.join(' ')}: ${stderr}`)
    assert.match(stdout, /kite|Photos {5}1 |1 photo/)
    assert.match(stderr, why)
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
  }
  for (const args of [['caption-set', '1', 'Another'], ['run'], ['pause']]) {
    const { status, stderr } = await lenslore(...args)
    assert.equal(status, 5, `${args.join(' ')}: ${stderr}`)
    assert.match(stderr, /^lenslore: .*(cannot be written to|is full|no space left)/m)
  }
}

test('a library on a read-only disk is shown and searched, and changed again when that can be', async (t) => {
  const made = await makeLibraryOnDisk(t)
  if (!made) return
  execFileSync('mount', ['-o', 'remount,ro', made.at])
  await checkIsReadAlone(made.lenslore, /cannot be written to: .* looked at and searched, and not changed/)
  await buildOnce(pageBuild)
  const served = await made.lenslore('serve', '--port', '0')
  assert.equal(served.status, 5, served.stderr)
  assert.match(
    served.stderr,
    /^lenslore: What a server remembers finds no place .*: it cannot be written to\.$/m,
  )
  execFileSync('mount', ['-o', 'remount,rw', made.at])
  assert.equal((await made.lenslore('caption-set', '1', 'Another')).status, 0)
})

test('a library on a full disk is shown and searched, says that the disk is full, and loses nothing', async (t) => {
  const made = await makeLibraryOnDisk(t)
  if (!made) return
  const filling = openSync(join(made.at, 'filling'), 'w')
  assert.throws(
    () => {
      for (;;) writeSync(filling, Buffer.alloc(4096))
    },
    { code: 'ENOSPC' },
  )
  closeSync(filling)
  await checkIsReadAlone(
    made.lenslore,
    /The disk of the library's folder .* is full: .* looked at and searched/,
  )
  execFileSync('mount', ['-o', 'remount,size=32m', made.at])
  const { status, stdout } = await made.lenslore('search', 'grandma', '--json')
  assert.deepEqual([status, stdout.includes('Grandma with the red kite')], [0, true])
  assert.equal((await made.lenslore('caption-set', '1', 'Another')).status, 0)
})
