import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { mountHungDrive } from '../files/hung-drive.ts'
import { makeTemporaryFolder, program, runLenslore, startLenslore } from './lenslore.ts'
import { makePicture } from './pictures.ts'

// One path that leads nowhere, or to what never answers, ends nothing for the others.

const picture = await makePicture(120, 90)

function makePhotos(t: TestContext) {
  const home = makeTemporaryFolder(t)
  const [photos, data] = [join(home, 'photos'), join(home, 'data')]
  mkdirSync(photos)
  for (const name of ['good.jpg', 'good2.jpg']) writeFileSync(join(photos, name), picture)
  return { photos, data }
}

test('of paths to caption, one that leads nowhere ends nothing for the others', async (t) => {
  const { photos, data } = makePhotos(t)
  const at = (...names: string[]) => join(photos, ...names)
  symlinkSync('loop.jpg', at('loop.jpg'))
  mkdirSync(at('below'))
  symlinkSync('..', at('below', 'up'))
  writeFileSync(at('below', 'good3.jpg'), picture)
  execFileSync('mkfifo', [at('pipe.jpg')])
  const paths = ['good.jpg', 'loop.jpg', 'pipe.jpg', `${'n'.repeat(300)}.jpg`, 'below', 'good2.jpg']
  const long = join('/', ...Array<string>(2100).fill('d'), 'a.jpg')
  const captioned = await runLenslore(data, 'caption', ...paths.map((name) => at(name)), long)
  assert.equal(captioned.status, 1, captioned.stderr)
  assert.deepEqual(
    captioned.stdout.match(/good\d?\.jpg(?=\t)/g),
    ['good.jpg', 'good3.jpg', 'good2.jpg'],
    captioned.stderr,
  )
  const said = captioned.stderr.split('\n')
  assert.deepEqual(
    said.map((line) => line.replace(/.*(be read: .*)/, '$1').replace(/^lenslore: /, '')),
    [
      'be read: its link leads nowhere.',
      'be read: it is no file but a pipe or a device.',
      'be read: its name or its path is longer than the system allows.',
      'be read: its name or its path is longer than the system allows.',
      '',
    ],
  )
})

test('a folder that may not be listed is said, and ends nothing for the others', async (t) => {
  if (process.getuid?.() === 0) {
    // Nothing is refused to root but what a drive that was pulled out refuses.
    const drive = mountHungDrive(t)
    if (!drive) return
    drive.pullOut()
    await captionBeside(t, drive.folder)
  } else {
    const locked = join(makeTemporaryFolder(t), 'locked')
    mkdirSync(locked, { mode: 0 })
    await captionBeside(t, locked)
  }
})

async function captionBeside(t: TestContext, folder: string): Promise<void> {
  const { photos, data } = makePhotos(t)
  const { status, stdout, stderr } = await runLenslore(data, 'caption', folder, photos)
  assert.equal(status, 1, stderr)
  assert.match(stderr, /^lenslore: .* cannot be (read|reached)/)
  assert.equal(stdout.split('\n').filter(Boolean).length, 2)
}

test('a run passes over pipes in the place of sidecars, links that loop, and kernel files, and says so', async (t) => {
  const { photos, data } = makePhotos(t)
  execFileSync('mkfifo', [join(photos, 'good.jpg.xmp'), join(photos, 'good2.jpg.json')])
  symlinkSync('.', join(photos, 'around'))
  symlinkSync('loop.jpg', join(photos, 'loop.jpg'))
  symlinkSync('/proc/kmsg', join(photos, 'kernel.jpg'))
  const run = await runLenslore(data, 'run', photos)
  assert.equal(run.status, 1, run.stderr)
  assert.match(run.stdout, /2 captions written/)
  for (const name of ['good.jpg.xmp', 'good2.jpg.json']) {
    assert.match(run.stderr, new RegExp(`The sidecar .*${name} cannot be read: it is no file`))
  }
})

test('a run comes to its end beside a file that never answers', async (t) => {
  const drive = mountHungDrive(t)
  if (!drive) return
  const { photos, data } = makePhotos(t)
  symlinkSync(join(drive.folder, 'hangs.jpg'), join(photos, 'hangs.jpg'))
  const run = await runLenslore(data, 'run', photos)
  assert.equal(run.status, 1, run.stderr)
  assert.match(run.stdout, /2 captions written/)
  assert.match(run.stdout, /1 photo could not be reached; the next run tries again/)
})

test('names and paths that are too long, and a folder that is gone, are told in a sentence', async (t) => {
  const { photos, data } = makePhotos(t)
  const longest = `${'n'.repeat(251)}.jpg`
  writeFileSync(join(photos, longest), picture)
  assert.equal((await runLenslore(data, 'run', photos)).status, 0)
  const exported = await runLenslore(data, 'export')
  assert.equal(exported.status, 1)
  assert.match(exported.stderr + exported.stdout, /\.jpg\.xmp cannot be read: its name or its path is longer/)
  assert.match(exported.stdout, /2 sidecars made, .* 1 refused/)
  assert.equal(existsSync(join(photos, 'good.jpg.xmp')), true)

  const long = join('/', ...Array<string>(2100).fill('d'))
  for (const args of [
    ['add', long],
    ['show', join(long, 'a.jpg')],
    ['relocate', photos, long],
  ]) {
    const { status, stderr } = await runLenslore(data, ...args)
    assert.deepEqual([status, stderr], [2, 'lenslore: A path has at most 4,096 characters.\n'])
  }
  const named = await runLenslore(data, 'add', join(photos, 'n'.repeat(300)))
  assert.deepEqual([named.status, /cannot be read: its name or its path/.test(named.stderr)], [4, true])

  // A process cannot be started in a folder that is gone, and yet be in one.
  const gone = join(photos, 'gone')
  mkdirSync(gone)
  const script = 'cd "$1" && rmdir "$1" && shift && exec "$@"'
  const child = spawnSync('sh', ['-c', script, 'sh', gone, process.execPath, program, 'status'], {
    env: { ...process.env, LENSLORE_DATA: data },
    encoding: 'utf8',
  })
  assert.equal(child.status, 3)
  assert.match(child.stderr, /^lenslore: The folder that Lenslore was started in is no longer there;.*\n$/)
})

test('a folder whose drive does not answer is left as it is, beside others', async (t) => {
  const drive = mountHungDrive(t)
  if (!drive) return
  const { photos, data } = makePhotos(t)
  const first = await runLenslore(data, 'run', drive.folder)
  assert.match(first.stdout, /1 photo could not be reached/, first.stderr)
  assert.equal((await runLenslore(data, 'add', photos)).status, 0)
  const second = await runLenslore(data, 'run')
  assert.equal(second.status, 1, second.stderr)
  assert.match(second.stdout, /2 captions written/)
  assert.ok(second.stdout.includes(`Offline, left as it is: ${drive.folder}`))
})

test('the second Ctrl-C ends a run that is stuck', async (t) => {
  const drive = mountHungDrive(t)
  if (!drive) return
  const { photos, data } = makePhotos(t)
  symlinkSync(join(drive.folder, 'hangs.jpg'), join(photos, 'hangs.jpg'))
  const { child, finished } = startLenslore(data, 'run', photos)
  await drive.hangs
  const said = once(child.stderr!, 'data')
  child.kill('SIGINT')
  assert.match(String(await said), /press Ctrl-C again to stop at once/)
  child.kill('SIGINT')
  await finished
  assert.equal(child.signalCode, 'SIGINT')
})
