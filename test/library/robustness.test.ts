import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import BetterSqlite3 from 'better-sqlite3'
import { idAt, type LibraryUnderTest, openLibrary } from './library-under-test.ts'

function makeHome(t: TestContext) {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const photos = join(home, 'photos')
  mkdirSync(photos)
  const mounted: string[] = []
  const opened: LibraryUnderTest[] = []
  t.after(async () => {
    for (const library of opened) await library.close()
    for (const at of mounted) execFileSync('umount', ['-l', at])
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  })

  const library = join(home, 'library')
  return {
    photos,
    library,
    /** The library, closed at the end of the test where it is not before. */
    open() {
      opened.push(openLibrary(library))
      return opened.at(-1)!
    },
    /** A file system of its own for the library, so small that it fills; false where we may not mount. */
    mountSmall(size: string): boolean {
      mkdirSync(library, { recursive: true })
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', library], { stdio: 'ignore' })
      } catch {
        t.skip('mounting a small file system is not allowed here')
        return false
      }
      mounted.push(library)
      return true
    },
  }
}

function writePhotos(folder: string, count: number, first = 0): void {
  for (let n = first; n < first + count; n++) writeFileSync(join(folder, `${n}.jpg`), `picture ${n}`)
}

async function takeIn({ client }: LibraryUnderTest, folder: string) {
  await client.addFolder({ path: folder })
  await client.scan({})
  return client.captionAll({})
}

test('a disk that fills while captions are written loses none that was there, and the next run goes on', async (t) => {
  const { photos, library, open, mountSmall } = makeHome(t)
  if (!mountSmall('2m')) return
  writePhotos(photos, 20)
  const first = open()
  await takeIn(first, photos)
  await first.client.setCaption({
    photo: await idAt(first.client, join(photos, '3.jpg')),
    text: 'Grandma with the red kite',
  })
  await first.close()

  writePhotos(photos, 3000, 20)
  const full = open()
  await assert.rejects(takeIn(full, photos), { code: 'DISK_FULL' })
  await full.close()

  execFileSync('mount', ['-o', 'remount,size=64m', library])
  const roomy = open()
  assert.deepEqual(await roomy.client.checkDatabase({}), [])
  await takeIn(roomy, photos)
  const status = await roomy.client.status({})
  assert.deepEqual([status.photos, status.captioned], [3020, 3020])
  const { caption } = await roomy.client.photoAt({ path: join(photos, '3.jpg') })
  assert.equal(caption!.text, 'Grandma with the red kite')
})

test('a second worker on the same library is refused, while reading and editing go on', async (t) => {
  const { photos, open } = makeHome(t)
  writePhotos(photos, 40)
  const worker = open()
  const other = open()
  await worker.client.addFolder({ path: photos })
  await worker.client.scan({})
  const work = worker.client.captionAll({})
  await assert.rejects(other.client.captionAll({}), { code: 'LIBRARY_LOCKED' })
  await assert.rejects(other.client.scan({}), { code: 'LIBRARY_LOCKED' })
  await other.client.setCaption({ photo: await idAt(other.client, join(photos, '1.jpg')), text: 'mine' })
  assert.equal((await other.client.search({ query: 'mine' })).total, 1)
  await work
  assert.equal((await other.client.status({})).captioned, 40)
  assert.equal((await worker.client.photoAt({ path: join(photos, '1.jpg') })).caption!.text, 'mine')
})

test('a library of a newer version is refused and stays as it is', async (t) => {
  const { library, open } = makeHome(t)
  await open().close()
  const file = join(library, 'library.sqlite')
  const database = new BetterSqlite3(file)
  database.pragma('user_version = 99990')
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.close()
  const before = readFileSync(file)
  assert.throws(() => open(), { code: 'DATABASE_NEWER' })
  assert.deepEqual(readFileSync(file), before)
})

test('a damaged library is found at the start, named, and not written to', async (t) => {
  const { photos, library, open } = makeHome(t)
  writePhotos(photos, 50)
  const sound = open()
  await takeIn(sound, photos)
  await sound.close()
  const file = join(library, 'library.sqlite')
  const checkpoint = new BetterSqlite3(file)
  checkpoint.pragma('wal_checkpoint(TRUNCATE)')
  checkpoint.close()
  const damaged = readFileSync(file)
  damaged.fill(0x5a, 4096, 8192 * 4)
  writeFileSync(file, damaged)
  assert.throws(() => open(), { code: 'DATABASE_DAMAGED', message: /library\.sqlite/ })
  assert.deepEqual(readFileSync(file), damaged)
})

test('a photo that changes while it is captioned is left to the next run, not captioned for ever', async (t) => {
  const { photos, open } = makeHome(t)
  writePhotos(photos, 1)
  const path = join(photos, '0.jpg')
  const opened = open()
  await opened.client.addFolder({ path: photos })
  await opened.client.scan({})
  const restless = setInterval(() => writeFileSync(path, `picture ${Math.random()}`), 3)
  t.after(() => clearInterval(restless))
  await opened.client.captionAll({})
  clearInterval(restless)
  await opened.client.scan({})
  await opened.client.captionAll({})
  const { caption, contentHash } = await opened.client.photoAt({ path: path })
  assert.equal(caption!.contentHash, contentHash)
})

test('cancelling stops at once, and what was captioned stays', async (t) => {
  const { photos, open } = makeHome(t)
  writePhotos(photos, 400)
  const opened = open()
  await opened.client.addFolder({ path: photos })
  await opened.client.scan({})
  const stop = new AbortController()
  const work = opened.client.captionAll({}, { signal: stop.signal })
  await new Promise<void>((resolve) => {
    const off = opened.client.on('progress', ([work]) => {
      if (!work || work.done < 8) return
      off()
      resolve()
    })
  })
  stop.abort()
  await assert.rejects(work, { code: 'CANCELLED' })
  const { captioned } = await opened.client.status({})
  assert.ok(captioned >= 8 && captioned < 400, `${captioned} were captioned`)
  const { captioned: rest } = await opened.client.captionAll({})
  assert.equal((await opened.client.status({})).captioned, 400)
  assert.ok(rest <= 400 - captioned)
})
