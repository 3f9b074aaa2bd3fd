import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import BetterSqlite3 from 'better-sqlite3'
import type { PhotoDetails, SearchFacets, SearchPage } from '../../src-main/contract/records.ts'
import { makeTemporaryFolder, runLenslore, startLenslore } from './lenslore.ts'
import { makePicture } from './pictures.ts'

// The program as a person runs it: real files, the embedded model, the engine in its own process.

let pictures: Buffer[]
before(async () => {
  pictures = await Promise.all(Array.from({ length: 5 }, (_, n) => makePicture(160 + n, 120)))
})

interface RunSummary {
  scan: { added: number; changed: number; moved: number; missing: number; unchanged: number }
  captions: { captioned: number; failed: number }
}

async function search(data: string, ...query: string[]): Promise<SearchPage> {
  const { json, stderr, status } = await runLenslore(data, 'search', '--json', '--', ...query)
  assert.equal(status, 0, stderr)
  return json[0] as SearchPage
}

async function show(data: string, photo: string): Promise<PhotoDetails> {
  const { json, stderr, status } = await runLenslore(data, 'show', '--json', photo)
  assert.equal(status, 0, stderr)
  return json[0] as PhotoDetails
}

/** A run that leaves something, which its exit status says. */
async function runPartly(data: string, ...args: string[]): Promise<RunSummary> {
  const { json, stderr, status } = await runLenslore(data, 'run', '--json', ...args)
  assert.equal(status, 1, stderr)
  return json[0] as RunSummary
}

async function run(data: string, ...args: string[]): Promise<RunSummary> {
  const { json, stderr, status } = await runLenslore(data, 'run', '--json', ...args)
  assert.equal(status, 0, stderr)
  return json[0] as RunSummary
}

test('a folder of photos becomes captions that can be searched, whatever the names', async (t) => {
  const home = makeTemporaryFolder(t)
  const photos = join(home, 'Photos 2020')
  const names = ['Großmutter & Drachen.jpg', '海辺の写真.jpg', 'с собакой.JPG', 'deep/er/ünder.jpeg']
  mkdirSync(join(photos, 'deep/er'), { recursive: true })
  names.forEach((name, n) => {
    writeFileSync(join(photos, name), pictures[n]!)
  })
  symlinkSync(photos, join(photos, 'deep', 'loop'))
  writeFileSync(join(photos, 'notes.txt'), 'no picture')
  writeFileSync(join(photos, 'broken.jpg'), pictures[0]!.subarray(0, 30))
  const data = join(home, 'data')

  const summary = await runPartly(data, photos)
  assert.equal(summary.scan.added, 5)
  assert.deepEqual([summary.captions.captioned, summary.captions.failed], [4, 1])

  const all = await search(data, 'has:caption')
  assert.equal(all.total, 4)
  for (const name of names) {
    const details = await show(data, join(photos, name))
    assert.ok(details.caption!.text.length > 0)
    assert.equal(details.caption!.source, 'model')
    const word = details.caption!.text.split(' ').find((part) => part.length > 3)!
    const found = await search(data, word)
    assert.ok(
      found.photos.some((hit) => hit.id === details.id),
      `${word} finds ${name}`,
    )
  }
  assert.deepEqual(
    (await search(data, 'drachen')).photos.map((hit) => hit.path),
    [join(photos, names[0]!)],
  )
  assert.deepEqual(
    (await search(data, '写真')).photos.map((hit) => hit.path),
    [join(photos, names[1]!)],
  )
  assert.deepEqual((await search(data, 'folder:er', 'собакой')).photos, [])

  const broken = await show(data, join(photos, 'broken.jpg'))
  assert.equal(broken.error!.code, 'PICTURE_DAMAGED')
  assert.match(broken.error!.message, /broken\.jpg/)

  const again = await run(data)
  assert.deepEqual([again.scan.unchanged, again.scan.added, again.captions.captioned], [5, 0, 0])
})

