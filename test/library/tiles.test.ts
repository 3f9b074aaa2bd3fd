import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createMetadataStore } from '../../src-main/library/metadata/metadata-store.ts'
import { emptyMetadata } from '../../src-main/library/metadata/photo-metadata.ts'
import { openStore } from '../../src-main/library/store/store.ts'
import { readTiles } from '../../src-main/library/tiles.ts'
import { addFolder, addPhoto, contentOf } from './store/sample-library.ts'

test('tiles tell what is to be read on them, of those that there are, in the order asked for', (t) => {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const store = openStore(join(home, 'library.sqlite'))
  t.after(() => {
    store.close()
    rmSync(home, { recursive: true })
  })
  const folder = addFolder(store, '/photos')
  const [doubted, mine, broken] = ['doubted', 'mine', 'broken'].map((name) =>
    addPhoto(store, folder, `below/${name}.jpg`, contentOf(name)),
  ) as [number, number, number]
  const caption = { text: 'a red kite', score: -1, modelId: 'm', adapterId: null, precision: 'fp32' } as const
  store.captions.addFromModel(
    [
      {
        ...caption,
        photoId: doubted,
        confidence: 0.2,
        isUnsure: true,
        doubtfulWords: [[2, 5]],
        contentHash: contentOf('doubted'),
      },
    ],
    1,
  )
  store.captions.setByPerson(mine, 'Grandma’s flag', 1)
  store.photos.setError(broken, { code: 'PICTURE_DAMAGED', message: 'It is broken.' }, 1)
  const say = (id: number, rating: number, isFavorite: boolean) =>
    createMetadataStore(store.database, store.captions).applyAll(
      id,
      [{ kind: 'embedded', name: '', metadata: { ...emptyMetadata(), rating, isFavorite } }],
      [],
      1,
    )
  say(doubted, -1, true)
  say(mine, 0, false)
  store.queue.setThumbnailsMade(
    [{ contentHash: contentOf('mine'), thumbhash: Uint8Array.of(1, 2), miniature: null }],
    1,
  )

  const tiles = readTiles(store.database, [broken, 4711, mine, doubted])
  assert.deepEqual(tiles, [
    {
      id: broken,
      name: 'broken.jpg',
      caption: null,
      captionSource: null,
      isUnsure: false,
      doubtfulWords: [],
      rating: null,
      isFavorite: false,
      stacked: 0,
      thumbhash: null,
      error: { code: 'PICTURE_DAMAGED', message: 'It is broken.' },
    },
    {
      id: mine,
      name: 'mine.jpg',
      caption: 'Grandma’s flag',
      captionSource: 'person',
      isUnsure: false,
      doubtfulWords: [],
      rating: null,
      isFavorite: false,
      stacked: 0,
      thumbhash: Buffer.of(1, 2),
      error: null,
    },
    {
      id: doubted,
      name: 'doubted.jpg',
      caption: 'a red kite',
      captionSource: 'model',
      isUnsure: true,
      doubtfulWords: [[2, 5]],
      rating: -1,
      isFavorite: true,
      stacked: 0,
      thumbhash: null,
      error: null,
    },
  ])
})
