import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { noDoubt } from '../../../src-main/contract/records.ts'
import { withdrawnSources } from '../../../src-main/contract/word-sources.ts'
import { exportTable } from '../../../src-main/library/metadata/export-table.ts'
import { importTable, planImport } from '../../../src-main/library/metadata/import-table.ts'
import { emptyMetadata, type PhotoMetadata } from '../../../src-main/library/metadata/photo-metadata.ts'
import { cellsOf } from '../../../src-main/library/metadata/table-cells.ts'
import { settleCurrentCaption } from '../../../src-main/library/store/captions.ts'
import { lastStandingEdit, lastUndoneEdit } from '../../../src-main/library/store/edits.ts'
import { createIdentityState } from '../../../src-main/library/store/identity-state.ts'
import { settleMarks } from '../../../src-main/library/store/marks.ts'
import { contentOf } from '../store/sample-library.ts'
import { nothing, openTableLibrary } from './table-library.ts'

// A table is edited elsewhere and taken in: what of it was edited, whose words it is in, and how all of it is taken back.

const json = { format: 'json' } as const

type Row = Record<string, string>

function setUp(context: TestContext) {
  const library = openTableLibrary(context)
  const { folder, store, target } = library
  const file = join(folder, 'captions.json')
  return {
    ...library,
    file,
    /** Exports a table, and edits its rows by the names of their photos. */
    async edit(edits: Record<string, Row>): Promise<void> {
      await exportTable(store.database, file, json)
      const rows = JSON.parse(readFileSync(file, 'utf8')) as Row[]
      const edited = rows.map((row) => ({ ...row, ...edits[row.path!.split(/[\\/]/).at(-1)!] }))
      writeFileSync(file, JSON.stringify(edited))
    },
    say(photoId: number, text: string): void {
      store.captions.addFromModel(
        [
          {
            photoId,
            text,
            score: -1,
            ...noDoubt,
            modelId: 'm',
            adapterId: null,
            precision: 'fp32',
            contentHash: store.photos.byId(photoId)!.contentHash!,
          },
        ],
        1,
      )
    },
    sidecarSays(photoId: number, said: Partial<PhotoMetadata>): void {
      const metadata = { ...emptyMetadata(), ...said }
      target.metadata.applyAll(photoId, [{ kind: 'sidecar', name: 'a.xmp', metadata }], [], 1)
    },
    said: (photoId: number) => {
      const caption = store.captions.current(photoId)
      return caption && [caption.text, caption.source]
    },
    cells: (photoId: number) => cellsOf(store.database, photoId),
  }
}

const caption = (text: string) => ({ text, language: null, field: 'xmp:dc:description' })

test('cells of title, keywords and rating that were edited are the person’s marks; those that were not say nothing', async (context) => {
  const { store, add, target, edit, file, sidecarSays, said, cells } = setUp(context)
  const [a, b, c] = [add('a.jpg', 'a'), add('b.jpg', 'b'), add('c.jpg', 'c')]
  const keywords = ['red; white', 'sea', 'said "hi"']
  sidecarSays(a, { captions: [caption('a harbour')], title: 'Harbour', rating: 3, keywords })
  sidecarSays(b, { captions: [caption('a dog')], title: 'Dog', rating: 5, keywords: ['dog'] })
  sidecarSays(c, { captions: [caption('a cat')], keywords: ['cat'] })
  await edit({
    'a.jpg': { keywords: '"red; white"; night', rating: '4', title: ' The old harbour ' },
    'b.jpg': { title: '', keywords: '', rating: '' },
  })
  // Since then: what a row that was not edited says is older.
  store.marks.set([c], { addKeywords: ['tabby'], rating: 2 }, 5)

  const plan = await planImport(target, file, json)
  assert.deepEqual([plan.changes, plan.marked, plan.unchanged], [0, 2, 1])
  assert.deepEqual(plan.firstChanges[0]!.marks, {
    title: 'The old harbour',
    rating: 4,
    addKeywords: ['night'],
    removeKeywords: ['said "hi"', 'sea'],
  })
  assert.deepEqual(await importTable(target, file, json), { ...nothing, rows: 3, marked: 2, unchanged: 1 })
  const after = {
    a: { title: 'The old harbour', rating: 4, keywords: ['night', 'red; white'] },
    b: { title: null, rating: 0, keywords: [] },
    c: { title: null, rating: 2, keywords: ['cat', 'tabby'] },
  }
  const all = () => ({ a: cells(a), b: cells(b), c: cells(c) })
  assert.deepEqual(all(), after)
  assert.deepEqual(said(a), ['a harbour', 'imported'], 'who edits a rating has not written the caption')
  assert.equal((await importTable(target, file, json)).marked, 0)

  assert.deepEqual(lastStandingEdit(store.database), { id: 2, kind: 'table', photos: 2 })
  assert.equal(await target.changes.undoEdit(9), 2)
  assert.deepEqual(all(), {
    a: { title: 'Harbour', rating: 3, keywords: keywords.toSorted() },
    b: { title: 'Dog', rating: 5, keywords: ['dog'] },
    c: after.c,
  })
  assert.deepEqual(lastUndoneEdit(store.database)?.kind, 'table')
  assert.equal(await target.changes.redoEdit(), 2)
  assert.deepEqual(all(), after)
})

