import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createWaitingExporter, setExportsAlways } from '../../../src-main/library/metadata/exchange.ts'
import { readSidecar } from '../../../src-main/library/metadata/sidecars.ts'
import { openStore, type Store } from '../../../src-main/library/store/store.ts'
import { idAt, openLibraryFor, writtenOut } from '../library-under-test.ts'
import { addFolder, addPhoto, contentOf } from '../store/sample-library.ts'
import { temporaryFolder } from './temporary-folder.ts'

// Photos that exchange their names in a folder that is always exported: each one's sidecar has another's words.

const words = { a: 'Grandma in Rome', b: 'Rex at the beach', c: 'the red kite' }
type Name = keyof typeof words

/** Each photo takes the name of the next. */
function exchangeNames(photos: string, names: readonly Name[]): void {
  const at = (name: string) => join(photos, `${name}.jpg`)
  renameSync(at(names.at(-1)!), at('aside'))
  for (const [index, name] of names.slice(0, -1).entries())
    renameSync(at(name), at(`${names[index + 1]}.new`))
  for (const name of names.slice(1)) renameSync(at(`${name}.new`), at(name))
  renameSync(at('aside'), at(names[0]!))
}

async function textIn(photos: string, name: Name): Promise<string | undefined> {
  return (await readSidecar(join(photos, `${name}.jpg.xmp`)))?.captions[0]?.text
}

async function setUp(t: TestContext) {
  const { client, photos, takeIn } = openLibraryFor(t)
  const problems: string[] = []
  client.on('problem', ({ message }) => problems.push(message))
  for (const name of Object.keys(words)) writeFileSync(join(photos, `${name}.jpg`), `picture ${name}`)
  const { id: folderId } = await client.addFolder({ path: photos })
  await takeIn()
  await client.setExportsAlways({ folderId, always: true })
  for (const [name, text] of Object.entries(words)) {
    await client.setCaption({ photo: await idAt(client, join(photos, `${name}.jpg`)), text })
  }
  await writtenOut(client)
  return { client, photos, takeIn, problems }
}

for (const names of [
  ['a', 'b'],
  ['a', 'b', 'c'],
] as const) {
  test(`${names.length} photos that exchanged their names have each its own words in its sidecar again`, async (t) => {
    const { photos, takeIn, problems } = await setUp(t)
    exchangeNames(photos, names)
    await takeIn()
    for (const [index, name] of names.entries()) {
      assert.equal(await textIn(photos, name), words[names.at(index - 1)!])
    }
    assert.deepEqual(problems, [])
  })
}

test('where one of the two cannot be written, neither is, until it can', async (t) => {
  const { client, photos, takeIn, problems } = await setUp(t)
  exchangeNames(photos, ['a', 'b'])
  chmodSync(join(photos, 'b.jpg.xmp'), 0o444)
  await takeIn()
  assert.deepEqual([await textIn(photos, 'a'), await textIn(photos, 'b')], [words.a, words.b])
  assert.equal(problems.length, 2)
  chmodSync(join(photos, 'b.jpg.xmp'), 0o644)
  await takeIn()
  await writtenOut(client)
  assert.deepEqual([await textIn(photos, 'a'), await textIn(photos, 'b')], [words.b, words.a])
})

test('words that another program put into one of the two, and nobody has read, stay, and so does the other', async (t) => {
  const home = temporaryFolder(t)
  const photos = join(home, 'photos')
  await makeExchanged(home)
  const changed = readFileSync(join(photos, 'b.jpg.xmp'), 'utf8').replaceAll(
    `>${words.b}</rdf:li>`,
    '>Rex and Mia</rdf:li>',
  )
  writeFileSync(join(photos, 'b.jpg.xmp'), changed)
  const store = openStore(join(home, 'library', 'library.sqlite'))
  t.after(() => store.close())
  const summary = await createWaitingExporter(store, () => {}).write({})
  assert.deepEqual(
    summary?.refused.map(({ error }) => error.code),
    ['SIDECAR_OF_OTHER', 'SIDECAR_OF_OTHER'],
  )
  assert.deepEqual([await textIn(photos, 'a'), await textIn(photos, 'b')], [words.a, 'Rex and Mia'])
})

test('killed between the two, all words are there, and the next export ends it', async (t) => {
  const home = temporaryFolder(t)
  const photos = join(home, 'photos')
  const file = join(home, 'library', 'library.sqlite')
  const program = fileURLToPath(new URL('exporting-process.ts', import.meta.url))
  const ids = await makeExchanged(home)
  cpSync(home, `${home}-kept`, { recursive: true })
  t.after(() => rmSync(`${home}-kept`, { recursive: true }))
  const states = new Set<string>()
  for (let at = 1; ; at++) {
    rmSync(home, { recursive: true })
    cpSync(`${home}-kept`, home, { recursive: true })
    const [status, signal] = await once(
      spawn(process.execPath, [program, file, String(at)], { stdio: 'inherit' }),
      'exit',
    )
    assert.ok(status === 0 || signal === 'SIGKILL')
    states.add(`${(await textIn(photos, 'a')) === words.b} ${(await textIn(photos, 'b')) === words.a}`)
    const store = openStore(file)
    for (const name of ['a', 'b'] as const) assert.equal(store.captions.current(ids[name])?.text, words[name])
    const summary = await createWaitingExporter(store, () => {}).write({})
    assert.deepEqual(summary?.refused ?? [], [])
    store.close()
    assert.deepEqual(
      [await textIn(photos, 'a'), await textIn(photos, 'b')],
      [words.b, words.a],
      `killed before ${at}`,
    )
    if (status === 0) break
  }
  assert.equal(states.size, 3, 'none was written, one, and both')
})

/** A library that knows of two photos that they exchanged their names, and has not written anything since. */
async function makeExchanged(home: string): Promise<Record<'a' | 'b', number>> {
  const photos = join(home, 'photos')
  const store: Store = openStore(join(home, 'library', 'library.sqlite'))
  const folderId = addFolder(store, photos)
  const [a, b] = (['a', 'b'] as const).map((name) => {
    const id = addPhoto(store, folderId, `${name}.jpg`, contentOf(name))
    store.captions.setByPerson(id, words[name], 1)
    return id
  }) as [number, number]
  cpSync(import.meta.filename, join(photos, 'a.jpg'))
  cpSync(import.meta.filename, join(photos, 'b.jpg'))
  await setExportsAlways(store.database, folderId, true)
  await createWaitingExporter(store, () => {}).write({})
  store.database.write(() => {
    for (const [id, name] of [
      [a, 'aside'],
      [b, 'a.jpg'],
      [a, 'b.jpg'],
    ] as const) {
      store.database.prepare('UPDATE photos SET name = ? WHERE id = ?').run(name, id)
    }
  })
  store.close()
  return { a, b }
}
