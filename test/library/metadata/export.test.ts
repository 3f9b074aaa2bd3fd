import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import sharp from 'sharp'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { PlannedExport } from '../../../src-main/contract/rooms/exchange.ts'
import { createWaitingExporter, setExportsAlways } from '../../../src-main/library/metadata/exchange.ts'
import { embedCaption, exifToolVersion } from '../../../src-main/library/metadata/export-embedded.ts'
import {
  chooseSidecar,
  type ExportRequest,
  planExport,
} from '../../../src-main/library/metadata/export-plan.ts'
import {
  currentCaptions,
  exportCaptions,
  undoLastExport,
} from '../../../src-main/library/metadata/export-sidecars.ts'
import { readMetadata } from '../../../src-main/library/metadata/read.ts'
import { readSidecar } from '../../../src-main/library/metadata/sidecars.ts'
import { createScanWriter } from '../../../src-main/library/store/scan-state.ts'
import { openStore } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf, plainFacts } from '../store/sample-library.ts'
import { darktable, lightroom, lightroomOfRaw } from './sample-sidecars.ts'
import { temporaryFolder } from './temporary-folder.ts'

function setUp(context: TestContext) {
  const folder = temporaryFolder(context)
  const photos = join(folder, 'photos')
  mkdirSync(photos)
  const store = openStore(join(folder, 'library', 'library.sqlite'))
  context.after(() => store.close())
  const put = (name: string, content: string | Buffer = '') => {
    writeFileSync(join(photos, name), content)
    return join(photos, name)
  }
  /** Of a photo that is there, where its folder is. */
  const request = (name: string, text: string): ExportRequest => {
    const photoPath = join(photos, name)
    if (existsSync(dirname(photoPath)) && !existsSync(photoPath)) put(name)
    return {
      photoPath,
      caption: {
        text,
        language: null,
        source: 'person',
        modelId: null,
        adapterId: null,
        contentHash: null,
        writtenAt: null,
      },
      isCut: false,
      isKnown: () => true,
    }
  }
  return { store, photos, request, put }
}

async function planOf(requests: ExportRequest[]): Promise<PlannedExport[]> {
  const plan: PlannedExport[] = []
  for await (const planned of planExport(requests)) plan.push(planned)
  return plan
}

test('the sidecar that other programs read is the one written, unless it has two claimants', () => {
  assert.equal(chooseSidecar(['A.JPG'], 'A.JPG'), 'A.JPG.xmp')
  assert.equal(chooseSidecar(['A.JPG', 'A.xmp'], 'A.JPG'), 'A.xmp')
  assert.equal(chooseSidecar(['A.JPG', 'A.xmp', 'a.jpg.XMP'], 'A.JPG'), 'a.jpg.XMP')
  assert.equal(chooseSidecar(['A.JPG', 'A.CR2', 'A.xmp'], 'A.JPG'), 'A.JPG.xmp')
})

test('of a photo of several files the first that exists of its own, its stem’s and its companion’s is written', () => {
  const choose = (...sidecars: string[]) =>
    chooseSidecar(['A.JPG', 'A.CR2', 'A.MOV', ...sidecars], 'A.JPG', ['A.CR2', 'A.MOV'])
  assert.equal(choose(), 'A.JPG.xmp')
  assert.equal(choose('A.CR2.xmp'), 'A.CR2.xmp')
  assert.equal(choose('A.CR2.xmp', 'A.xmp'), 'A.xmp')
  assert.equal(choose('A.CR2.xmp', 'A.xmp', 'A.JPG.xmp'), 'A.JPG.xmp')
  assert.equal(choose('A.png', 'A.xmp'), 'A.JPG.xmp', 'which another photo may claim')
})