test('a table without the column of digests adds what it says, and takes nothing away', async (context) => {
  const { add, put, target, cells, sidecarSays } = setUp(context)
  const a = add('a.jpg', 'a')
  sidecarSays(a, { captions: [caption('a dog')], title: 'Dog', rating: 5, keywords: ['dog'] })
  const row = { path: join('/photos', 'a.jpg'), caption: '' }
  const rows = [{ ...row, keywords: ['beach', 'a;b'], title: '', rating: '' }]
  const { marked } = await importTable(target, put('own.json', JSON.stringify(rows)), json)
  assert.equal(marked, 1)
  assert.deepEqual(cells(a), { title: 'Dog', rating: 5, keywords: ['a;b', 'beach', 'dog'] })
  const less = [{ ...row, caption: 'a puppy', rating: 2 }]
  const summary = await importTable(target, put('less.json', JSON.stringify(less)), json)
  assert.deepEqual([summary.changed, summary.marked], [1, 1])
  assert.equal(cells(a).rating, 2)
  for (const wrong of ['6', 'four', '1.5']) {
    const file = put('wrong.json', JSON.stringify([{ ...row, rating: wrong }]))
    assert.match((await planImport(target, file, json)).firstErrors[0]!.message, /rating is not one of/)
  }
})

test('rows that were not edited change nothing where the library said so; a table with older ones changes what was edited', async (context) => {
  const { add, target, edit, file, say, sidecarSays, said } = setUp(context)
  const [a, b, c] = [add('a.jpg', 'a'), add('b.jpg', 'b'), add('c.jpg', 'c')]
  say(a, 'a dog')
  say(b, 'a cat')
  sidecarSays(c, { captions: [caption('the sea')] })
  await edit({ 'b.jpg': { caption: 'Mia’s cat' } })
  // The model, and a file, say otherwise since.
  say(a, 'a brown dog')
  say(b, 'a black cat')
  sidecarSays(c, { captions: [caption('the North Sea')] })
  const plan = await planImport(target, file, json)
  assert.deepEqual([plan.changes, plan.unchanged], [1, 2])
  assert.deepEqual(plan.firstChanges[0]!.caption, {
    before: 'a black cat',
    after: 'Mia’s cat',
    source: 'person',
  })
  await importTable(target, file, json)
  assert.deepEqual(
    [a, b, c].map((id) => said(id)?.[0]),
    ['a brown dog', 'Mia’s cat', 'the North Sea'],
  )
  await edit({ 'a.jpg': { caption: '' } })
  const emptied = await importTable(target, file, json)
  assert.deepEqual([emptied.changed, emptied.emptied], [0, 1])
  assert.deepEqual(said(a), ['a brown dog', 'model'])
})

