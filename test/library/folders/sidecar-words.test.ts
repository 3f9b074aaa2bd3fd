import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { idAt, openLibraryFor } from '../library-under-test.ts'

/** A sidecar as programs write it, with a caption and a keyword. */
const sidecar = (caption: string, keyword: string) => `<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">${caption}</rdf:li></rdf:Alt></dc:description>
   <dc:subject><rdf:Bag><rdf:li>${keyword}</rdf:li></rdf:Bag></dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>`

test('words of a sidecar are found when it is written, changed and removed; a person’s stay current', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  const found = async (query: string) =>
    (await client.search({ query })).photos.map(({ path }) => path.slice(photos.length + 1))
  const details = (name: string) => client.photoAt({ path: join(photos, name) })

  for (const name of ['IMG.JPG', 'mine.jpg']) writeFileSync(join(photos, name), name)
  await client.addFolder({ path: photos })
  await takeIn()
  await client.setCaption({ photo: await idAt(client, join(photos, 'mine.jpg')), text: 'a lighthouse' })
  assert.deepEqual(await found('harbour'), [])

  writeFileSync(join(photos, 'IMG.JPG.xmp'), sidecar('boats in the harbour', 'Bergen'))
  writeFileSync(join(photos, 'mine.xmp'), sidecar('a tower in the harbour', 'Bodø'))
  await takeIn()
  // What a person's words go before is found below them.
  assert.deepEqual(await found('harbour'), ['IMG.JPG', 'mine.jpg'])
  assert.deepEqual(await found('bergen'), ['IMG.JPG'])
  assert.deepEqual(await found('bodø lighthouse'), ['mine.jpg'])
  assert.equal((await details('mine.jpg')).caption?.text, 'a lighthouse')

  // As Lightroom does it: a new file that takes the name.
  writeFileSync(join(photos, 'IMG.JPG.xmp.new'), sidecar('sheds at the quay', 'Bergen'))
  renameSync(join(photos, 'IMG.JPG.xmp.new'), join(photos, 'IMG.JPG.xmp'))
  await takeIn()
  assert.deepEqual(await found('harbour'), ['mine.jpg'])
  assert.deepEqual(await found('quay'), ['IMG.JPG'])
  assert.equal((await details('IMG.JPG')).caption?.source, 'imported')

  for (const name of ['IMG.JPG.xmp', 'mine.xmp']) rmSync(join(photos, name))
  await takeIn()
  for (const word of ['quay', 'bergen', 'bodø']) assert.deepEqual(await found(word), [], word)
  const { caption, history } = await details('IMG.JPG')
  assert.equal(caption?.source, 'model')
  assert.deepEqual(
    history.filter(({ source }) => source === 'imported').map(({ text, isCurrent }) => [text, isCurrent]),
    [
      ['sheds at the quay', false],
      ['boats in the harbour', false],
    ],
  )
  const { caption: own } = await details('mine.jpg')
  assert.deepEqual([own?.text, own?.source], ['a lighthouse', 'person'])
})

test('writing all captions out makes nothing work again', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  for (let i = 0; i < 20; i++) writeFileSync(join(photos, `${i}.jpg`), `${i}`)
  await client.addFolder({ path: photos })
  await takeIn()
  assert.equal((await client.exportCaptions({})).created, 20)
  const { changed, unchanged } = await client.scan({})
  assert.deepEqual([changed, unchanged], [0, 20])
  assert.equal((await client.status({})).waiting, 0)
})

test('a directory that is named like a sidecar makes nothing work again', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  writeFileSync(join(photos, 'IMG.JPG'), 'picture')
  mkdirSync(join(photos, 'IMG.JPG.xmp'))
  await client.addFolder({ path: photos })
  await takeIn()
  assert.equal((await client.scan({})).changed, 0)
})

