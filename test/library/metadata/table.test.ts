import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { noDoubt } from '../../../src-main/contract/records.ts'
import { exportTable } from '../../../src-main/library/metadata/export-table.ts'
import { importTable, planImport } from '../../../src-main/library/metadata/import-table.ts'
import { emptyMetadata, type PhotoMetadata } from '../../../src-main/library/metadata/photo-metadata.ts'
import { guardCell, tableColumns, unguardCell } from '../../../src-main/library/metadata/table-format.ts'
import type { CaptionChanges } from '../../../src-main/library/store/caption-changes.ts'
import { contentOf, markMissing } from '../store/sample-library.ts'
import { nothing, openTableLibrary } from './table-library.ts'

const csv = { format: 'csv' } as const

for (const format of ['csv', 'json'] as const) {
  test(`captions come back from ${format} as they were, whatever they say`, async (context) => {
    const { folder, store, add, target } = openTableLibrary(context)
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
    assert.deepEqual(summary, { ...nothing, rows: 8, changed: 8 })
    assert.deepEqual(
      ids.map((id) => store.captions.current(id)?.text),
      texts,
    )
    assert.deepEqual(await importTable(target, file, { format }), { ...nothing, rows: 8, unchanged: 8 })
  })
}

for (const format of ['csv', 'json'] as const) {
  test(`a caption that is only a beginning stays one in ${format}: unchanged, edited, and in another library`, async (context) => {
    // Cut after a space, which no table keeps.
    const long = `Grandma's letter. 1${' and so on'.repeat(1100)}`
    assert.equal(long[9999], ' ')
    const fromFile = (target: ReturnType<typeof openTableLibrary>['target'], photoId: number) =>
      target.metadata.apply(photoId, { kind: 'embedded', name: '', metadata: withCaption(long) }, 1)
    const here = openTableLibrary(context)
    const photo = here.add('a.jpg', 'a')
    here.store.captions.setByPerson(here.add('b.jpg', 'b'), 'whole words', 1)
    fromFile(here.target, photo)
    assert.equal(here.store.captions.current(photo)?.isCut, true)
    const file = join(here.folder, `captions.${format}`)
    await exportTable(here.store.database, file, { format })
    assert.deepEqual(await importTable(here.target, file, { format }), { ...nothing, rows: 2, unchanged: 2 })

    const other = openTableLibrary(context)
    const [there, whole] = [other.add('x.jpg', 'a'), other.add('b.jpg', 'b')]
    await importTable(other.target, file, { format })
    assert.equal(other.store.captions.current(there)?.isCut, true)
    assert.equal(other.store.captions.current(whole)?.isCut, false)

    const edited = readFileSync(file, 'utf8').replace('letter. ', 'letter: ').replace('imported', 'person')
    writeFileSync(file, edited)
    const { changed } = await importTable(here.target, file, { format })
    assert.equal(changed, 1)
    const caption = here.store.captions.current(photo)
    assert.ok(caption?.text.startsWith("Grandma's letter: 1 and so on"))
    assert.deepEqual([caption?.isCut, caption?.source], [true, 'imported'])

    writeFileSync(
      file,
      edited.replace(format === 'csv' ? ',yes,' : '"cut":"yes"', format === 'csv' ? ',,' : '"cut":""'),
    )
    await importTable(here.target, file, { format })
    const own = here.store.captions.current(photo)
    assert.deepEqual([own?.isCut, own?.source], [false, 'person'])
  })
}

function withCaption(text: string): PhotoMetadata {
  return { ...emptyMetadata(), captions: [{ text, language: null, field: 'xmp:dc:description' }] }
}

