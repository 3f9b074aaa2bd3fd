import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { trialBook } from '../src-main/cli/open-library.ts'
import { noDoubt } from '../src-main/contract/records.ts'
import { thumbnailPath } from '../src-main/contract/thumbnail-path.ts'
import { createDecoder } from '../src-main/engine/imaging/decoder.ts'
import { createReconciler } from '../src-main/library/folders/reconcile.ts'
import { defaultModelName, findModel, superviseEngine } from '../src-main/library/library.ts'
import { createSearch } from '../src-main/library/search/search.ts'
import { databaseFileIn, openStore, type Store } from '../src-main/library/store/store.ts'
import { thumbnailVersion } from '../src-main/library/thumbnails.ts'
import { defaultDataDirectory } from '../src-main/processes/data-directory.ts'
import { forkEngine } from '../src-main/processes/fork.ts'
import { makeEmptyPictures } from './empty-pictures.ts'
import { captionOf } from './made-captions.ts'
import { drawScene } from './scenes.ts'

const perDirectory = 200
const perTransaction = 2000

/** What a photo looks like, as far as a window shows it. */
interface Look {
  widthPx: number
  heightPx: number
  thumbhash: Uint8Array
  thumbnail: string
}

/**
 * Makes the library `DIRECTORY/library` of so many empty files in `DIRECTORY/pictures`, all captioned as by the embedded model,
 * and indexed.
 * @param options.looks how many different pictures its photos show, taken on days of 25 years; 0: they have no thumbnails to be
 * shown, and the day on which they were written
 */
export async function makeCaptionedLibrary(
  directory: string,
  photos: number,
  { looks = 0 }: { looks?: number } = {},
): Promise<void> {
  const pictures = join(directory, 'pictures')
  const libraryDirectory = join(directory, 'library')
  makeEmptyPictures(pictures, photos, perDirectory)
  const store = openStore(databaseFileIn(libraryDirectory))
  store.folders.insert(pictures, Date.now())
  const reconciler = createReconciler(store.database)
  await reconciler.scan()
  await reconciler.close()
  await captionAll(store, photos, join(libraryDirectory, 'thumbnails'), await makeLooks(directory, looks))
  store.close()
}

async function makeLooks(directory: string, count: number): Promise<Look[]> {
  const looks: Look[] = []
  const thumbnailDirectory = join(directory, 'looks')
  const decoder = createDecoder(() => {})
  const { signal } = new AbortController()
  mkdirSync(thumbnailDirectory, { recursive: true })
  for (let seed = 1; seed <= count; seed++) {
    const file = join(thumbnailDirectory, 'scene.jpg')
    await sharp(Buffer.from(drawScene(seed).svg))
      .jpeg()
      .toFile(file)
    const { widthPx, heightPx, contentHash, thumbhash } = await decoder.decode(
      { path: file, input: null, thumbnailDirectory, isUrgent: false },
      signal,
    )
    const thumbnail = thumbnailPath(thumbnailDirectory, contentHash)
    looks.push({ widthPx, heightPx, thumbhash: thumbhash!, thumbnail })
  }
  return looks
}

/** As the indexer and the engine would, but for looking at the pictures. */
async function captionAll(
  store: Store,
  photos: number,
  thumbnailDirectory: string,
  looks: readonly Look[],
): Promise<void> {
  const modelDirectory = await findModel(defaultModelName, defaultDataDirectory())
  const engine = superviseEngine(forkEngine, { modelDirectory }, { book: trialBook() })
  const { modelId, adapterId } = await engine.info()
  engine.close()
  for (let first = 1; first <= photos; first += perTransaction) {
    store.database.write(() => {
      const batch = []
      const made = []
      for (let photoId = first; photoId < first + perTransaction && photoId <= photos; photoId++) {
        const content = randomBytes(32)
        const contentHash = content.toString('hex')
        store.database
          .prepare('UPDATE photos SET content_hash = ?, indexed_ms = 1, camera = ? WHERE id = ?')
          .run(content, `Camera ${photoId % 40}`, photoId)
        const look = looks[photoId % looks.length]
        if (look) show(store, photoId, look)
        if (look) linkThumbnail(look, thumbnailPath(thumbnailDirectory, contentHash))
        batch.push({
          photoId,
          text: captionOf(photoId),
          score: -1,
          ...noDoubt,
          modelId,
          adapterId,
          contentHash,
        })
        made.push({ contentHash, thumbhash: look?.thumbhash ?? null })
      }
      store.captions.addFromModel(batch, 1)
      store.queue.setThumbnailsMade(made, thumbnailVersion)
    })
  }
  await createSearch(store.database).searchIndex.rebuild()
}

const firstDayMs = Date.UTC(2001, 6, 1)
const yearsMs = 25 * 365.25 * 86_400_000

/** Taken more often in later years, in bursts. */
function show(store: Store, photoId: number, { widthPx, heightPx }: Look): void {
  const burst = Math.floor(photoId / 7)
  const share = ((burst * 0.618034) % 1) ** 0.6
  const sortMs = Math.floor((firstDayMs + share * yearsMs) / 1000) * 1000 + (photoId % 7) * 1000
  store.database
    .prepare('UPDATE photos SET width_px = ?, height_px = ?, taken_at = ?, sort_ms = ? WHERE id = ?')
    .run(widthPx, heightPx, new Date(sortMs).toISOString().slice(0, 19), sortMs, photoId)
}

/** One file under many names: a file system allows some 65,000. */
function linkThumbnail(look: Look, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  linkSync(look.thumbnail, path)
}
