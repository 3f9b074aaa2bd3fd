import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import sharp, { type Sharp } from 'sharp'
import { preparePicture } from '../../../src-main/engine/imaging/picture.ts'
import { createStackFinder } from '../../../src-main/library/copies/find-stacks.ts'
import { createStackLists } from '../../../src-main/library/copies/list-stacks.ts'
import { readFileOnce } from '../../../src-main/library/queue/read-photo.ts'
import { createSearch } from '../../../src-main/library/search/search.ts'
import type { ContentFacts } from '../../../src-main/library/store/photos.ts'
import type { Store } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, plainFacts } from '../store/sample-library.ts'

/** A store with photos of real files, as scanning and the engine's decoding leave them: without a model. */
export function openCopies(t: TestContext, store: Store) {
  const folder = mkdtempSync(join(tmpdir(), 'lenslore-copies-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const { searcher, searchIndex } = createSearch(store.database)
  const finder = createStackFinder(store.database, store.stacks)
  const lists = createStackLists({ database: store.database, stacks: store.stacks, searcher })
  const folderId = addFolder(store, folder)

  /** Reads a file, and makes what copies are told by. */
  async function factsOf(name: string): Promise<ContentFacts> {
    const file = await readFileOnce(join(folder, name))
    const { width, height } = await sharp(file.bytes).metadata()
    return {
      ...plainFacts,
      ...file,
      widthPx: width,
      heightPx: height,
    }
  }

  async function look(name: string): Promise<void> {
    const picture = await preparePicture(join(folder, name), {
      input: null,
      thumbnailDirectory: join(folder, 'thumbnails'),
    })
    store.queue.setThumbnailsMade([picture], 1)
  }

  return {
    folder,
    finder,
    lists,
    searcher,
    searchIndex,
    factsOf,
    look,
    async add(name: string, picture: Sharp, facts: Partial<ContentFacts> = {}): Promise<number> {
      await picture.toFile(join(folder, name))
      const id = addPhoto(store, folderId, name, undefined, { ...(await factsOf(name)), ...facts })
      await look(name)
      return id
    },
    async find(): Promise<void> {
      await finder.keepUp({ space: 'space' })
      await searchIndex.renewAll()
    },
    stackOf: (id: number) => lists.ofPhoto(id)?.photos.map((photo) => photo.id) ?? null,
    found: (query: string) =>
      searcher
        .search(query, { limit: 100 })
        .photos.map((hit) => hit.id)
        .sort((a, b) => a - b),
  }
}
