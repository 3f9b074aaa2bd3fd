import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { idAt, openLibrary, openLibraryFor } from '../library-under-test.ts'

/** A library whose captions were written out, and another one that knows nothing but the photos' folder. */
async function setUp(t: TestContext, names: readonly string[]) {
  const { client, photos, directory, takeIn } = openLibraryFor(t)
  const at = (name: string) => join(photos, name)
  for (const name of names) writeFileSync(at(name), `the picture ${name}`)
  await client.addFolder({ path: photos })
  await takeIn()
  async function anew() {
    const { client: other, close } = openLibrary(`${directory}-anew`)
    t.after(close)
    await other.addFolder({ path: photos })
    const takeInAnew = async () => {
      await other.scan({})
      await other.captionAll({})
    }
    await takeInAnew()
    const details = (name: string) => other.photoAt({ path: at(name) })
    return { details, takeIn: takeInAnew, client: other }
  }
  return { client, at, anew }
}

/** Which of two photos is read first. */
function setAge(path: string, year: number): void {
  utimesSync(path, Date.UTC(year) / 1000, Date.UTC(year) / 1000)
}

test('a library that is made anew has captions back from its sidecars as what they were', async (t) => {
  const { client, at, anew } = await setUp(t, ['mine.jpg', 'seen.jpg'])
  await client.setCaption({ photo: await idAt(client, at('mine.jpg')), text: 'Grandma in Rome' })
  const [mine, seen] = [
    await client.photoAt({ path: at('mine.jpg') }),
    await client.photoAt({ path: at('seen.jpg') }),
  ]
  await client.exportCaptions({})

  const { details, takeIn } = await anew()
  const again = await details('mine.jpg')
  assert.deepEqual(
    again.history.map(({ text, source, createdMs }) => [text, source, createdMs]),
    [['Grandma in Rome', 'person', mine.caption!.createdMs]],
  )
  // The engine of the new library is another model, which took the old one's place.
  const { caption, history } = await details('seen.jpg')
  assert.deepEqual(
    history.map(({ source }) => source),
    ['model', 'model'],
  )
  assert.equal(history[1]?.modelId, seen.caption?.modelId)
  assert.deepEqual([caption?.id, caption?.modelId === seen.caption?.modelId], [history[0]?.id, false])
  await takeIn()
  assert.deepEqual((await details('seen.jpg')).history, history)
})

test('made anew, a photo that was renamed with its sidecar has its words, and one under its old name has not', async (t) => {
  const { client, at, anew } = await setUp(t, ['a.jpg'])
  await client.setCaption({ photo: await idAt(client, at('a.jpg')), text: 'Grandma in Rome' })
  await client.exportCaptions({})
  for (const end of ['', '.xmp']) renameSync(at(`a.jpg${end}`), at(`b.jpg${end}`))
  writeFileSync(at('a.jpg'), 'another picture')
  const { details } = await anew()
  const { caption } = await details('b.jpg')
  assert.deepEqual([caption?.text, caption?.source], ['Grandma in Rome', 'person'])
  assert.equal((await details('a.jpg')).caption?.source, 'model')
})

for (const [first, ageOfOld, ageOfNew] of [
  ['the newcomer', 2001, 2024],
  ['the renamed photo', 2024, 2001],
] as const) {
  test(`made anew, a photo has its words though its sidecar stayed under its old name; ${first} is read first`, async (t) => {
    const { client, at, anew } = await setUp(t, ['a.jpg'])
    await client.setCaption({ photo: await idAt(client, at('a.jpg')), text: 'Grandma in Rome' })
    await client.exportCaptions({})
    renameSync(at('a.jpg'), at('b.jpg'))
    writeFileSync(at('a.jpg'), 'another picture')
    setAge(at('b.jpg'), ageOfOld)
    setAge(at('a.jpg'), ageOfNew)
    const { details, takeIn, client: other } = await anew()
    const check = async () => {
      const { caption } = await details('b.jpg')
      assert.deepEqual([caption?.text, caption?.source], ['Grandma in Rome', 'person'])
      const newcomer = await details('a.jpg')
      assert.deepEqual(
        newcomer.history.map(({ source }) => source),
        ['model'],
      )
      assert.deepEqual(
        (await other.search({ query: 'grandma' })).photos.map(({ path }) => path),
        [at('b.jpg')],
      )
    }
    await check()
    writeFileSync(at('a.jpg.xmp'), `${readFileSync(at('a.jpg.xmp'), 'utf8')} `)
    await takeIn()
    await check()
  })
}

test('made anew, a photo that was edited since has its words, until the picture that they are about turns up', async (t) => {
  const { client, at, anew } = await setUp(t, ['a.jpg'])
  await client.setCaption({ photo: await idAt(client, at('a.jpg')), text: 'Grandma in Rome' })
  const before = await client.photoAt({ path: at('a.jpg') })
  await client.exportCaptions({})
  copyFileSync(at('a.jpg'), `${at('')}.kept`)
  writeFileSync(at('a.jpg'), 'the picture, edited')
  const { details, takeIn } = await anew()
  const { caption, contentHash } = await details('a.jpg')
  assert.deepEqual([caption?.text, caption?.source], ['Grandma in Rome', 'person'])
  assert.equal(caption?.contentHash, before.contentHash)
  assert.notEqual(caption?.contentHash, contentHash)
  copyFileSync(`${at('')}.kept`, at('as it was.jpg'))
  await takeIn()
  assert.equal((await details('as it was.jpg')).caption?.source, 'person')
  assert.equal((await details('a.jpg')).caption?.source, 'model')
})

test('words about a picture that was edited since stay with its photo, and not beside what takes its place', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  const [mine, other, between] = ['a.jpg', 'b.jpg', 'c.jpg'].map((name) => join(photos, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(mine, 'a picture')
  writeFileSync(other, 'another picture')
  await client.addFolder({ path: photos })
  await takeIn()
  await client.setCaption({ photo: await idAt(client, mine), text: 'Grandma in Rome' })
  await client.exportCaptions({})
  writeFileSync(mine, 'a picture, edited')
  await takeIn()
  renameSync(mine, between)
  renameSync(other, mine)
  renameSync(between, other)
  await takeIn()
  assert.equal((await client.photoAt({ path: other })).caption?.text, 'Grandma in Rome')
  assert.deepEqual(
    (await client.photoAt({ path: mine })).history.map(({ source }) => source),
    ['model'],
  )
})
