import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { noDoubt } from '../../../src-main/contract/records.ts'
import { exportTable } from '../../../src-main/library/metadata/export-table.ts'
import { importTable, planImport } from '../../../src-main/library/metadata/import-table.ts'
import { createMetadataStore } from '../../../src-main/library/metadata/metadata-store.ts'
import { guardCell, unguardCell } from '../../../src-main/library/metadata/table-format.ts'
import { openStore } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf } from '../store/sample-library.ts'
import { temporaryFolder } from './temporary-folder.ts'

function setUp(context: TestContext) {
  const folder = temporaryFolder(context)
  const store = openStore(join(folder, 'library.sqlite'))
  context.after(() => store.close())
  const folderId = addFolder(store, '/photos')
  const metadata = createMetadataStore(store.database, store.captions)
  const add = (path: string, content: string) => addPhoto(store, folderId, path, contentOf(content))
  const put = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  return { folder, store, add, put, target: { ...store, metadata } }
}

const csv = { format: 'csv' } as const

for (const format of ['csv', 'json'] as const) {
  test(`captions come back from ${format} as they were, whatever they say`, async (context) => {
    const { folder, store, add, target } = setUp(context)
    const texts = ['=HYPERLINK("http://x")', "'=1+1", '-5 °C', '@home', 'a, "b"; c\nd', 'søt 🐕', '+1', "''"]
    const ids = texts.map((text, index) => {
      const id = add(`${index}.jpg`, `content ${index}`)
      store.captions.setByPerson(id, text, 1)
      return id
    })
    const file = join(folder, `captions.${format}`)
    assert.equal(await exportTable(store.database, file, { format }), texts.length)
    for (const id of ids) store.captions.setByPerson(id, 'overwritten', 2)
    const summary = await importTable(target, file, { format })
    assert.deepEqual(summary, { rows: 8, changed: 8, unchanged: 0, unmatched: 0 })
    assert.deepEqual(
      ids.map((id) => store.captions.current(id)?.text),
      texts,
    )
    assert.deepEqual(await importTable(target, file, { format }), {
      rows: 8,
      changed: 0,
      unchanged: 8,
      unmatched: 0,
    })
  })
}

test('no cell of a CSV starts like a formula, and guarding takes nothing away', async (context) => {
  const { folder, store, add } = setUp(context)
  store.captions.setByPerson(add('a.jpg', 'a'), '=1+1', 1)
  const file = join(folder, 'captions.csv')
  await exportTable(store.database, file, csv)
  const text = readFileSync(file, 'utf8')
  assert.ok(text.startsWith('\ufeffpath,sha256,caption,'))
  assert.ok(text.includes(",'=1+1,person,"))
  fc.assert(
    fc.property(fc.stringMatching(/^['=+@\-\t\r a]{0,6}$/), (cell) => {
      assert.equal(unguardCell(guardCell(cell)), cell)
      assert.equal(/^[=+\-@\t\r]/.test(guardCell(cell)), false)
    }),
  )
})

test('a table is complete or not there', async (context) => {
  const { folder, store, add } = setUp(context)
  store.captions.setByPerson(add('a.jpg', 'a'), 'words', 1)
  const file = join(folder, 'captions.json')
  await assert.rejects(exportTable(store.database, file, { format: 'json', signal: AbortSignal.abort() }), {
    name: 'AbortError',
  })
  assert.deepEqual(
    readdirSync(folder).filter((name) => !name.startsWith('library.sqlite')),
    [],
  )
  await exportTable(store.database, file, { format: 'json' })
  assert.equal(JSON.parse(readFileSync(file, 'utf8'))[0].caption, 'words')
  assert.equal(await exportTable(store.database, file, { format: 'json', folderIds: [] }), 0)
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), [])
})