test('no cell of a CSV starts like a formula, and guarding takes nothing away', async (context) => {
  const { folder, store, add } = openTableLibrary(context)
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
  const { folder, store, add } = openTableLibrary(context)
  store.captions.setByPerson(add('a.jpg', 'a'), 'words', 1)
  const file = join(folder, 'captions.json')
  await assert.rejects(exportTable(store.database, file, { format: 'json', signal: AbortSignal.abort() }), {
    name: 'AbortError',
  })
  assert.deepEqual(
    readdirSync(folder).filter((name) => !/^library\.sqlite|\.lock$/.test(name)),
    [],
  )
  await exportTable(store.database, file, { format: 'json' })
  assert.equal(JSON.parse(readFileSync(file, 'utf8'))[0].caption, 'words')
  assert.equal(await exportTable(store.database, file, { format: 'json', folderIds: [] }), 0)
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), [])
})

test('rows match by content, then by path; duplicates by their own path or name', async (context) => {
  const { store, add, put, target } = openTableLibrary(context)
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
    caption: { before: null, after: 'by content', source: 'person' },
    marks: null,
  })
  assert.equal(store.captions.current(moved), null)

  assert.deepEqual(await importTable(target, file, csv), {
    ...nothing,
    rows: 6,
    changed: 4,
    unchanged: 1,
    unmatched: 1,
    firstUnmatched: [{ line: 6, path: '/nowhere.jpg' }],
  })
  assert.deepEqual(
    [moved, changed, ...twins].map((id) => store.captions.current(id)?.text),
    ['by content', 'by path', 'this one', 'of this name', undefined],
  )
  assert.equal(store.captions.current(changed)?.source, 'person', 'what a table says is the person’s')
})

test('words changed in any row are the person’s, and a second time there is nothing to change', async (context) => {
  const { store, add, put, target } = openTableLibrary(context)
  const [a, b] = [add('a.jpg', 'a'), add('b.jpg', 'b')]
  const caption = {
    text: 'a dog',
    score: -1,
    ...noDoubt,
    modelId: 'm',
    adapterId: null,
    precision: 'fp32',
  } as const
  store.captions.addFromModel([{ ...caption, photoId: a, contentHash: contentOf('a') }], 1)
  store.captions.setByPerson(b, 'mine', 1)
  const rows = [
    { sha256: contentOf('a'), caption: 'my dog', source: 'model' },
    { sha256: contentOf('b'), caption: 'theirs', source: 'odd' },
  ]
  const file = put('captions.json', JSON.stringify(rows, null, 2))
  const json = { format: 'json' } as const
  const imported = { ...json, as: 'imported' } as const
  const below = await planImport(target, file, imported)
  assert.deepEqual([below.changes, below.outranked], [1, 1])
  const under = await importTable(target, file, imported)
  assert.deepEqual([under.changed, under.outranked], [1, 1])
  const said = () =>
    [a, b].map((id) => [store.captions.current(id)?.text, store.captions.current(id)?.source])
  assert.deepEqual(said(), [
    ['my dog', 'imported'],
    ['mine', 'person'],
  ])
  assert.equal((await importTable(target, file, imported)).changed, 0)
  assert.equal(await target.changes.undoEdit(5), 1)

  assert.equal((await planImport(target, file, json)).changes, 2)
  assert.equal((await importTable(target, file, json)).changed, 2)
  assert.deepEqual(said(), [
    ['my dog', 'person'],
    ['theirs', 'person'],
  ])
  assert.deepEqual(await importTable(target, file, json), { ...nothing, rows: 2, unchanged: 2 })
  assert.equal(await target.changes.undoEdit(6), 2)
  assert.deepEqual(said(), [
    ['a dog', 'model'],
    ['mine', 'person'],
  ])
})