test('of two photos whose names differ in case each has a sidecar of its own', async (context) => {
  assert.equal(chooseSidecar(['A.JPG', 'a.jpg', 'A.JPG.xmp'], 'a.jpg'), 'a.jpg.xmp')
  assert.equal(chooseSidecar(['A.JPG', 'a.jpg', 'A.xmp'], 'A.JPG'), 'A.JPG.xmp')
  assert.equal(chooseSidecar(['A.JPG', 'A.jpg', 'A.xmp'], 'A.JPG'), 'A.JPG.xmp')
  assert.equal(chooseSidecar(['A.JPG', 'a.jpg', 'A.jpg.xmp'], 'a.jpg'), 'a.jpg.xmp', 'of neither')
  const { store, photos, request, put } = setUp(context)
  put('IMG.JPG')
  put('img.jpg')
  if (readdirSync(photos).length < 2) return context.skip('a file system that does not tell case')
  await exportCaptions(store.database, [request('IMG.JPG', 'Grandma in Rome'), request('img.jpg', 'a dog')])
  for (const [name, words] of [
    ['IMG.JPG.xmp', 'Grandma in Rome'],
    ['img.jpg.xmp', 'a dog'],
  ] as const) {
    assert.equal((await readSidecar(join(photos, name)))?.captions[0]?.text, words)
  }
})

test('the sidecar of another extension is not written', async (context) => {
  const { store, photos, request, put } = setUp(context)
  put('A.xmp', lightroomOfRaw)
  const summary = await exportCaptions(store.database, [request('A.JPG', 'words')])
  assert.equal(summary.created, 1)
  assert.equal(readFileSync(join(photos, 'A.xmp'), 'utf8'), lightroomOfRaw)
  assert.equal((await readSidecar(join(photos, 'A.JPG.xmp')))?.captions[0]?.text, 'words')
  await exportCaptions(store.database, [request('A.NEF', 'of the raw file')])
  assert.equal((await readSidecar(join(photos, 'A.NEF.xmp')))?.captions[0]?.text, 'of the raw file')
})

test('a sidecar with our words about another photo is refused by name, about this one before it is not', async (context) => {
  const { store, photos, put } = setUp(context)
  const folderId = addFolder(store, photos)
  for (const name of ['a.jpg', 'b.jpg']) put(name)
  const a = addPhoto(store, folderId, 'a.jpg', contentOf('a'))
  const b = addPhoto(store, folderId, 'b.jpg', contentOf('b'))
  store.captions.setByPerson(b, 'Grandma in Rome', 1)
  store.captions.setByPerson(a, 'a dog', 1)
  await exportCaptions(store.database, [...currentCaptions(store.database)])
  renameSync(join(photos, 'b.jpg.xmp'), join(photos, 'a.jpg.xmp'))

  const plan: PlannedExport[] = []
  for await (const planned of planExport(currentCaptions(store.database))) plan.push(planned)
  assert.deepEqual(
    plan.map(({ action, error }) => [action, error?.code]),
    [
      ['refused', 'SIDECAR_OF_OTHER'],
      ['create', undefined],
    ],
  )
  const { refused } = await exportCaptions(store.database, [...currentCaptions(store.database)])
  assert.deepEqual(
    refused.map(({ sidecarPath }) => sidecarPath),
    [join(photos, 'a.jpg.xmp')],
  )
  assert.match(refused[0]!.error.message, /a\.jpg\.xmp/)
  assert.match(refused[0]!.error.message, /b\.jpg/)
  assert.equal((await readSidecar(join(photos, 'a.jpg.xmp')))?.captions[0]?.text, 'Grandma in Rome')

  // Edited since its words were written out, and a copy of how it was before lies elsewhere.
  store.photos.setContent(b, { ...plainFacts, contentHash: contentOf('b, edited') }, 2)
  addPhoto(store, folderId, 'copy.jpg', contentOf('b'))
  store.captions.setByPerson(b, 'Grandma in Paris', 3)
  const again = await exportCaptions(store.database, [...currentCaptions(store.database)])
  assert.deepEqual([again.updated, again.refused.length], [1, 1])
})