test('a sidecar that is cut off keeps the words and the time it gave, until it is whole again or gone', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  const readAgain = async () => {
    await takeIn()
    return client.photoAt({ path: join(photos, 'IMG.JPG') })
  }
  const dated = sidecar('boats in the harbour', 'Bergen').replace(
    '<dc:subject>',
    '<exif:DateTimeOriginal xmlns:exif="http://ns.adobe.com/exif/1.0/">2019-05-17T12:00:00</exif:DateTimeOriginal><dc:subject>',
  )
  const file = join(photos, 'IMG.JPG.xmp')
  writeFileSync(join(photos, 'IMG.JPG'), 'picture')
  writeFileSync(file, dated)
  await client.addFolder({ path: photos })
  assert.equal((await readAgain()).takenAt, '2019-05-17T12:00:00')

  writeFileSync(file, dated.slice(0, 200))
  const cut = await readAgain()
  assert.deepEqual(
    [cut.caption?.text, cut.words.keywords, cut.takenAt],
    ['boats in the harbour', ['Bergen'], '2019-05-17T12:00:00'],
  )
  assert.match(cut.words.sources.find(({ name }) => name === 'IMG.JPG.xmp')?.problem ?? '', /is damaged/)
  assert.equal((await client.status({})).sidecarProblems.count, 1)

  writeFileSync(file, sidecar('sheds', 'Bodø'))
  const whole = await readAgain()
  assert.deepEqual([whole.caption?.text, whole.takenAt], ['sheds', null])
  assert.equal((await client.status({})).sidecarProblems.count, 0)
})

test('words of a sidecar that is there only for a moment, while its photo arrives, do not stay', async (t) => {
  const { client, photos, directory } = openLibraryFor(t)
  await client.addFolder({ path: photos })
  const stop = new AbortController()
  const watching = client.watch({}, { signal: stop.signal }).catch(() => {})
  const until = async (isSo: () => Promise<boolean>, what: string) => {
    for (const endMs = Date.now() + 30_000; Date.now() < endMs; await sleep(20)) if (await isSo()) return
    assert.fail(`not within half a minute: ${what}`)
  }
  const isFound = async () => (await client.search({ query: 'harbour' })).photos.length > 0
  try {
    writeFileSync(join(photos, 'first.jpg'), 'first')
    await until(async () => (await client.status({})).captioned === 1, 'it watches')
    // A picture from long ago is taken in at once; what was written just now is remembered when it has settled.
    writeFileSync(join(directory, 'IMG.JPG'), 'picture')
    utimesSync(join(directory, 'IMG.JPG'), 1_500_000_000, 1_500_000_000)
    renameSync(join(directory, 'IMG.JPG'), join(photos, 'IMG.JPG'))
    writeFileSync(join(photos, 'IMG.JPG.xmp'), sidecar('boats in the harbour', 'Bergen'))
    await until(isFound, 'the words are found')
    rmSync(join(photos, 'IMG.JPG.xmp'))
    await until(async () => !(await isFound()), 'they are gone with their file')
  } finally {
    stop.abort()
    await watching
  }
})

test('two photos whose names differ in case keep their words apart, read and written', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  for (const name of ['IMG.JPG', 'img.jpg']) writeFileSync(join(photos, name), name)
  if (readdirSync(photos).length < 2) return t.skip('a file system that does not tell case')
  writeFileSync(join(photos, 'IMG.JPG.xmp'), sidecar('Grandma in Rome', 'Rome'))
  await client.addFolder({ path: photos })
  await takeIn()
  const captionOf = async (name: string) => (await client.photoAt({ path: join(photos, name) })).caption
  assert.equal((await captionOf('IMG.JPG'))?.text, 'Grandma in Rome')
  assert.equal((await captionOf('img.jpg'))?.source, 'model')
  await client.setCaption({ photo: await idAt(client, join(photos, 'img.jpg')), text: 'a dog' })
  await client.exportCaptions({})
  await takeIn()
  assert.equal((await captionOf('IMG.JPG'))?.text, 'Grandma in Rome')
  assert.equal((await captionOf('img.jpg'))?.text, 'a dog')
  assert.match(readFileSync(join(photos, 'IMG.JPG.xmp'), 'utf8'), /Grandma in Rome/)
})
