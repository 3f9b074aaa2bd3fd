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
import { addFolder, addPhoto } from '../store/sample-library.ts'

/** A picture of many shapes, the same for the same number, unlike that of any other. */
export function drawScene(seed: number, widthPx = 640, heightPx = 480): Sharp {
  let state = seed * 7919 + 1
  const chance = (most: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.round((state / 2 ** 32) * most)
  }
  const colour = () => `rgb(${20 + chance(200)},${20 + chance(200)},${20 + chance(200)})`
  const shapes = Array.from({ length: 60 }, () =>
    chance(1) === 0
      ? `<ellipse cx="${chance(640)}" cy="${chance(480)}" rx="${10 + chance(70)}" ry="${10 + chance(70)}" fill="${colour()}"/>`
      : `<rect x="${chance(640)}" y="${chance(480)}" width="${10 + chance(120)}" height="${10 + chance(120)}" fill="${colour()}"/>`,
  )
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 480" width="${widthPx}" height="${heightPx}" preserveAspectRatio="none">
    <rect width="640" height="480" fill="${colour()}"/>${shapes.join('')}</svg>`
  return sharp(Buffer.from(svg)).flatten()
}

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
      ...file,
      widthPx: width,
      heightPx: height,
      orientation: 1,
      takenAt: null,
      takenOffsetMinutes: null,
      camera: null,
      lens: null,
      latitude: null,
      longitude: null,
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
