import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Folder } from '../../src-main/contract/records.ts'
import { makeTemporaryFolder, program, runLenslore } from './lenslore.ts'
import { makePicture } from './pictures.ts'

// What scripts see of the program: exit statuses, closed outputs, and where a library may come to be.

const picture = await makePicture(120, 90)

test('what was done in part is never 0: damaged pictures, folders that are away, sidecars that are refused', async (t) => {
  const home = makeTemporaryFolder(t)
  const [photos, data] = [join(home, 'photos'), join(home, 'data')]
  mkdirSync(photos)
  writeFileSync(join(photos, 'good.jpg'), picture)
  assert.equal((await runLenslore(data, 'run', photos)).status, 0)

  writeFileSync(join(photos, 'broken.jpg'), picture.subarray(0, 30))
  const damaged = await runLenslore(data, 'run')
  assert.deepEqual([damaged.status, /1 picture could not be captioned/.test(damaged.stdout)], [1, true])
  // It is known by now, and is not tried again.
  assert.equal((await runLenslore(data, 'run')).status, 0)

  writeFileSync(join(photos, 'good.jpg.xmp'), '<x:xmpmeta')
  const unread = await runLenslore(data, 'run')
  assert.deepEqual([unread.status, /good\.jpg\.xmp is damaged/.test(unread.stderr)], [1, true])
  for (const options of [[], ['--dry-run']]) {
    const refused = await runLenslore(data, 'export', ...options)
    assert.deepEqual([refused.status, /1 refused/.test(refused.stdout)], [1, true], refused.stderr)
  }

  const table = join(home, 'table.csv')
  writeFileSync(table, 'path,caption\nnowhere.jpg,A kite\n')
  const unmatched = await runLenslore(data, 'import-table', table)
  assert.deepEqual([unmatched.status, /1 line for no photo here/.test(unmatched.stdout)], [1, true])

  const gone = join(home, 'gone')
  mkdirSync(gone)
  const added = await runLenslore(data, 'add', gone, '--json')
  assert.equal(added.status, 0, added.stderr)
  rmdirSync(gone)
  const away = await runLenslore(data, 'run')
  assert.deepEqual([away.status, /Offline, left as it is/.test(away.stdout)], [1, true])
})

/** @returns the exit status and what was said on stderr, with stdout wherever `stdout` is. */
async function runInto(stdout: number | 'closed pipe', data: string, ...args: string[]) {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, LENSLORE_DATA: data },
    stdio: ['ignore', stdout === 'closed pipe' ? 'pipe' : stdout, 'pipe'],
  })
  child.stdout?.destroy()
  let stderr = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const { promise, resolve } = Promise.withResolvers<number | null>()
  child.on('close', resolve)
  return { status: await promise, stderr }
}

test('an answer that nobody reads ends a command quietly, one that finds no room with a sentence', async (t) => {
  const home = makeTemporaryFolder(t)
  const [photos, data] = [join(home, 'photos'), join(home, 'data')]
  mkdirSync(photos)
  for (const name of ['a.jpg', 'b.jpg']) writeFileSync(join(photos, name), picture)
  for (const args of [['status'], ['search', 'x'], ['run', photos], ['caption', photos], ['--help']]) {
    const quiet = await runInto('closed pipe', data, ...args)
    assert.equal(quiet.status, 141, `${args.join(' ')}: ${quiet.stderr}`)
    assert.doesNotMatch(quiet.stderr, /EPIPE|at .*\.ts|lenslore:/)
  }
  if (!existsSync('/dev/full')) return t.diagnostic('there is no /dev/full here')
  const full = openSync('/dev/full', 'w')
  for (const args of [['status'], ['search', 'x'], ['--help']]) {
    const said = await runInto(full, data, ...args)
    assert.equal(said.status, 5, `${args.join(' ')}: ${said.stderr}`)
    assert.match(said.stderr, /^lenslore: The answer could not be written: there is no space left.*\n$/)
  }
})

test('a library that was mistyped is not made by a command that reads, nor among photos unasked', async (t) => {
  const home = makeTemporaryFolder(t)
  const [photos, data, place] = [join(home, 'photos'), join(home, 'data'), join(home, 'librray')]
  mkdirSync(join(photos, '2020'), { recursive: true })
  writeFileSync(join(photos, '2020', 'a.jpg'), picture)
  for (const args of [['status'], ['search', 'x'], ['show', '1'], ['timeline'], ['run'], ['doctor']]) {
    const { status, stderr, stdout } = await runLenslore(data, ...args, '--library', place)
    assert.equal(status, 3, `${args.join(' ')}: ${stderr}`)
    assert.match(stderr + stdout, /There is no library in .*librray/)
  }
  assert.equal(existsSync(place), false)

  for (const among of [photos, join(photos, 'lenslore'), join(photos, '2020', 'lenslore')]) {
    const refused = await runLenslore(data, 'add', photos, '--library', among)
    assert.deepEqual([refused.status, /would stand among the photos/.test(refused.stderr)], [4, true], among)
    assert.equal(existsSync(join(among, 'library.sqlite')), false)
  }
  const beside = join(photos, '2020', 'lenslore')
  assert.equal((await runLenslore(data, 'add', home, '--library', beside)).status, 4)
  const asked = await runLenslore(data, 'add', photos, '--library', beside, '--new-library')
  assert.equal(asked.status, 0, asked.stderr)
  assert.equal((await runLenslore(data, 'status', '--library', beside)).status, 0)
  assert.equal((await runLenslore(data, 'add', photos, '--library', place)).status, 0)
})

test('a folder that is reached through a link is the folder that it leads to', async (t) => {
  const home = makeTemporaryFolder(t)
  const [photos, link, data] = [join(home, 'photos'), join(home, 'link'), join(home, 'data')]
  mkdirSync(photos)
  writeFileSync(join(photos, 'a.jpg'), picture)
  symlinkSync(photos, link)
  const folders = async (...args: string[]) => {
    const { status, stderr, json } = await runLenslore(data, ...args, '--json')
    assert.equal(status, 0, stderr)
    return json[0]
  }
  assert.equal(((await folders('add', link)) as Folder).path, photos)
  assert.equal(((await folders('add', photos)) as Folder).path, photos)
  await folders('run', link)
  assert.equal(((await folders('status')) as { folders: Folder[] }).folders.length, 1)
  const shown = (await folders('show', join(link, 'a.jpg'))) as { path: string }
  assert.equal(shown.path, join(photos, 'a.jpg'))
  await folders('exclude', link, '*.gif')
  await folders('caption-none', link)
  await folders('remove', link, '--yes')
  assert.deepEqual(((await folders('status')) as { folders: Folder[] }).folders, [])
})
