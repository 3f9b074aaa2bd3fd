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
import { readerVersion } from '../src-main/library/metadata/read.ts'
import { createSearch } from '../src-main/library/search/search.ts'
import { modelKey } from '../src-main/library/store/captions.ts'
import { markReadByOlder } from '../src-main/library/store/reader-state.ts'
import { databaseFileIn, openStore, type Store } from '../src-main/library/store/store.ts'
import { thumbnailVersion } from '../src-main/library/thumbnails.ts'
import { defaultDataDirectory } from '../src-main/processes/data-directory.ts'
import { forkEngine } from '../src-main/processes/fork.ts'
import { makeEmptyPictures } from './empty-pictures.ts'
import { captionOf } from './made-captions.ts'
import { drawScene } from './scenes.ts'

const perDirectory = 200
const perTransaction = 20_000
const differentPhotos = 400

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
  hurry(store)
  store.folders.insert(pictures, Date.now())
  const reconciler = createReconciler(store.database)
  await reconciler.scan()
  await reconciler.close()
  await captionAll(store, photos, join(libraryDirectory, 'thumbnails'), await makeLooks(directory, looks))
  store.close()
}

/**
 * The same of photos whose drive is away, for who has little time: no file of theirs is there to be made and found, their rows are
 * written at once, and they are copies of a few hundred. All have a thumbnail.
 */
export async function makeAwayLibrary(directory: string, photos: number, looks: number): Promise<void> {
  const libraryDirectory = join(directory, 'library')
  const thumbnails = join(libraryDirectory, 'thumbnails')
  const [seen, { modelId, adapterId }] = await Promise.all([makeLooks(directory, looks), embeddedModel()])
  const store = openStore(databaseFileIn(libraryDirectory))
  const { prepare, write } = store.database
  hurry(store)
  const { id: folderId } = store.folders.insert(join(directory, 'away'), Date.now())
  write(() => {
    prepare(`UPDATE folders SET state = 'offline', offline_reason = 'gone'`).run()
    const addPhoto = prepare(
      `INSERT INTO photos (id, folder_id, directory, name, size_bytes, modified_ms, device, inode, sort_ms, taken_at, width_px,
         height_px, camera, content_hash, indexed_ms, thumbnail_version, thumbhash)
       VALUES (?, ?, ?, ?, 1, 1, 1, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`,
    )
    const addCaption = prepare(
      `INSERT INTO captions (id, photo_id, text, source, model_id, adapter_id, score, content_hash, created_ms)
       VALUES (?, ?, ?, 'model', ?, ?, -1, ?, 1)`,
    )
    const contents = Array.from({ length: differentPhotos }, (_, at) => {
      const content = randomBytes(32)
      linkThumbnail(seen[at % seen.length]!, thumbnailPath(thumbnails, content.toString('hex')))
      return content
    })
    for (let id = 1; id <= photos; id++) {
      const content = contents[id % contents.length]!
      const { widthPx, heightPx, thumbhash } = seen[(id % contents.length) % seen.length]!
      const { sortMs, takenAt } = takenTime(id)
      const name = `IMG_${String(id % perDirectory).padStart(4, '0')}.JPG`
      const place = [folderId, `album ${Math.floor(id / perDirectory)}`, name, id, sortMs, takenAt]
      addPhoto.run(id, ...place, widthPx, heightPx, `Camera ${id % 40}`, content, thumbnailVersion, thumbhash)
      addCaption.run(id, id, captionOf(id), modelId, adapterId, content)
    }
    prepare(`UPDATE photos SET caption_id = id, caption_source = 'model', captioned_by = ?`).run(
      modelKey(modelId, adapterId),
    )
  })
  await createSearch(store.database).searchIndex.rebuild()
  store.close()
}

function hurry({ database }: Store): void {
  // Else pages that are written to in no order go to the disk and come back a hundred times.
  database.exec('PRAGMA cache_size = -1500000')
  // Nothing was read by an older reader, to be read again as soon as the library is opened.
  markReadByOlder(database, readerVersion, 1)
}

async function embeddedModel(): Promise<{ modelId: string; adapterId: string | null }> {
  const modelDirectory = await findModel(defaultModelName, defaultDataDirectory())
  const engine = superviseEngine(forkEngine, { modelDirectory }, { book: trialBook() })
  const info = await engine.info()
  engine.close()
  return info
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
  const { modelId, adapterId } = await embeddedModel()
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
          precision: 'fp32' as const,
          contentHash,
        })
        made.push({ contentHash, thumbhash: look?.thumbhash ?? null, miniature: null })
      }
      store.captions.addFromModel(batch, 1)
      store.queue.setThumbnailsMade(made, thumbnailVersion)
    })
  }
  await createSearch(store.database).searchIndex.rebuild()
}

const firstDayMs = Date.UTC(2001, 6, 1)
const yearsMs = 25 * 365.25 * 86_400_000

function show(store: Store, photoId: number, { widthPx, heightPx }: Look): void {
  const { sortMs, takenAt } = takenTime(photoId)
  store.database
    .prepare('UPDATE photos SET width_px = ?, height_px = ?, taken_at = ?, sort_ms = ? WHERE id = ?')
    .run(widthPx, heightPx, takenAt, sortMs, photoId)
}

/** More often in later years, in bursts. */
function takenTime(photoId: number): { sortMs: number; takenAt: string } {
  const burst = Math.floor(photoId / 7)
  const share = ((burst * 0.618034) % 1) ** 0.6
  const sortMs = Math.floor((firstDayMs + share * yearsMs) / 1000) * 1000 + (photoId % 7) * 1000
  return { sortMs, takenAt: new Date(sortMs).toISOString().slice(0, 19) }
}

/** One file under many names: a file system allows some 65,000. */
function linkThumbnail(look: Look, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  linkSync(look.thumbnail, path)
}