test('a person’s caption stays: through a move while closed, an edit of the file, and more runs', async (t) => {
  const home = makeTemporaryFolder(t)
  const photos = join(home, 'photos')
  const data = join(home, 'data')
  mkdirSync(photos)
  writeFileSync(join(photos, 'a.jpg'), pictures[0]!)
  writeFileSync(join(photos, 'b.jpg'), pictures[1]!)
  await run(data, photos)
  const { id } = await show(data, join(photos, 'a.jpg'))
  const set = await runLenslore(data, 'caption-set', String(id), 'Grandma with the red kite')
  assert.equal(set.status, 0, set.stderr)

  mkdirSync(join(photos, 'summer'))
  renameSync(join(photos, 'a.jpg'), join(photos, 'summer', 'kite.jpg'))
  const moved = await run(data)
  assert.deepEqual([moved.scan.moved, moved.scan.added, moved.scan.missing], [1, 0, 0])
  const after = await show(data, join(photos, 'summer', 'kite.jpg'))
  assert.equal(after.id, id)
  assert.equal(after.caption!.text, 'Grandma with the red kite')
  assert.deepEqual(
    after.history.map((caption) => caption.source),
    ['person', 'model'],
  )

  writeFileSync(join(photos, 'summer', 'kite.jpg'), pictures[2]!)
  await run(data)
  const edited = await show(data, String(id))
  assert.equal(edited.caption!.text, 'Grandma with the red kite')
  assert.equal(edited.pictureChanged, true)
  assert.deepEqual(
    (await search(data, 'grandma kites')).photos.map((hit) => hit.id),
    [id],
  )
})