test('a sidecar with words about a photo of a folder that is gone is refused, and nothing else happens', async (context) => {
  const { store, photos, request, put } = setUp(context)
  const words: ExportRequest = { ...request('b.jpg', 'Grandma in Rome'), isKnown: () => false }
  words.caption.contentHash = contentOf('b')
  await exportCaptions(store.database, [words])
  renameSync(join(photos, 'b.jpg.xmp'), join(photos, 'a.jpg.xmp'))
  put('a.jpg')
  const away = join(photos, 'away', 'b.jpg')
  const owner = { path: away, request: { ...words, photoPath: away } }
  for (const isKnown of [() => false, () => true]) {
    const [planned] = await planOf([{ ...request('a.jpg', 'a dog'), isKnown, ownerOf: () => owner }])
    assert.deepEqual([planned!.action, planned!.error?.code], ['refused', 'SIDECAR_OF_OTHER'])
  }
  // A rejection that nobody waits for comes up by now, and fails the test.
  await new Promise((resolve) => setTimeout(resolve, 50))
})

test('a plan lists what would change and writes nothing', async (context) => {
  const { photos, request, put } = setUp(context)
  put('new.jpg')
  put('changed.jpg')
  put('changed.jpg.xmp', lightroom)
  put('same.jpg')
  put('same.jpg.xmp', lightroom)
  put('broken.jpg')
  put('broken.jpg.xmp', lightroom.slice(0, 500))
  const before = readdirSync(photos).map((name) => [name, readFileSync(join(photos, name), 'utf8')])
  const requests = [
    request('new.jpg', 'a'),
    request('changed.jpg', 'b'),
    request('same.jpg', 'Boats & sheds at dusk'),
    request('broken.jpg', 'c'),
  ]
  const plan = await planOf(requests)
  assert.deepEqual(
    plan.map(({ action, before, after, error }) => [action, before, after, error?.code]),
    [
      ['create', null, 'a', undefined],
      ['update', 'Boats & sheds at dusk', 'b', undefined],
      ['unchanged', 'Boats & sheds at dusk', 'Boats & sheds at dusk', undefined],
      ['refused', null, 'c', 'SIDECAR_DAMAGED'],
    ],
  )
  assert.ok(plan[3]?.error?.message.includes('broken.jpg.xmp'))
  assert.deepEqual(
    readdirSync(photos).map((name) => [name, readFileSync(join(photos, name), 'utf8')]),
    before,
  )
})

test('an export writes what can be written, and undo puts every byte back', async (context) => {
  const { store, photos, request, put } = setUp(context)
  const utf16 = Buffer.from(
    `\ufeff${darktable.replace('<?xml version="1.0" encoding="UTF-8"?>\n', '')}`,
    'utf16le',
  )
  put('wide.jpg.xmp', utf16)
  put('plain.jpg.xmp', lightroom)
  put('broken.jpg.xmp', '<x>')
  chmodSync(join(photos, 'plain.jpg.xmp'), 0o640)
  const requests = ['wide', 'plain', 'broken', 'new'].map((name) => request(`${name}.jpg`, `søt ${name} 🐕`))
  const summary = await exportCaptions(store.database, requests)
  assert.deepEqual(
    [summary.created, summary.updated, summary.unchanged, summary.refused.length],
    [1, 2, 0, 1],
  )
  for (const name of ['wide', 'plain', 'new']) {
    const metadata = await readSidecar(join(photos, `${name}.jpg.xmp`))
    assert.equal(metadata?.captions[0]?.text, `søt ${name} 🐕`)
  }
  assert.equal(readFileSync(join(photos, 'wide.jpg.xmp')).subarray(0, 2).toString('hex'), 'fffe')
  if (process.platform !== 'win32') {
    assert.equal(statSync(join(photos, 'plain.jpg.xmp')).mode & 0o777, 0o640)
  }
  assert.deepEqual(
    readdirSync(photos).filter((name) => name.includes('.tmp')),
    [],
  )

  assert.deepEqual(await undoLastExport(store.database), {
    isAutomatic: false,
    restored: 2,
    removed: 1,
    left: [],
  })
  assert.ok(readFileSync(join(photos, 'wide.jpg.xmp')).equals(utf16))
  assert.equal(readFileSync(join(photos, 'plain.jpg.xmp'), 'utf8'), lightroom)
  assert.equal(existsSync(join(photos, 'new.jpg.xmp')), false)
  assert.equal(await undoLastExport(store.database), undefined)
})

