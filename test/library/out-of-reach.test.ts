import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createContentReader } from '../../src-main/library/queue/photo-content.ts'
import { readFileOnce } from '../../src-main/library/queue/read-photo.ts'
import { openLibraryFor } from './library-under-test.ts'

// What cannot be listed or read at present is not gone. These tests meet real errors of the system: a path longer than it
// takes, a file of which every read fails, a directory that may be entered and not listed.

/** A directory with a picture so deep that the system does not take its path. */
function makeTooDeep(t: TestContext, top: string): void {
  const script = `process.chdir(process.argv[1])
    for (let level = 0; level < 25; level++) {
      fs.mkdirSync(process.argv[2])
      process.chdir(process.argv[2])
    }
    fs.writeFileSync('deep.jpg', 'picture')`
  execFileSync(process.execPath, ['-e', script, top, 'd'.repeat(200)])
  t.after(() => execFileSync('rm', ['-rf', top]))
}

test('a directory that cannot be listed is named by the scan and by status, until it can or is gone', async (t) => {
  const { client, photos } = openLibraryFor(t)
  writeFileSync(join(photos, 'a.jpg'), 'a')
  const top = join(photos, 'top')
  mkdirSync(top)
  makeTooDeep(t, top)
  await client.addFolder({ path: photos })
  const { unreadable, added } = await client.scan({})
  assert.equal(added, 1)
  assert.deepEqual(
    unreadable.map(({ code }) => code),
    ['ENAMETOOLONG'],
  )
  assert.ok(unreadable[0]!.path.startsWith(join(top, 'd'.repeat(200))))
  assert.deepEqual((await client.status({})).unreadable, unreadable)
  execFileSync('rm', ['-rf', top])
  assert.deepEqual((await client.scan({})).unreadable, [])
  assert.deepEqual((await client.status({})).unreadable, [])
})

/** Every read of it fails with EIO. */
const unreadableFile = '/proc/self/mem'

test('a photo whose drive does not answer has not failed: it stays work, and the run says so', async (t) => {
  if (!existsSync(unreadableFile)) return t.skip(`there is no ${unreadableFile}`)
  const { client, photos } = openLibraryFor(t)
  const path = join(photos, 'a.jpg')
  symlinkSync(unreadableFile, path)
  await client.addFolder({ path: photos })
  await client.scan({})
  const { captioned, failed, unavailable } = await client.captionAll({})
  assert.deepEqual([captioned, failed, unavailable], [0, 0, 1])
  const { waiting, failed: failedAll } = await client.status({})
  assert.deepEqual([waiting, failedAll], [1, 0])
  assert.equal((await client.photoAt({ path: path })).error, null)

  unlinkSync(path)
  writeFileSync(path, 'a picture again')
  await client.scan({})
  const again = await client.captionAll({})
  return assert.deepEqual([again.captioned, again.unavailable], [1, 0])
})

const sidecar = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>
  <rdf:li xml:lang="x-default">Grandma with the red kite</rdf:li>
  </rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>`

test('a running watch tries by itself what did not answer: nothing tells that it does again', async (t) => {
  if (!existsSync(unreadableFile)) return t.skip(`there is no ${unreadableFile}`)
  const { client, photos } = openLibraryFor(t)
  const path = join(photos, 'a.jpg')
  writeFileSync(path, 'a picture')
  // Out of sight of the watcher, as what happens on a server is.
  const server = join(photos, '..', 'server')
  mkdirSync(server)
  symlinkSync(unreadableFile, join(server, 'a.xmp'))
  symlinkSync(join(server, 'a.xmp'), `${path}.xmp`)
  await client.addFolder({ path: photos })
  const found = new Promise((resolve) => client.on('photosChanged', resolve))
  await client.scan({})
  await found
  // The scan has told of all that it found: what is told of now was tried to be read.
  const tried = Promise.withResolvers<void>()
  const read = Promise.withResolvers<void>()
  client.on('photosChanged', async () => {
    tried.resolve()
    if ((await client.photoAt({ path })).caption?.source === 'imported') read.resolve()
  })
  const stop = new AbortController()
  const watching = client.watch({}, { signal: stop.signal })
  await Promise.race([tried.promise, watching])
  const { contentHash, words } = await client.photoAt({ path })
  assert.deepEqual([contentHash, words.sources], [null, []])

  unlinkSync(join(server, 'a.xmp'))
  writeFileSync(join(server, 'a.xmp'), sidecar)
  await Promise.race([read.promise, watching])
  const photo = await client.photoAt({ path })
  assert.equal(photo.caption?.text, 'Grandma with the red kite')
  stop.abort()
  return assert.rejects(watching, { code: 'CANCELLED' })
})

test('sidecars in a directory that cannot be listed for a moment are not lost', async (t) => {
  const isRoot = process.geteuid?.() === 0
  if (process.platform === 'win32') return t.skip('permissions are others here')
  const { photos } = openLibraryFor(t)
  const path = join(photos, 'a.jpg')
  writeFileSync(path, 'a')
  writeFileSync(`${path}.xmp`, '<x/>')
  // Whoever enters the folders above may enter this one too, and not list it.
  for (const folder of [join(photos, '..'), photos]) chmodSync(folder, 0o711)
  if (isRoot) process.seteuid!(65534)
  else chmodSync(photos, 0o311)
  try {
    const file = await readFileOnce(path)
    await assert.rejects(createContentReader()(path, file), {
      code: 'FILE_UNAVAILABLE',
      message: /cannot be listed \(EACCES\)/,
    })
  } finally {
    if (isRoot) process.seteuid!(0)
    chmodSync(photos, 0o755)
  }
  const { refused } = await createContentReader()(path, await readFileOnce(path))
  return assert.deepEqual(
    refused.map(({ name }) => name),
    ['a.jpg.xmp'],
  )
})