test('one bad line and nothing is imported', async (context) => {
  const { store, add, put, target } = openTableLibrary(context)
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
  const { folder, store, add, target } = openTableLibrary(context)
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

test('under another root copies of one name have each its own words: the longest common end of the path decides', async (context) => {
  const { store, add, put, target } = openTableLibrary(context)
  const paths = ['2019/rome/IMG.jpg', '2020/rome/IMG.jpg', '2020/IMG.jpg', 'IMG.jpg']
  const ids = paths.map((path) => add(path, 'twin'))
  for (const id of ids.slice(0, 3)) store.captions.setByPerson(id, 'before', 1)
  const row = (path: string) => ({ sha256: contentOf('twin'), path, caption: `of ${path}`, source: 'person' })
  const rows = paths
    .toReversed()
    .map((path) => ({ ...row(path), path: `D:\\old\\${path.replaceAll('/', '\\')}` }))
  const file = put('captions.json', JSON.stringify(rows))
  const plan = await planImport(target, file, { format: 'json' })
  assert.deepEqual([plan.changes, plan.unclear, plan.unmatched], [4, 0, 0])
  assert.deepEqual(await importTable(target, file, { format: 'json' }), { ...nothing, rows: 4, changed: 4 })
  assert.deepEqual(
    ids.map((id) => store.captions.current(id)?.text),
    paths.map((path) => `of ${path}`),
  )
})

test('a row that could be for several photos, or by its content for one that another row is for, is listed and changes nothing', async (context) => {
  const { store, add, put, target } = openTableLibrary(context)
  const [a, b] = [add('a/IMG.jpg', 'twin'), add('b/IMG.jpg', 'twin')]
  const only = add('c/only.jpg', 'single')
  const twin = contentOf('twin')
  const file = put(
    'captions.csv',
    [
      'sha256,path,caption,source',
      `${twin},/old/z/IMG.jpg,of which?,person`,
      `${twin},,of both?,person`,
      `${twin},/old/z/IMG.jpg,,person`,
      `${contentOf('single')},/old/other.jpg,of another copy,person`,
      `${contentOf('single')},/old/c/only.jpg,its own,person`,
      `,${join('/photos', 'c', 'only.jpg')},by the path alone,person`,
    ].join('\n'),
  )
  const unclear = {
    unclear: 3,
    firstUnclear: [
      { line: 2, path: '/old/z/IMG.jpg', reason: 'copies' },
      { line: 3, path: twin, reason: 'copies' },
      { line: 5, path: '/old/other.jpg', reason: 'copies' },
    ],
    // A row that names nothing but the path is one more for the photo there.
    replaced: 1,
    firstReplaced: [{ line: 6, path: '/old/c/only.jpg' }],
  }
  const { firstUnclear, ...plan } = await planImport(target, file, csv)
  assert.deepEqual([plan.rows, plan.changes, plan.unchanged, plan.unclear], [6, 1, 1, 3])
  assert.deepEqual(firstUnclear, unclear.firstUnclear)
  const summary = await importTable(target, file, csv)
  assert.deepEqual(summary, { ...nothing, ...unclear, rows: 6, changed: 1, unchanged: 1 })
  assert.deepEqual(
    [a, b, only].map((id) => store.captions.current(id)?.text),
    [undefined, undefined, 'by the path alone'],
  )
})

test('what only the file name, or nothing else being left, says of a copy never goes over a person’s words', async (context) => {
  const { store, add, put, target } = openTableLibrary(context)
  const [named, left, free] = [add('a/1.jpg', 'twin'), add('b/2.jpg', 'twin'), add('c/3.jpg', 'three')]
  add('d/4.jpg', 'three')
  for (const id of [named, left]) store.captions.setByPerson(id, 'a person wrote this', 1)
  const rows = [
    { sha256: contentOf('twin'), path: '/old/x/1.jpg', caption: 'by its name', source: 'person' },
    { sha256: contentOf('twin'), path: '/old/y/9.jpg', caption: 'what is left', source: 'imported' },
    { sha256: contentOf('three'), path: '/old/z/3.jpg', caption: 'one', source: 'person' },
    { sha256: contentOf('three'), path: '/old/z/3.jpg', caption: 'two', source: 'person' },
  ]
  const file = put('captions.json', `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]`)
  const summary = await importTable(target, file, { format: 'json' })
  assert.deepEqual(
    summary.firstUnclear.map(({ path, reason }) => [path, reason]),
    [
      ['/old/x/1.jpg', 'person'],
      ['/old/y/9.jpg', 'person'],
    ],
  )
  assert.deepEqual([summary.changed, summary.replaced], [1, 1])
  assert.equal(summary.firstReplaced[0]?.path, '/old/z/3.jpg')
  assert.deepEqual(
    [named, left, free].map((id) => store.captions.current(id)?.text),
    ['a person wrote this', 'a person wrote this', 'two'],
    'the rows of one file are all for it, the last one for good',
  )
})

test('a photo that is there goes before a missing one, and two imports do not mix', async (context) => {
  const { store, add, put, target } = openTableLibrary(context)
  const [gone, there] = [add('a/1.jpg', 'twin'), add('b/1.jpg', 'twin')]
  markMissing(store, gone)
  const table = (path: string, caption: string) =>
    put(`${caption}.json`, JSON.stringify([{ sha256: contentOf('twin'), path, caption, source: 'person' }]))
  const json = { format: 'json' } as const
  const [first, plan, second] = await Promise.all([
    importTable(target, table('/old/z/1.jpg', 'first'), json),
    planImport(target, table('/old/a/1.jpg', 'planned'), json),
    importTable(target, table('/old/a/1.jpg', 'second'), json),
  ])
  assert.deepEqual([first.changed, plan.changes, second.changed], [1, 1, 1])
  assert.equal(store.captions.current(there)?.text, 'first')
  assert.equal(store.captions.current(gone)?.text, 'second')
})

const python = spawnSync('python3', ['--version']).status === 0

test('another program reads a CSV of ours as it was written, whatever is in its cells', {
  skip: !python && 'there is no Python',
}, async (context) => {
  const { folder, store, add } = openTableLibrary(context)
  const texts = ['a\nb', 'a\rb', 'a\r\nb', 'a "b", c', '\u2028 line', 'x;y\tz', 'søt 🐕']
  for (const [index, text] of texts.entries()) {
    const id = add(`${index}.jpg`, `${index}`)
    store.captions.setByPerson(id, text, 1)
    store.marks.set([id], { title: text, addKeywords: [text, 'one'], rating: -1 }, 2)
  }
  const file = join(folder, 'captions.csv')
  await exportTable(store.database, file, csv)
  const program = `import csv, json, sys
with open(sys.argv[1], newline='', encoding='utf-8-sig') as file:
    rows = list(csv.reader(file, strict=True))
print(json.dumps(rows))`
  const { stdout, stderr } = spawnSync('python3', ['-c', program, file], { encoding: 'utf8' })
  assert.equal(stderr, '')
  const [header, ...rows] = JSON.parse(stdout) as string[][]
  assert.deepEqual(header, [...tableColumns])
  for (const column of ['caption', 'title'] as const) {
    assert.deepEqual(
      rows.map((row) => row[header!.indexOf(column)]),
      texts,
    )
  }
  assert.deepEqual(
    rows.map((row) => row[header!.indexOf('rating')]),
    texts.map(() => '-1'),
  )
  assert.deepEqual(await importTable({ ...store, changes: neverChanged }, file, csv), {
    ...nothing,
    rows: texts.length,
    unchanged: texts.length,
  })
})

const neverChanged: Pick<CaptionChanges, 'set'> = {
  async set(_kind, plan) {
    while (plan(() => assert.fail('nothing is to change'), 100) > 0);
    return 0
  },
}

test('rows of separators alone are no rows, in whatever table and wherever they stand', async (context) => {
  const { store, add, put, target } = openTableLibrary(context)
  const id = add('IMG_1.jpg', 'anna')
  const exported = readFileSync(new URL('../../fixtures/tables/blank-rows.csv', import.meta.url), 'utf8')
  const said = exported.replace('@photos@', '/photos')
  const tables = [
    said,
    `,,\r\n${said},,,,,,\r\n`,
    said.replaceAll(',', ';'),
    `;;\n \n${said.replaceAll(',', ';')}"";"";""\n`,
    `\ufeff${said.replaceAll(',', '\t')}`,
  ]
  for (const [index, table] of tables.entries()) {
    const file = put(`${index}.csv`, table)
    const plan = await planImport(target, file, csv)
    assert.deepEqual([plan.rows, plan.changes, plan.errors], [1, 1, 0], JSON.stringify(table))
  }
  const json = put(
    'blank.json',
    JSON.stringify([
      { path: '', caption: '' },
      {},
      { Path: '/photos/IMG_1.jpg', Caption: 'as JSON' },
      { caption: null },
    ]),
  )
  assert.deepEqual((await planImport(target, json, { format: 'json' })).changes, 1)
  assert.deepEqual(await importTable(target, put('blank.csv', said), csv), {
    ...nothing,
    rows: 1,
    changed: 1,
  })
  assert.equal(store.captions.current(id)?.text, 'Anna blows the candles')
})

test('a line that says the separator is believed, in any encoding', async (context) => {
  const { add, put, target } = openTableLibrary(context)
  add('a.jpg', 'a')
  const path = join('/photos', 'a.jpg')
  const rows = [
    `sep=;\r\npath;caption\r\n${path};one, two\r\n`,
    `"sep=,"\npath,caption\n${path},"one; two, three"\n`,
    `SEP=|\npath|caption\n${path}|one, two; three\n`,
    `sep=\t\r\npath\tcaption\r\n${path}\tone, two\r\n`,
    `sep=,,\r\npath,caption\r\n${path},one\r\n`,
  ]
  for (const [index, table] of rows.entries()) {
    for (const [name, bytes] of [
      ['plain', Buffer.from(table)],
      ['utf8', Buffer.from(`\ufeff${table}`)],
      ['utf16', Buffer.from(`\ufeff${table}`, 'utf16le')],
    ] as const) {
      const plan = await planImport(target, put(`${index}-${name}.csv`, bytes), csv)
      assert.deepEqual([plan.rows, plan.changes, plan.errors], [1, 1, 0], `${name}: ${table}`)
      assert.equal(plan.firstChanges[0]!.line, 3)
    }
  }
})

test('a path is found in whatever way its letters are put together', async (context) => {
  const { add, put, target } = openTableLibrary(context)
  const name = 'Zürich/große Brücke.jpg'
  add(name.normalize('NFD'), 'a')
  add('Köln/b.jpg'.normalize('NFC'), 'b')
  const rows = [
    { path: join('/photos', name.normalize('NFC')), caption: 'a bridge' },
    { path: join('/photos', 'Köln/b.jpg'.normalize('NFD')), caption: 'a cathedral' },
  ]
  const plan = await planImport(target, put('names.json', JSON.stringify(rows)), { format: 'json' })
  assert.deepEqual([plan.changes, plan.unmatched], [2, 0])
})

test('two columns of one name are refused by name where it matters which is meant', async (context) => {
  const { add, put, target } = openTableLibrary(context)
  add('a.jpg', 'a')
  const row = `${join('/photos', 'a.jpg')},x,y,z\n`
  for (const [header, column] of [
    ['path,caption,Caption,note', 'caption'],
    ['path,caption,keywords, KEYWORDS', 'keywords'],
    ['path,caption,path,note', 'path'],
  ]) {
    await assert.rejects(planImport(target, put('two.csv', `${header}\n${row}`), csv), {
      code: 'IMPORT_INVALID',
      message: new RegExp(`line 1: two columns are named ${column};`),
    })
  }
  const others = put('others.csv', `path,caption,note,note\n${row}`)
  assert.equal((await planImport(target, others, csv)).changes, 1)
  const member = put('two.json', JSON.stringify([{ path: '/photos/a.jpg', caption: 'x', Caption: 'y' }]))
  assert.match(
    (await planImport(target, member, { format: 'json' })).firstErrors[0]!.message,
    /two .*caption/,
  )
})

test('of several rows for one photo the last that says anything is taken, and the others are said', async (context) => {
  const { store, add, put, target } = openTableLibrary(context)
  const [a, b] = [add('a.jpg', 'a'), add('b.jpg', 'b')]
  const path = (name: string) => join('/photos', name)
  const file = put(
    'several.csv',
    [
      'path,caption,rating',
      `${path('a.jpg')},first,`,
      `${path('b.jpg')},only,`,
      `${path('a.jpg')},second,`,
      `${path('a.jpg')},third,4`,
      `${path('a.jpg')},,`,
    ].join('\n'),
  )
  const firstReplaced = [
    { line: 2, path: path('a.jpg') },
    { line: 4, path: path('a.jpg') },
  ]
  const plan = await planImport(target, file, csv)
  assert.deepEqual([plan.changes, plan.marked, plan.replaced], [2, 1, 2])
  assert.deepEqual(plan.firstReplaced, firstReplaced)
  assert.deepEqual(await importTable(target, file, csv), {
    ...nothing,
    rows: 5,
    changed: 2,
    marked: 1,
    unchanged: 1,
    replaced: 2,
    firstReplaced,
  })
  assert.deepEqual(
    [a, b].map((id) => store.captions.current(id)?.text),
    ['third', 'only'],
  )
})

test('rows for one photo by its content and by its path are several rows for it: the last is taken', async (t) => {
  const { store, add, put, target } = openTableLibrary(t)
  const ids = ['a', 'b', 'c'].map((name) => add(`${name}.jpg`, name))
  const file = put(
    'keys.csv',
    [
      'sha256,path,caption',
      `${contentOf('a')},,by content`,
      `,${join('/photos', 'a.jpg')},by path`,
      `,${join('/photos', 'b.jpg')},by path`,
      `${contentOf('b')},${join('/elsewhere', 'x.jpg')},by content`,
      // Of another picture, which the library does not have, at the place of this one.
      `${contentOf('c')},${join('/elsewhere', 'c.jpg')},by content`,
      `${contentOf('gone')},${join('/photos', 'c.jpg')},of another`,
    ].join('\n'),
  )
  const firstReplaced = [
    { line: 2, path: contentOf('a') },
    { line: 4, path: join('/photos', 'b.jpg') },
  ]
  const firstUnclear = [{ line: 7, path: join('/photos', 'c.jpg'), reason: 'copies' }]
  const plan = await planImport(target, file, csv)
  assert.deepEqual([plan.changes, plan.firstReplaced, plan.firstUnclear], [3, firstReplaced, firstUnclear])
  const summary = await importTable(target, file, csv)
  assert.deepEqual(summary, {
    ...nothing,
    rows: 6,
    changed: 3,
    replaced: 2,
    firstReplaced,
    unclear: 1,
    firstUnclear,
  })
  assert.deepEqual(
    ids.map((id) => store.captions.current(id)?.text),
    ['by path', 'by content', 'by content'],
  )
})

test('cells that were encoded twice are put right, where that is certain and they are not as they were exported', async (context) => {
  const { folder, store, add, put, target } = openTableLibrary(context)
  const [a, b, typed] = [add('a.jpg', 'a'), add('Caf\u00e9.jpg', 'b'), add('c.jpg', 'c')]
  store.captions.setByPerson(typed, 'the sign says CafÃ©', 1)
  const file = join(folder, 'captions.csv')
  await exportTable(store.database, file, csv)
  assert.equal((await importTable(target, file, csv)).unchanged, 1, 'a person may have typed it so')

  const table = [
    'path,caption,title,keywords',
    `${join('/photos', 'a.jpg')},Zürich – “schön”,Äpfel,größe; naïve`,
    `${join('/photos', 'Caf\u00e9.jpg')},CAFÉ® déjà vu,,`,
  ].join('\n')
  const twice = Buffer.from(new TextDecoder('windows-1252').decode(Buffer.from(table)))
  await importTable(target, put('twice.csv', twice), csv)
  assert.equal(store.captions.current(a)?.text, 'Zürich – “schön”')
  assert.equal(store.marks.current(a).title, 'Äpfel')
  assert.deepEqual([...store.marks.current(a).keywords.keys()], ['größe', 'naïve'])
  assert.equal(store.captions.current(b)?.text, 'CAFÉ® déjà vu')
})