test('in another library rows that were not edited are what they were, and those that were are the person’s', async (context) => {
  const here = setUp(context)
  const names = ['own', 'file', 'model', 'edited']
  for (const name of names) here.add(`${name}.jpg`, name)
  const [own, file, model, edited] = names.map((name) => here.store.photos.withContent(contentOf(name))[0]!)
  here.store.captions.setByPerson(own!, 'my own', 1)
  here.sidecarSays(file!, { captions: [caption('a file’s')] })
  for (const id of [model!, edited!]) here.say(id, 'a dog')
  await here.edit({ 'edited.jpg': { caption: 'our dog' } })

  const there = setUp(context)
  const ids = names.map((name) => there.add(`${name}.jpg`, name))
  const { changed } = await importTable(there.target, here.file, json)
  assert.equal(changed, 4)
  assert.deepEqual(
    ids.map((id) => there.said(id)),
    [
      ['my own', 'person'],
      ['a file’s', 'imported'],
      ['a dog', 'imported'],
      ['our dog', 'person'],
    ],
  )
  assert.equal(await there.target.changes.undoEdit(5), 4)
  assert.deepEqual(
    ids.map((id) => there.said(id)),
    [null, null, null, null],
  )
  // What was taken back may be taken in again; but a model's words fill no place that has others.
  there.say(ids[2]!, 'a hound')
  assert.equal((await importTable(there.target, here.file, json)).changed, 3)
  assert.deepEqual(there.said(ids[2]!), ['a hound', 'model'])
})

test('one undo takes back a table, and no edit beside it; words of a file that come later go before a table’s', async (context) => {
  const { store, add, put, target, say, sidecarSays, said } = setUp(context)
  const [a, b, other] = [add('a.jpg', 'a'), add('b.jpg', 'b'), add('other.jpg', 'c')]
  say(a, 'a dog')
  sidecarSays(b, { captions: [caption('a cat')] })
  store.captions.setByPerson(other, 'my own', 1)
  const rows = [
    { sha256: contentOf('a'), caption: 'our dog' },
    { sha256: contentOf('b'), caption: 'our cat', rating: 5 },
    { sha256: contentOf('c'), caption: 'not mine' },
  ]
  const file = put('rows.json', JSON.stringify(rows))
  const imported = { ...json, as: 'imported' } as const
  const plan = await planImport(target, file, imported)
  assert.deepEqual([plan.changes, plan.marked, plan.outranked, plan.withoutMarks], [2, 0, 1, 1])
  const summary = await importTable(target, file, imported)
  assert.deepEqual([summary.changed, summary.outranked, summary.withoutMarks], [2, 1, 1])
  assert.deepEqual([a, b, other].map(said), [
    ['our dog', 'imported'],
    ['our cat', 'imported'],
    ['my own', 'person'],
  ])
  // The sidecar is read again as it was, and then edited by another program.
  sidecarSays(b, { captions: [caption('a cat')] })
  assert.deepEqual(said(b), ['our cat', 'imported'])
  sidecarSays(b, { captions: [caption('a black cat')] })
  assert.deepEqual(said(b), ['a black cat', 'imported'])

  assert.deepEqual(lastStandingEdit(store.database), { id: 2, kind: 'table', photos: 2 })
  assert.equal(await target.changes.undoEdit(5), 2)
  assert.deepEqual([a, b, other].map(said), [
    ['a dog', 'model'],
    ['a black cat', 'imported'],
    ['my own', 'person'],
  ])
  assert.equal(await target.changes.redoEdit(), 2)
  assert.deepEqual(said(a), ['our dog', 'imported'])
  // Of one photo alone.
  assert.equal(store.captions.undo(a, 6)?.text, 'a dog')
  assert.equal(store.captions.redo(a)?.text, 'our dog')
  assert.equal(await target.changes.undoEdit(7), 2)
  assert.equal(await target.changes.undoEdit(8), 1)
  assert.equal(said(other), null, 'the edit before it')
})

test('what a table said of a row stays with the photo that it turns out to be, also when its files are read again', async (context) => {
  const { store, add, put, target, sidecarSays, said, cells } = setUp(context)
  const [before, found] = [add('a.jpg', 'a'), add('elsewhere/a.jpg', 'other')]
  sidecarSays(before, { captions: [caption('a cat')] })
  const row = { sha256: contentOf('other'), caption: 'our cat' }
  await importTable(target, put('words.json', JSON.stringify([row])), { ...json, as: 'imported' })
  await importTable(target, put('stars.json', JSON.stringify([{ ...row, caption: '', rating: 4 }])), json)
  const identity = createIdentityState(store.database)
  identity.takeOver(before, identity.byId(found)!)
  settleCurrentCaption(store.database, before)
  settleMarks(store.database, before)
  sidecarSays(before, { captions: [caption('a cat')] })
  assert.deepEqual(said(before), ['our cat', 'imported'])
  for (const edit of [5, 6]) assert.equal(await target.changes.undoEdit(edit), 1)
  assert.deepEqual([said(before), cells(before).rating], [['a cat', 'imported'], null])
})