test('rows match by content, then by path; duplicates by their own path or name', async (context) => {
  const { store, add, put, target } = setUp(context)
  const moved = add('new/place.jpg', 'moved')
  const changed = add('changed.jpg', 'now')
  const twins = ['x/1.jpg', 'y/2.jpg', 'z/3.jpg'].map((path) => add(path, 'twin'))
  const file = put(
    'captions.csv',
    [
      'sha256;path;caption;source',
      `${contentOf('moved')};/elsewhere/old.jpg;by content;person`,
      `${contentOf('before')};${join('/photos', 'changed.jpg')};by path;imported`,
      `${contentOf('twin')};${join('/photos', 'x', '1.jpg')};this one;person`,
      `${contentOf('twin').toUpperCase()};D:\\backup\\2.jpg;of this name;person`,
      `${contentOf('stranger')};/nowhere.jpg;nobody;person`,
      `${contentOf('twin')};${join('/photos', 'z', '3.jpg')};;person`,
    ].join('\r\n'),
  )
  const plan = await planImport(target, file, csv)
  assert.deepEqual([plan.rows, plan.changes, plan.unchanged, plan.unmatched, plan.errors], [6, 4, 1, 1, 0])
  assert.deepEqual(plan.firstUnmatched, [{ line: 6, path: '/nowhere.jpg' }])
  assert.deepEqual(plan.firstChanges[0], {
    line: 2,
    photoId: moved,
    before: null,
    after: 'by content',
    source: 'person',
  })
  assert.equal(store.captions.current(moved), null)

  assert.deepEqual(await importTable(target, file, csv), { rows: 6, changed: 4, unchanged: 1, unmatched: 1 })
  assert.deepEqual(
    [moved, changed, ...twins].map((id) => store.captions.current(id)?.text),
    ['by content', 'by path', 'this one', 'of this name', undefined],
  )
  assert.equal(store.captions.current(changed)?.source, 'imported')
})

test('words changed in a row of the model are imported, and the person still goes before them', async (context) => {
  const { store, add, put, target } = setUp(context)
  const [a, b] = [add('a.jpg', 'a'), add('b.jpg', 'b')]
  const caption = { text: 'a dog', score: -1, ...noDoubt, modelId: 'm', adapterId: null }
  store.captions.addFromModel([{ ...caption, photoId: a, contentHash: contentOf('a') }], 1)
  store.captions.setByPerson(b, 'mine', 1)
  const rows = [
    { sha256: contentOf('a'), caption: 'my dog', source: 'model' },
    { sha256: contentOf('b'), caption: 'theirs', source: 'odd' },
  ]
  await importTable(target, put('captions.json', JSON.stringify(rows, null, 2)), { format: 'json' })
  assert.equal(store.captions.current(a)?.text, 'my dog')
  assert.equal(store.captions.current(a)?.source, 'imported')
  assert.equal(store.captions.current(b)?.text, 'mine')
})

test('one bad line and nothing is imported', async (context) => {
  const { store, add, put, target } = setUp(context)
  const id = add('a.jpg', 'a')
  const good = `${contentOf('a')},good words,en`
  const bad: [content: string | Buffer, message: RegExp][] = [
    [`sha256,caption,language\n${good}\nxyz,bad hash,en\n`, /line 3: sha256/],
    [`sha256,caption,language\n${good}\n,no photo,en\n`, /line 3: neither path nor sha256/],
    [`sha256,caption,language\n${good}\n${contentOf('a')},x,not a language\n`, /line 3: language/],
    [
      `sha256,caption,language\n${good}\n${contentOf('a')},${'x'.repeat(10_001)},en\n`,
      /line 3: caption is longer/,
    ],
    [
      `sha256,caption,language\n${good}\n${contentOf('a')},too,many,cells\n`,
      /line 3: another number of cells/,
    ],
    [`sha256,caption,language\n${good}\n"never closed`, /line 3/],
    [`caption\nwords\n`, /line 1: the columns/],
    [Buffer.from(`sha256,caption,language\n${contentOf('a')},s\u00f8t,en\n`, 'latin1'), /not UTF-8/],
    ['', /line 1: the columns/],
  ]
  for (const [content, message] of bad) {
    await assert.rejects(importTable(target, put('bad.csv', content), csv), {
      code: 'IMPORT_INVALID',
      message,
    })
    assert.equal(store.captions.current(id), null)
  }
  const json = put('bad.json', `${JSON.stringify({ sha256: contentOf('a'), caption: 'good' })}\nnot json\n`)
  await assert.rejects(importTable(target, json, { format: 'json' }), {
    code: 'IMPORT_INVALID',
    message: /line 2/,
  })
  assert.equal(store.captions.current(id), null)
  await assert.rejects(importTable(target, join(json, 'gone.csv'), csv), { code: 'FILE_NOT_FOUND' })
})

test('a table of more than one batch streams in both formats, and can be cancelled', async (context) => {
  const { folder, store, add, target } = setUp(context)
  store.database.write(() => {
    for (let index = 0; index < 1200; index++) {
      store.captions.setByPerson(add(`${index}.jpg`, `content ${index}`), `caption ${index}`, 1)
    }
  })
  for (const format of ['csv', 'json'] as const) {
    const file = join(folder, `captions.${format}`)
    await exportTable(store.database, file, { format })
    const plan = await planImport(target, file, { format })
    assert.deepEqual([plan.rows, plan.unchanged], [1200, 1200])
    const cancel = new AbortController()
    const options = { format, signal: cancel.signal, onProgress: () => cancel.abort() }
    await assert.rejects(importTable(target, file, options), { name: 'AbortError' })
  }
})