test('undo leaves a sidecar that another program has written since, and says so', async (context) => {
  const { store, photos, request } = setUp(context)
  await exportCaptions(store.database, [request('a.jpg', 'one'), request('b.jpg', 'two')])
  writeFileSync(join(photos, 'a.jpg.xmp'), lightroom)
  const undone = await undoLastExport(store.database)
  assert.deepEqual([undone?.removed, undone?.left.map(({ path }) => path)], [1, [join(photos, 'a.jpg.xmp')]])
  assert.equal(undone?.left[0]?.error.code, 'FILE_CHANGED')
  assert.equal(readFileSync(join(photos, 'a.jpg.xmp'), 'utf8'), lightroom)
})

test('a second export of the same captions writes nothing', async (context) => {
  const { store, request, photos } = setUp(context)
  await exportCaptions(store.database, [request('a.jpg', 'one')])
  const { mtimeMs } = statSync(join(photos, 'a.jpg.xmp'))
  const again = await exportCaptions(store.database, [request('a.jpg', 'one')])
  assert.deepEqual([again.exportId, again.unchanged], [null, 1])
  assert.equal(statSync(join(photos, 'a.jpg.xmp')).mtimeMs, mtimeMs)
})

const noLinks = process.platform === 'win32' && 'links need a right of their own on Windows'

test('a symbolic link stays one, and its file is written', { skip: noLinks }, async (context) => {
  const { store, photos, request, put } = setUp(context)
  put('real.xml', lightroom)
  symlinkSync(join(photos, 'real.xml'), join(photos, 'a.jpg.xmp'))
  await exportCaptions(store.database, [request('a.jpg', 'one')])
  assert.ok(readFileSync(join(photos, 'real.xml'), 'utf8').includes('>one</rdf:li>'))
})

test('a cancelled export stops between photos and can be undone', async (context) => {
  const { store, photos, request } = setUp(context)
  const cancel = new AbortController()
  const requests = ['a.jpg', 'b.jpg', 'c.jpg'].map((name) => request(name, name))
  const onProgress = () => cancel.abort()
  await assert.rejects(exportCaptions(store.database, requests, { signal: cancel.signal, onProgress }), {
    name: 'AbortError',
  })
  assert.deepEqual(
    readdirSync(photos).filter((name) => name.endsWith('.xmp')),
    ['a.jpg.xmp'],
  )
  assert.equal((await undoLastExport(store.database))?.removed, 1)
})

test('the captions to export are the current ones of photos that are there', (context) => {
  const { store } = setUp(context)
  const folder = addFolder(store, '/photos')
  const ids = ['b.jpg', 'sub/a.jpg', 'gone.jpg', 'none.jpg'].map((path) => addPhoto(store, folder, path))
  for (const id of ids.slice(0, 3)) store.captions.setByPerson(id, `caption ${id}`, 1)
  store.database.prepare('UPDATE photos SET missing_since_ms = 1 WHERE id = ?').run(ids[2]!)
  assert.deepEqual(
    [...currentCaptions(store.database)].map(({ photoPath, caption }) => [photoPath, caption.text]),
    [
      [join('/photos', 'b.jpg'), `caption ${ids[0]}`],
      [join('/photos', 'sub', 'a.jpg'), `caption ${ids[1]}`],
    ],
  )
  assert.deepEqual([...currentCaptions(store.database, { sources: ['model'] })], [])
})

test('embedded writing needs exiftool', async () => {
  await assert.rejects(exifToolVersion('no-such-exiftool'), { code: 'EXIFTOOL_MISSING' })
})

