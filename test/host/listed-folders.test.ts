import assert from 'node:assert/strict'
import { mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createListedFolders } from '../../src-main/host/listed-folders.ts'
import { makeTemporaryFolder } from '../cli/lenslore.ts'

function makeFolders(t: Parameters<typeof makeTemporaryFolder>[0], ...folders: string[]): string {
  const home = realpathSync(makeTemporaryFolder(t))
  for (const folder of folders) mkdirSync(join(home, folder), { recursive: true })
  return home
}

test('folders are listed from the roots down, each under a token that names its path nowhere', async (t) => {
  const home = makeFolders(t, 'photos/2019/june', 'photos/2020', 'photos/10', 'photos/9', 'photos/.hidden')
  writeFileSync(join(home, 'photos', 'a.jpg'), '')
  const folders = createListedFolders([join(home, 'photos')])
  const [root] = await folders.list()
  assert.equal(root!.name, join(home, 'photos'))
  assert.equal(root!.hasFolders, true)
  const listed = await folders.list(root!.token)
  assert.deepEqual(
    listed.map(({ name, hasFolders }) => [name, hasFolders]),
    [
      ['9', false],
      ['10', false],
      ['2019', true],
      ['2020', false],
    ],
  )
  for (const { token } of listed) assert.match(token, /^[\w-]{22}$/)
  assert.equal(await folders.pathOf(listed[2]!.token), join(home, 'photos', '2019'))
  assert.deepEqual(await folders.list(root!.token), listed)
})

test('without roots there is nothing to list', async () => {
  assert.deepEqual(await createListedFolders([]).list(), [])
})

test('a token that was not given here, or is a path, is no folder', async (t) => {
  const home = makeFolders(t, 'photos')
  const folders = createListedFolders([home])
  const others = createListedFolders([home])
  const [other] = await others.list()
  for (const token of [home, join(home, 'photos'), '..', '/', other!.token]) {
    await assert.rejects(folders.list(token), { code: 'FOLDER_NOT_FOUND' })
    await assert.rejects(folders.pathOf(token), { code: 'FOLDER_NOT_FOUND' })
  }
})

test('a link that leads out of the roots is not listed, nor followed where it takes a folder’s place', async (t) => {
  const home = makeFolders(t, 'photos/inside', 'private/secret')
  symlinkSync(join(home, 'private'), join(home, 'photos', 'link'), 'junction')
  const folders = createListedFolders([join(home, 'photos')])
  const [root] = await folders.list()
  const listed = await folders.list(root!.token)
  assert.deepEqual(
    listed.map(({ name }) => name),
    ['inside'],
  )
  rmSync(join(home, 'photos', 'inside'), { recursive: true })
  symlinkSync(join(home, 'private'), join(home, 'photos', 'inside'), 'junction')
  await assert.rejects(folders.list(listed[0]!.token), { code: 'FOLDER_NOT_FOUND' })
  await assert.rejects(folders.pathOf(listed[0]!.token), { code: 'FOLDER_NOT_FOUND' })
})

test('a root beside one of a name that begins alike is not within it', async (t) => {
  const home = makeFolders(t, 'photos', 'photos-private/secret')
  const folders = createListedFolders([join(home, 'photos'), join(home, 'photos-private')])
  const [, second] = await folders.list()
  const [secret] = await folders.list(second!.token)
  rmSync(join(home, 'photos-private'), { recursive: true })
  symlinkSync(join(home, 'photos'), join(home, 'photos-private'), 'junction')
  await assert.rejects(folders.pathOf(secret!.token), { code: 'FOLDER_NOT_FOUND' })
})

test('a name that is no UTF-8 is listed, and found again by its bytes', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const home = makeFolders(t)
  const name = Buffer.concat([Buffer.from(`${home}/caf`), Buffer.from([0xe9])])
  mkdirSync(name)
  const folders = createListedFolders([home])
  const [root] = await folders.list()
  const [listed] = await folders.list(root!.token)
  assert.equal(listed!.name, 'caf\ufffd')
  assert.deepEqual(await folders.list(listed!.token), [])
})