test('stars and keywords of a sidecar filter a search, and are counted', async (t) => {
  const home = makeTemporaryFolder(t)
  const photos = join(home, 'photos')
  const data = join(home, 'data')
  mkdirSync(photos)
  for (const [n, name] of ['a.jpg', 'b.jpg', 'c.jpg'].entries())
    writeFileSync(join(photos, name), pictures[n]!)
  writeFileSync(
    join(photos, 'a.jpg.xmp'),
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmp:Rating="4"><dc:subject><rdf:Bag><rdf:li>holiday</rdf:li></rdf:Bag></dc:subject></rdf:Description>
    </rdf:RDF></x:xmpmeta>`,
  )
  await run(data, photos)
  assert.deepEqual(
    (await search(data, 'rating:4+', 'keyword:holiday')).photos.map((hit) => hit.path),
    [join(photos, 'a.jpg')],
  )
  const counted = await runLenslore(data, 'facets', '--json')
  assert.equal(counted.status, 0, counted.stderr)
  const { photos: total, ratings, keywords } = counted.json[0] as SearchFacets
  assert.equal(total, 3)
  assert.deepEqual(
    ratings.filter((each) => each.photos > 0),
    [
      { rating: 0, photos: 2 },
      { rating: 4, photos: 1 },
    ],
  )
  assert.deepEqual(keywords, [{ name: 'holiday', photos: 1 }])
  const { stdout } = await runLenslore(data, 'facets', 'rating:4')
  assert.match(stdout, /1 {2}rating:4\n +1 {2}keyword:"holiday"\n1 photo\n$/)
  const tooLong = await runLenslore(data, 'facets', 'x'.repeat(10_001))
  assert.deepEqual([tooLong.status, /A query has at most 10,000 characters/.test(tooLong.stderr)], [2, true])
})

test('exact duplicates are photos of their own that share one caption', async (t) => {
  const home = makeTemporaryFolder(t)
  const photos = join(home, 'photos')
  const data = join(home, 'data')
  mkdirSync(photos)
  for (const name of ['one.jpg', 'two.jpg', 'three.jpg']) writeFileSync(join(photos, name), pictures[0]!)
  const summary = await run(data, photos)
  assert.equal(summary.captions.captioned, 3)
  const details = await Promise.all(
    ['one.jpg', 'two.jpg', 'three.jpg'].map((name) => show(data, join(photos, name))),
  )
  assert.equal(new Set(details.map((photo) => photo.id)).size, 3)
  assert.equal(new Set(details.map((photo) => photo.caption!.text)).size, 1)
})

/** More than are captioned while it is found out that some are. */
const manyPhotos = 32

test('kill -9 in the middle loses nothing, and the next run does only what is left', async (t) => {
  const home = makeTemporaryFolder(t)
  const photos = join(home, 'photos')
  const data = join(home, 'data')
  mkdirSync(photos)
  const copies = await Promise.all(Array.from({ length: manyPhotos }, (_, n) => makePicture(300 + n, 200)))
  copies.forEach((picture, n) => {
    writeFileSync(join(photos, `${n}.jpg`), picture)
  })
  const { child, finished } = startLenslore(data, 'run', '--json', photos)
  for (;;) {
    const { json } = await runLenslore(data, 'status', '--json')
    const captioned = (json[0] as { captioned: number } | undefined)?.captioned ?? 0
    if (captioned > 0) break
    if (child.exitCode !== null) break
  }
  child.kill('SIGKILL')
  await finished
  const kept = (await search(data, 'has:caption')).total
  assert.ok(kept > 0)
  t.diagnostic(`killed after ${kept} of ${manyPhotos}`)
  const { captions } = await run(data)
  assert.equal(captions.captioned, manyPhotos - kept)
  assert.equal((await search(data, 'has:caption')).total, manyPhotos)
  const { json } = await runLenslore(data, 'doctor', '--json')
  assert.deepEqual((json[0] as { library: { problems: string[] } }).library.problems, [])
})

test('captions without a library come in the order asked for, errors among them', async (t) => {
  const home = makeTemporaryFolder(t)
  const good = join(home, 'good.jpg')
  const bad = join(home, 'bad.jpg')
  writeFileSync(good, pictures[0]!)
  writeFileSync(bad, 'not a picture')
  const cut = join(home, 'cut.jpg')
  writeFileSync(cut, pictures[0]!.subarray(0, pictures[0]!.length * 0.7))
  const { status, json } = await runLenslore(
    join(home, 'data'),
    'caption',
    '--json',
    bad,
    good,
    join(home, 'none.jpg'),
    cut,
  )
  assert.equal(status, 1)
  const [first, second, third, fourth] = json as {
    path: string
    isCutOff?: boolean
    caption?: string
    score?: number
    error?: { code: string }
  }[]
  assert.deepEqual([first!.path, first!.error!.code], [bad, 'PICTURE_UNSUPPORTED'])
  assert.equal(second!.path, good)
  assert.ok(second!.caption!.length > 0 && Number.isFinite(second!.score))
  assert.equal(third!.error!.code, 'FILE_NOT_FOUND')
  assert.deepEqual([second!.isCutOff, fourth!.isCutOff], [false, true])
})

test('wrong arguments, unknown things and a busy library end with their exit status and one sentence', async (t) => {
  const home = makeTemporaryFolder(t)
  const data = join(home, 'data')
  const cases: [status: number, pattern: RegExp, ...args: string[]][] = [
    [2, /unknown command/, 'nonsense'],
    [2, /whole number from 1 to 1,000/, 'search', '--limit', '-3', 'x'],
    [3, /There is no photo 99/, 'show', '99'],
    [3, /no folder/i, 'add', join(home, 'nowhere')],
    [3, /no model named/, 'caption', '--model', 'nonsense', join(home, 'x.jpg')],
    [2, /caption/, 'caption-set', '1', '   '],
  ]
  for (const [status, pattern, ...args] of cases) {
    const finished = await runLenslore(data, ...args)
    assert.equal(finished.status, status, `${args.join(' ')}: ${finished.stderr}`)
    assert.match(finished.stderr, pattern)
    assert.match(finished.stderr, /^lenslore: .+\n(See: lenslore .*--help\n)?$/)
    assert.equal(finished.stdout, '')
  }
})

test('the folder may go away and come back: its photos stay and stay searchable', async (t) => {
  const home = makeTemporaryFolder(t)
  const photos = join(home, 'drive')
  const data = join(home, 'data')
  mkdirSync(photos)
  writeFileSync(join(photos, 'kite.jpg'), pictures[0]!)
  await run(data, photos)
  renameSync(photos, `${photos} unplugged`)
  const away = await runPartly(data)
  assert.deepEqual([away.scan.missing, away.captions.captioned], [0, 0])
  assert.equal((await search(data, 'kite')).total, 1)
  mkdirSync(photos)
  await runPartly(data)
  assert.equal((await search(data, 'kite -is:missing')).total, 1)
  rmSync(photos, { recursive: true })
  renameSync(`${photos} unplugged`, photos)
  const back = await run(data)
  assert.deepEqual([back.scan.added, back.scan.unchanged], [0, 1])
})

test('thumbnails that find no room cost no caption, and the person is told once', async (t) => {
  const home = makeTemporaryFolder(t)
  const photos = join(home, 'photos')
  const data = join(home, 'data')
  const thumbnails = join(data, 'library', 'thumbnails')
  mkdirSync(photos)
  mkdirSync(thumbnails, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', thumbnails], { stdio: 'ignore' })
  } catch {
    t.skip('mounting a small file system is not allowed here')
    return
  }
  try {
    pictures.forEach((picture, n) => {
      writeFileSync(join(photos, `${n}.jpg`), picture)
    })
    const { status, stderr, json } = await runLenslore(data, 'run', '--json', photos)
    assert.equal(status, 1, stderr)
    assert.equal((json[0] as RunSummary).captions.captioned, pictures.length)
    assert.equal(stderr.match(/no room left for thumbnails/g)?.length, 1, stderr)
  } finally {
    execFileSync('umount', ['-l', thumbnails])
  }
})

test('a damaged library is put back from its daily backup, with what was written since', async (t) => {
  const home = makeTemporaryFolder(t)
  const photos = join(home, 'photos')
  const data = join(home, 'data')
  mkdirSync(photos)
  writeFileSync(join(photos, 'a.jpg'), pictures[0]!)
  writeFileSync(join(photos, 'a.jpg.xmp'), 'no sidecar')
  await runPartly(data, photos)
  const ask = async (...args: string[]) => {
    const answer = await runLenslore(data, ...args)
    assert.equal(answer.status, 0, answer.stderr)
    return answer.stdout
  }
  assert.match(await ask('status'), /Sidecars {3}1 cannot be read[\s\S]*a\.jpg\.xmp is damaged/)
  assert.match(await ask('show', join(photos, 'a.jpg')), /From {6}a\.jpg\.xmp\n {10}The sidecar/)

  await ask('caption-set', '1', 'Grandma with the red kite')
  await ask('replace', 'red', 'blue', '--apply')
  assert.match(await ask('show', '1'), /Grandma with the blue kite/)
  await ask('caption-undo')
  assert.match(await ask('show', '1'), /Caption {3}Grandma with the red kite/)
  await ask('caption-redo')

  const file = join(data, 'library', 'library.sqlite')
  const database = new BetterSqlite3(file)
  const { rootpage } = database
    .prepare<[], { rootpage: number }>(`SELECT rootpage FROM sqlite_schema WHERE name = 'search_words'`)
    .get()!
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.close()
  const bytes = readFileSync(file)
  writeFileSync(file, bytes.fill(0x5a, (rootpage - 1) * 4096, rootpage * 4096))
  const refused = await runLenslore(data, 'search', 'kite')
  assert.equal(refused.status, 6)
  assert.match(
    refused.stderr,
    /is damaged; the last good backup is .*-daily\.sqlite\. See "lenslore restore"/,
  )

  assert.match(await ask('restore'), /-daily\.sqlite \(\d/)
  assert.equal((await runLenslore(data, 'search', 'kite')).status, 6)
  assert.match(await ask('restore', '--yes'), /newer and are back: 2\./)
  assert.equal((await search(data, 'kite')).total, 1)
  assert.match(await ask('doctor', '--rebuild-search'), /Database {3}sound/)
  assert.equal((await search(data, 'blue', 'kite')).total, 1)
})

test('status says why a folder is offline', async (t) => {
  const home = makeTemporaryFolder(t)
  const photos = join(home, 'photos')
  const data = join(home, 'data')
  mkdirSync(photos)
  writeFileSync(join(photos, 'a.jpg'), pictures[0]!)
  await run(data, photos)
  rmSync(photos, { recursive: true })
  await runPartly(data)
  const { stdout } = await runLenslore(data, 'status')
  assert.match(stdout, /photos \(1 photo, offline\)\n {11}It is not there; its photos are kept/)
})

test('captioning is paused, goes on, and uses another model; months and places are told', async (t) => {
  const home = makeTemporaryFolder(t)
  const photos = join(home, 'photos')
  const data = join(home, 'data')
  mkdirSync(photos)
  for (const [n, name] of ['a.jpg', 'b.jpg'].entries()) writeFileSync(join(photos, name), pictures[n]!)
  const say = async (...args: string[]) => {
    const { stdout, stderr, status } = await runLenslore(data, ...args)
    assert.equal(status, 0, stderr)
    return stdout
  }
  await say('pause')
  assert.match(await say('status'), /paused/)
  await say('resume')
  assert.doesNotMatch(await say('status'), /paused/)
  await run(data, photos)

  assert.match(await say('models'), /captions this library/)
  assert.match(await say('models', 'use', 'lenslore-v1'), /lenslore-v1/)
  const unknown = await runLenslore(data, 'models', 'use', 'nonsense')
  assert.deepEqual([unknown.status, /nonsense/.test(unknown.stderr)], [3, true])

  assert.match(await say('timeline'), /2 photos/)
  assert.match(await say('timeline', '--before', '2100-01-01', '--limit', '1'), /[ab]\.jpg/)
  assert.equal((await runLenslore(data, 'timeline', '--before', 'yesterday')).status, 2)
  assert.match(await say('timeline', '-nothing'), /2 photos/)
  for (const command of ['timeline', 'saved-searches']) {
    const { status, stderr } = await runLenslore(data, command, '--typo')
    assert.deepEqual([status, /no option --typo/.test(stderr)], [2, true], command)
  }

  await say('caption-set', '1', 'Ruth', '--also', '2')
  assert.match(await say('caption-undo'), /Photos changed: 2/)
})

test('a person rates photos and names what is on them, by name or by search, and takes it back', async (t) => {
  const home = makeTemporaryFolder(t)
  const [photos, data] = [join(home, 'photos'), join(home, 'data')]
  mkdirSync(photos)
  for (const [n, name] of ['a.jpg', 'b.jpg'].entries()) writeFileSync(join(photos, name), pictures[n]!)
  await run(data, photos)
  const say = async (...args: string[]) => {
    const { stdout, stderr, status } = await runLenslore(data, ...args)
    assert.equal(status, 0, stderr)
    return stdout
  }
  const a = join(photos, 'a.jpg')
  const named = ['--rating', '5', '--favourite', '--title', 'Midsummer', '--add-person', 'Ruth', 'Kari N.']
  assert.match(await say('mark', a, ...named), /Photos changed: 1/)
  assert.match(await say('mark', '--found', 'is:favourite', '--add-keyword', 'bonfire'), /Photos changed: 1/)
  assert.equal((await search(data, 'people:"Kari N." rating:5 keyword:bonfire midsummer')).total, 1)
  const shown = await say('show', a)
  assert.match(
    shown,
    /By you +rating 5, favourite, title “Midsummer”, person Ruth, person Kari N\., keyword bonfire/,
  )
  assert.match(shown, /From +person/)
  assert.match(await say('mark', '--found', '', '--rating', 'rejected'), /Photos changed: 2/)
  assert.equal((await search(data, 'rating:rejected')).total, 2)
  assert.match(await say('caption-undo'), /Photos changed: 2/)
  assert.equal((await show(data, a)).words.rating, 5)
  assert.match(await say('show', a), /History +rating -1/)
  assert.match(await say('mark', '--found', 'nothing like that', '--rating', '1'), /Photos changed: 0/)
  for (const wrong of [[a], [a, '--rating', '6'], ['--rating', '2'], [a, '--found', 'x', '--rating', '2']]) {
    assert.equal((await runLenslore(data, 'mark', ...wrong)).status, 2, wrong.join(' '))
  }
  assert.equal((await runLenslore(data, 'mark', join(photos, 'none.jpg'), '--rating', '2')).status, 3)
})