test('words and marks of one table are one edit: newer words stay, and what was stopped leaves nothing', async (context) => {
  const { store, add, put, target, cells, said } = setUp(context)
  const ids = Array.from({ length: 120 }, (_, n) => add(`${n}.jpg`, `${n}`))
  const rows = ids.map((_, n) => ({ sha256: contentOf(`${n}`), caption: n % 2 ? `row ${n}` : '', rating: 3 }))
  const file = put('rows.json', JSON.stringify(rows))
  const stop = new AbortController()
  let planned = 0
  const stopped = {
    ...target,
    changes: {
      set: (...[kind, plan]: Parameters<typeof target.changes.set>) =>
        target.changes.set(kind, plan, {
          signal: stop.signal,
          onPhotosChanged: (photoIds) => {
            planned += photoIds.length
            stop.abort()
          },
        }),
    },
  }
  await assert.rejects(importTable(stopped, file, json), { name: 'AbortError' })
  assert.ok(planned > 0)
  await target.changes.resume()
  assert.equal(lastStandingEdit(store.database), undefined)
  assert.deepEqual(
    ids.filter((id) => said(id) !== null || cells(id).rating !== null),
    [],
  )

  const { changed, marked } = await importTable(target, file, json)
  assert.deepEqual([changed, marked], [60, 120])
  assert.equal(lastStandingEdit(store.database)?.photos, 120)
  store.captions.setByPerson(ids[1]!, 'newer', 5)
  assert.equal(await target.changes.undoEdit(6), 1)
  assert.equal(await target.changes.undoEdit(7), 120)
  assert.equal(said(ids[1]!), null)
  store.captions.setByPerson(ids[1]!, 'newer', 8)
  assert.equal(await target.changes.redoEdit(), undefined, 'something was written since')
})

test('the words of each source are withdrawn as one edit, and stay away until it says something else', async (context) => {
  const { store, add, put, target, say, said } = setUp(context)
  const [a, b] = [add('a.jpg', 'a'), add('b.jpg', 'b')]
  const apply = (words: string) => {
    const source = (kind: 'sidecar' | 'takeout' | 'embedded', name: string) => ({
      kind,
      name,
      metadata: { ...emptyMetadata(), captions: [caption(`${kind} ${words}`)] },
    })
    const sources = [source('sidecar', 'a.xmp'), source('takeout', 'a.json'), source('embedded', '')]
    target.metadata.applyAll(a, sources, [], 1)
  }
  say(a, 'a dog')
  store.captions.setByPerson(b, 'mine', 1)
  apply('words')
  const row = { sha256: contentOf('a'), caption: 'of a table' }
  await importTable(target, put('rows.json', JSON.stringify([row])), json)

  const withdraw = (source: (typeof withdrawnSources)[number]) => {
    const left = [a, b]
    return target.changes.take((addPhoto, limit) => {
      const some = left.splice(0, limit)
      for (const id of some) addPhoto(id)
      return some.length
    }, source)
  }
  const seen = []
  for (const source of withdrawnSources) {
    seen.push(said(a)?.[0])
    assert.equal(await withdraw(source), 1)
    assert.deepEqual(lastStandingEdit(store.database)?.kind, 'withdrawal')
  }
  assert.deepEqual(seen, ['of a table', 'sidecar words', 'takeout words', 'embedded words'])
  assert.deepEqual(said(a), ['a dog', 'model'])
  assert.deepEqual(said(b), ['mine', 'person'])
  assert.equal(await withdraw('table'), 0)
  apply('words')
  assert.deepEqual(said(a), ['a dog', 'model'])
  for (const words of seen.toReversed()) {
    assert.equal(await target.changes.undoEdit(5), 1)
    assert.equal(said(a)?.[0], words)
  }
  assert.equal(await target.changes.redoEdit(), 1)
  assert.deepEqual(said(a), ['sidecar words', 'imported'])
  assert.equal(await withdraw('sidecar'), 1)
  apply('other words')
  assert.deepEqual(said(a), ['sidecar other words', 'imported'])
})
