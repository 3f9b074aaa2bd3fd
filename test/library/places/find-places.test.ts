import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetadataStore } from '../../../src-main/library/metadata/metadata-store.ts'
import { emptyMetadata, type Place } from '../../../src-main/library/metadata/photo-metadata.ts'
import { findPlaces } from '../../../src-main/library/places/find-places.ts'
import { createPlaceStore, gazetteerVersion } from '../../../src-main/library/places/place-store.ts'
import { createSearch } from '../../../src-main/library/search/search.ts'
import { addFolder, addPhoto, contentOf, openStoreFor, plainFacts } from '../store/sample-library.ts'

const positions = {
  lisbon: [38.7117, -9.129],
  munich: [48.137, 11.575],
  brooklyn: [40.65, -73.95],
  tokyo: [35.69, 139.7],
  sea: [30, -40],
} as const
type Position = keyof typeof positions

function openPlaced(t: Parameters<typeof openStoreFor>[0]) {
  const store = openStoreFor(t)
  const { searcher, searchIndex } = createSearch(store.database)
  const folderId = addFolder(store, '/pictures')
  const factsAt = (position: Position | null) =>
    position === null ? {} : { latitude: positions[position][0], longitude: positions[position][1] }

  return {
    store,
    searcher,
    ofPhoto: createPlaceStore(store.database).ofPhoto,
    add: (name: string, position: Position | null) =>
      addPhoto(store, folderId, `${name}.jpg`, contentOf(name), factsAt(position)),
    move: (id: number, name: string, position: Position | null) =>
      store.photos.setContent(id, { ...plainFacts, contentHash: contentOf(name), ...factsAt(position) }, 2),
    state: (id: number, places: Place[]) =>
      createMetadataStore(store.database, store.captions).apply(
        id,
        { kind: 'embedded', name: '', metadata: { ...emptyMetadata(), places } },
        1,
      ),
    async find() {
      const found = await findPlaces(store.database)
      await searchIndex.renewAll()
      return found
    },
    found: (query: string) =>
      searcher
        .search(query, { limit: 100 })
        .photos.map((hit) => hit.path.slice('/pictures/'.length, -'.jpg'.length))
        .sort()
        .join(),
  }
}

test('photos are found by the town, city and country that they lie in, in any language', async (t) => {
  const { searcher, add, find, found, ofPhoto } = openPlaced(t)
  const [lisbon] = (['lisbon', 'munich', 'brooklyn', 'tokyo', 'sea'] as const).map((at) =>
    add(at.slice(0, 3), at),
  )
  add('inside', null)
  assert.equal(found('place:portugal'), '')
  assert.equal(await find(), 5)
  assert.deepEqual(ofPhoto(lisbon!), { town: 'Lisbon', city: null, country: 'Portugal', countryCode: 'PT' })
  const expected: [string, string][] = [
    ['place:lisbon', 'lis'],
    ['place:Lisb', 'lis'],
    ['place:lisboa', 'lis'],
    ['place:pt', 'lis'],
    ['place:LIS', 'lis'],
    ['place:münchen', 'mun'],
    ['place:"new york"', 'bro'],
    ['place:york', 'bro'],
    ['place:"york new"', ''],
    ['place:brooklyn', 'bro'],
    ['place:"united states"', 'bro'],
    ['place:東京', 'tok'],
    ['place:Deutschland', 'mun'],
    ['place:lisbon OR place:tokyo', 'lis,tok'],
    ['-place:portugal place:germany', 'mun'],
    ['lisbon', 'lis'],
    ['Lisboa', 'lis'],
    ['wien', ''],
    ['münchen', 'mun'],
    ['Allemagne', 'mun'],
    ['"New York"', 'bro'],
    ['york', 'bro'],
    ['"York City" place:us', 'bro'],
    ['"York City" place:pt', ''],
    ['pt', ''],
    ['-portugal -germany -japan -"united states"', 'inside,sea'],
  ]
  for (const [query, names] of expected) assert.equal(found(query), names, query)
  assert.deepEqual(searcher.search('city:lisbon munich').notes, [
    { kind: 'filter', text: 'city:lisbon', name: 'city', meant: 'place' },
  ])
})

test('words of a caption go before places, which are shown where they are why a photo was found', async (t) => {
  const { store, searcher, add, find } = openPlaced(t)
  const [there, told] = [add('there', 'lisbon'), add('told', null)]
  store.captions.setByPerson(told, 'a tram as in Lisbon', 1)
  await find()
  const { photos, corrected } = searcher.search('lisbon')
  assert.deepEqual([photos.map(({ id }) => id), corrected], [[told, there], null])
  const { snippet, marks } = photos[1]!
  assert.ok(
    marks.some(([start, end]) => snippet.slice(start, end) === 'Lisbon'),
    snippet,
  )
})

