import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { openLibraryFor } from '../library-under-test.ts'

const json = (description: string) =>
  JSON.stringify({ title: 'a.jpg', description, photoTakenTime: { timestamp: '1500000000' } })

test('a JSON file in another part of a split export is its photo’s, whenever it comes, changes and goes', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  const [first, second] = ['takeout-001', 'takeout-002'].map((part) =>
    join(photos, part, 'Takeout', 'Google Photos', 'Alps'),
  ) as [string, string]
  for (const directory of [first, second]) mkdirSync(directory, { recursive: true })
  const photo = join(first, 'a.jpg')
  const file = join(second, 'a.jpg.supplemental-metadata.json')
  writeFileSync(photo, 'a picture')
  writeFileSync(join(second, 'b.jpg'), 'another picture')
  writeFileSync(file, json('the glacier'))
  await client.addFolder({ path: photos })
  const wordsNow = async () => {
    await takeIn()
    return (await client.photoAt({ path: photo })).caption
  }
  assert.equal((await wordsNow())?.text, 'the glacier')
  const { changed, straySidecars } = await client.scan({})
  assert.deepEqual([changed, straySidecars], [0, 0], 'it is known by now')
  writeFileSync(file, json('the glacier below the hut'))
  assert.equal((await wordsNow())?.text, 'the glacier below the hut')
  rmSync(file)
  assert.equal((await wordsNow())?.source, 'model')
  assert.equal((await client.photoAt({ path: join(second, 'b.jpg') })).caption?.source, 'model')
  writeFileSync(join(first, 'a.jpg.json'), json('beside it'))
  writeFileSync(file, json('in the other part'))
  assert.equal((await wordsNow())?.text, 'beside it')
})

test('files beside photos that belong to none are counted, and named', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  mkdirSync(join(photos, 'empty'))
  for (const name of ['a.jpg', 'clip.mp4', 'CLIP_2.MOV', 'drawing.svg', 'videos/v.mp4', 'old.bmp']) {
    mkdirSync(join(photos, dirname(name)), { recursive: true })
    writeFileSync(join(photos, name), name)
  }
  const none = ['b.jpg.json', 'c.supplemental-metadata.json', 'd.jpg.xmp', 'empty/e.xmp']
  const fine = [
    'a.jpg.json',
    'a.jpg.xmp',
    'a_01.jpg.xmp',
    'metadata.json',
    'package.json',
    'clip.mp4.json',
    'clip.mp4.xmp',
    // Of files that are passed over, by their name or stem.
    'clip.xmp',
    'clip_2.xmp',
    'drawing.svg.xmp',
    'drawing_01.svg.xmp',
    'old.bmp.json',
    'videos/v.xmp',
  ]
  for (const name of [...none, ...fine]) writeFileSync(join(photos, name), '{}')
  await client.addFolder({ path: photos })
  assert.equal((await client.scan({})).straySidecars, none.length)
  const { straySidecars } = await client.status({})
  assert.deepEqual([straySidecars.files, straySidecars.first.toSorted()], [none.length, none.toSorted()])
  writeFileSync(join(photos, 'b.jpg'), 'b')
  rmSync(join(photos, 'empty'), { recursive: true })
  await takeIn()
  assert.deepEqual((await client.status({})).straySidecars.files, 2)
})