const exifToolAbsent = (() => {
  try {
    execFileSync('exiftool', ['-ver'])
    return false
  } catch {
    return 'exiftool is not installed'
  }
})()

test('embedded captions are in XMP and IPTC, and the photo before stays', {
  skip: exifToolAbsent,
}, async (context) => {
  const { put } = setUp(context)
  const before = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#fff' } })
    .jpeg()
    .toBuffer()
  const path = put('Ærø -1.jpg', before)
  await embedCaption(path, 'søt "hund" & <katt>\n🐕 = 2')
  const written = await readMetadata(path)
  assert.equal(written.captions[0]?.text, 'søt "hund" & <katt>\n🐕 = 2')
  const tags = JSON.parse(
    execFileSync('exiftool', ['-j', '-charset', 'iptc=UTF8', '-IPTC:Caption-Abstract', path], {
      encoding: 'utf8',
    }),
  )
  assert.equal(tags[0]['Caption-Abstract'], 'søt "hund" & <katt>\n🐕 = 2')
  assert.ok(readFileSync(`${path}_original`).equals(before))
})

test('nothing is written beside a photo that is not there, as in the empty place of a drive that is away', async (context) => {
  const { store, photos, request } = setUp(context)
  const requests = ['a.jpg', 'b.jpg'].map((name) => request(name, 'words'))
  rmSync(join(photos, 'a.jpg'))
  const { created, refused } = await exportCaptions(store.database, requests)
  assert.equal(created, 1)
  assert.deepEqual(
    refused.map(({ photoPath, error }) => [photoPath, error.code]),
    [[join(photos, 'a.jpg'), 'FILE_NOT_FOUND']],
  )
  assert.ok(!existsSync(join(photos, 'a.jpg.xmp')))
})

test('a photo that takes the place of another one while captions are written out has its own words there', async (context) => {
  const { store, photos, put } = setUp(context)
  const path = put('a.jpg')
  const folder = store.folders.insert(photos, 1)
  const writer = createScanWriter(store.database)
  const file = { name: 'a.jpg', sizeBytes: 0, modifiedMs: 1, device: 1, inode: 1 }
  const add = (words: string) => {
    const id = writer.arrive(folder.id, '', file, 1)
    store.database.prepare('UPDATE photos SET indexed_ms = 1 WHERE id = ?').run(id)
    store.captions.setByPerson(id, words, 1)
  }
  add('the first')
  await setExportsAlways(store.database, folder.id, true)
  const problems: ErrorRecord[] = []
  const exporter = createWaitingExporter(store, (error) => problems.push(error))
  let isFirst = true
  const onProgress = () => {
    if (isFirst) add('the second')
    isFirst = false
  }
  await exporter.write({ onProgress })
  await exporter.write({})
  assert.deepEqual(problems, [])
  assert.equal((await readSidecar(`${path}.xmp`))?.captions[0]?.text, 'the second')
  assert.equal(await exporter.write({}), undefined, 'nobody waits')
})

test('what could not be written waits until its folder is back, or until it is to be tried again', async (context) => {
  const { store, photos, put } = setUp(context)
  const sidecar = `${put('a.jpg')}.xmp`
  const { id: folderId } = store.folders.insert(photos, 1)
  const photoId = addPhoto(store, folderId, 'a.jpg')
  await setExportsAlways(store.database, folderId, true)
  store.captions.setByPerson(photoId, 'the kite', 1)
  const problems: ErrorRecord[] = []
  const exporter = createWaitingExporter(store, (error) => problems.push(error))
  const refuseOnce = async () => {
    mkdirSync(sidecar)
    assert.equal((await exporter.write({}))?.refused.length, 1)
    rmdirSync(sidecar)
    assert.equal(await exporter.write({}), undefined, 'not again and again')
  }
  const setState = (state: string) => store.database.prepare('UPDATE folders SET state = ?').run(state)

  await refuseOnce()
  assert.equal(problems.length, 1)
  setState('offline')
  setState('online')
  assert.equal((await exporter.write({}))?.created, 1)

  rmSync(sidecar)
  store.captions.setByPerson(photoId, 'the red kite', 2)
  await refuseOnce()
  exporter.retryRefused()
  assert.equal((await exporter.write({}))?.created, 1)
  assert.equal(await exporter.write({}), undefined)
})