test('a place that is typed goes on, by whatever it is called, and facets count it', async (t) => {
  const { searcher, add, find } = openPlaced(t)
  add('a', 'munich')
  add('b', 'munich')
  add('c', 'lisbon')
  await find()
  const suggested = (query: string) =>
    searcher
      .suggest(query, 8)
      .map(({ kind, text, query: whole, photos }) => `${kind} ${text} ${whole} ${photos}`)
  assert.deepEqual(suggested('place:mun'), ['place Munich place:Munich 2'])
  assert.deepEqual(suggested('place:münch'), ['place Munich place:Munich 2'])
  assert.deepEqual(suggested('place:').slice(0, 2), [
    'place Germany place:Germany 2',
    'place Munich place:Munich 2',
  ])
  assert.ok(suggested('portu').includes('place Portugal place:Portugal 1'))
  assert.deepEqual(searcher.facets('place:germany').places, [
    { name: 'Germany', photos: 2 },
    { name: 'Munich', photos: 2 },
  ])
})

test('what a file states outranks what the position says, unless it is the same in other words', async (t) => {
  const { add, state, find, found } = openPlaced(t)
  const [same, other, abroad, none] = ['same', 'other', 'abroad', 'none'].map((name) => add(name, 'munich'))
  state(same!, [
    { kind: 'city', name: 'München' },
    { kind: 'country', name: 'Deutschland' },
  ])
  state(other!, [{ kind: 'city', name: 'Freising' }])
  state(abroad!, [{ kind: 'country', name: 'Austria' }])
  state(none!, [{ kind: 'state', name: 'Bavaria' }])
  assert.equal(found('place:freising'), 'other', 'stated places need no gazetteer')
  await find()
  assert.equal(found('place:munich'), 'none,same')
  assert.equal(found('munich'), 'none,same')
  assert.equal(found('place:germany'), 'none,other,same')
  assert.equal(found('place:austria'), 'abroad')
  assert.equal(found('place:bavaria'), 'none')
})

test('a place goes with the position, and is found anew where that or the gazetteer changes', async (t) => {
  const { store, add, move, find, found, ofPhoto } = openPlaced(t)
  const [gone, moved, kept] = [add('gone', 'lisbon'), add('moved', 'lisbon'), add('kept', 'lisbon')]
  await find()
  assert.equal(await find(), 0)
  move(gone, 'gone', null)
  move(moved, 'moved', 'tokyo')
  assert.equal(ofPhoto(gone), null)
  assert.equal(await find(), 1)
  assert.equal(found('place:lisbon'), 'kept')
  assert.equal(found('place:japan'), 'moved')

  store.database.exec(`UPDATE gazetteer_version SET version = ${gazetteerVersion - 1};
    UPDATE gazetteer SET name = 'Olisipo', version = ${gazetteerVersion - 1} WHERE name = 'Lisbon'`)
  assert.equal(await find(), 2)
  assert.equal(ofPhoto(kept)?.town, 'Lisbon')
  store.photos.setContent(kept, { ...plainFacts, contentHash: contentOf('kept') }, 3)
  assert.deepEqual([ofPhoto(kept), await find()], [null, 0])
  assert.equal(found('lisbon'), '')
})

test('what was stopped goes on later, and a photo that moved meanwhile is not put where it was', async (t) => {
  const { store, add, move, find, ofPhoto } = openPlaced(t)
  const id = add('a', 'lisbon')
  await assert.rejects(findPlaces(store.database, { signal: AbortSignal.abort() }), { name: 'AbortError' })
  const stop = new AbortController()
  const others = Array.from({ length: 100 }, (_, at) => add(`other ${at}`, 'munich'))
  await assert.rejects(findPlaces(store.database, { signal: stop.signal, onPlaced: () => stop.abort() }), {
    name: 'AbortError',
  })
  const placed = others.filter((each) => ofPhoto(each) !== null).length
  assert.ok(placed > 0 && placed < 100, `${placed} were kept`)
  move(id, 'a', 'lisbon')
  const finding = find()
  move(id, 'a', 'tokyo')
  assert.equal(await finding, 101 - placed)
  assert.equal(ofPhoto(id)?.country, 'Japan')
})