test('automatic exports are one until there is a pause, one that was asked for or an undo between', async (context) => {
  const { store, photos, request } = setUp(context)
  const { database } = store
  const write = async (text: string, isAutomatic: boolean) =>
    (await exportCaptions(database, [request('a.jpg', text)], { isAutomatic })).exportId
  const first = await write('one', true)
  assert.equal(await write('two', true), first)
  const asked = await write('three', false)
  const second = await write('four', true)
  assert.notEqual(second, asked)
  database.prepare('UPDATE exports SET finished_ms = finished_ms - 3600000 WHERE id = ?').run(second)
  const third = await write('five', true)
  assert.notEqual(third, second)
  const said = () => /x-default">(\w+)</.exec(readFileSync(join(photos, 'a.jpg.xmp'), 'utf8'))?.[1]
  for (const [isAutomatic, words] of [
    [true, 'four'],
    [true, 'three'],
    [false, 'two'],
  ] as const) {
    assert.deepEqual(await undoLastExport(database), { isAutomatic, restored: 1, removed: 0, left: [] })
    assert.equal(said(), words)
  }
  assert.deepEqual(await undoLastExport(database), { isAutomatic: true, restored: 0, removed: 1, left: [] })
  assert.notEqual(await write('six', true), first, 'that one is taken back')
})

test('an undo that was stopped goes on where it was', async (context) => {
  const { store, photos, request } = setUp(context)
  const cancel = new AbortController()
  for (const text of ['one', 'two']) {
    await exportCaptions(store.database, [request('a.jpg', text), request('b.jpg', text)], {
      isAutomatic: true,
    })
  }
  const onProgress = (done: number) => done === 3 && cancel.abort()
  await assert.rejects(undoLastExport(store.database, { signal: cancel.signal, onProgress }), {
    name: 'AbortError',
  })
  assert.deepEqual(await undoLastExport(store.database), {
    isAutomatic: true,
    restored: 0,
    removed: 1,
    left: [],
  })
  assert.deepEqual(readdirSync(photos).sort(), ['a.jpg', 'b.jpg'])
})

test('a sidecar without write permission is refused by name, in the dry run too, and so is its undo', async (context) => {
  const { store, photos, request, put } = setUp(context)
  const sidecar = put('a.jpg.xmp', lightroom)
  chmodSync(sidecar, 0o444)
  const requests = [request('a.jpg', 'the kite'), request('b.jpg', 'the boat')]
  const [planned] = await planOf(requests)
  assert.deepEqual([planned?.action, planned?.error?.code], ['refused', 'WRITE_FAILED'])
  assert.match(planned?.error?.message ?? '', /a\.jpg\.xmp is write-protected/)
  const { created, refused } = await exportCaptions(store.database, requests)
  assert.deepEqual([created, refused.map(({ sidecarPath }) => sidecarPath)], [1, [sidecar]])
  assert.equal(readFileSync(sidecar, 'utf8'), lightroom)
  assert.equal(statSync(sidecar).mode & 0o777, 0o444)

  const [same] = await planOf([request('a.jpg', 'Boats & sheds at dusk')])
  assert.equal(same?.action, 'unchanged', 'what it says already needs no writing')

  chmodSync(join(photos, 'b.jpg.xmp'), 0o444)
  const undone = await undoLastExport(store.database)
  assert.deepEqual([undone?.removed, undone?.left.map(({ path }) => path)], [0, [join(photos, 'b.jpg.xmp')]])
  assert.ok(existsSync(join(photos, 'b.jpg.xmp')))
})
