import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LensloreError } from '../../../src-main/contract/errors.ts'
import type { Caption } from '../../../src-main/contract/records.ts'
import { uniqueWord } from '../../fixtures/chaos-words.ts'
import { type Disk, themes } from './disk.ts'
import { isOfDeath, type LibraryProcess } from './library-process.ts'

interface ImportedRow {
  path: string
  words: string
}

/** What a person wrote, as far as the library answered that it took it in. */
export interface Person {
  /** Does something at random to a photo, when all that was begun before is done; @returns what it is to be. */
  act(): string
  finished(): Promise<void>
  /** The current words of a photo, null where they were taken back; photos the person did nothing to are not here. */
  readonly standing: Map<number, string | null>
  /** The photos that words were written on, by the words. */
  readonly homes: Map<string, Set<number>>
  /** Written on photos that may be no more, because their row turned out to be another photo. */
  readonly floating: Set<string>
  /** The library died over it: what became of these photos' words is not known until the next quiet point. */
  isUnsure(photoId: number): boolean
  /** A quiet point: what the library has now is what stands. */
  settle(
    standing: Iterable<[photoId: number, words: string]>,
    homes: Iterable<[words: string, photoId: number]>,
  ): void
}

/** @param processes to choose from; those that are over are passed by. */
export function createPerson(disk: Disk, random: () => number, processes: () => LibraryProcess[]): Person {
  const standing = new Map<number, string | null>()
  const homes = new Map<string, Set<number>>()
  const floating = new Set<string>()
  const unsure = new Set<number>()
  let isAllUnsure = false
  let last: Promise<void> = Promise.resolve()
  let failure: unknown
  let written = 0
  let imported = 0

  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!

  function keepHome(words: string, photoId: number): void {
    const known = homes.get(words)
    if (known) known.add(photoId)
    else homes.set(words, new Set([photoId]))
  }

  /** What the library says that is there is what the person looks at, wherever the file is by now. */
  async function lookAt({ client }: LibraryProcess, path: string): Promise<number> {
    const { id, contentHash } = await client.photoAt({ path: `${disk.home}/${path}` })
    const picture = contentHash === null ? undefined : disk.withContent(contentHash)
    if (picture) picture.id ??= id
    return id
  }

  function stands(photoId: number, caption: Pick<Caption, 'source' | 'text'> | null): void {
    const words = caption?.source === 'person' ? caption.text : null
    standing.set(photoId, words)
    if (words === null) return
    keepHome(words, photoId)
    if (!disk.pictures.some(({ id }) => id === photoId)) floating.add(words)
  }

  async function write(library: LibraryProcess, path: string, words: string): Promise<void> {
    const id = await lookAt(library, path)
    try {
      stands(id, await library.client.setCaption({ photo: id, text: words }))
    } catch (thrown) {
      if (isOfDeath(thrown)) unsure.add(id)
      throw thrown
    }
  }

  async function takeBackOrForth(library: LibraryProcess, path: string, isBack: boolean): Promise<void> {
    const id = await lookAt(library, path)
    try {
      const { client } = library
      stands(id, await (isBack ? client.undoCaption({ photo: id }) : client.redoCaption({ photo: id })))
    } catch (thrown) {
      if (isOfDeath(thrown)) unsure.add(id)
      throw thrown
    }
  }

  /** The last edit of all, on however many photos it was. */
  async function undoOrRedoEdit({ client }: LibraryProcess, isBack: boolean): Promise<void> {
    try {
      const change = await (isBack ? client.undoEdit({}) : client.redoEdit({}))
      for (const { id } of change?.first ?? []) {
        stands(id, (await client.photo({ photo: id })).caption)
      }
      // Of many, only the first are told of.
      if (change && change.photos > change.first.length) isAllUnsure = true
    } catch (thrown) {
      isAllUnsure = true
      throw thrown
    }
  }

  async function replace({ client }: LibraryProcess, find: string, by: string): Promise<void> {
    try {
      const { changes, first } = await client.replaceInCaptions({ find, replace: by, preview: false })
      if (changes > first.length) isAllUnsure = true
      for (const { photoId, after } of first) {
        stands(photoId, { source: 'person', text: after })
      }
    } catch (thrown) {
      if (isOfDeath(thrown)) isAllUnsure = true
      throw thrown
    }
  }

  /** Words for several photos, from a table. */
  async function importTable({ client }: LibraryProcess, rows: readonly ImportedRow[]): Promise<void> {
    const table = { path: join(disk.home, `table-${imported++}.json`), format: 'json' } as const
    writeFileSync(
      table.path,
      JSON.stringify(rows.map(({ path, words }) => ({ path, caption: words, source: 'person' }))),
    )
    try {
      await client.importTable(table)
      // Meanwhile another photo may have come to be there, or the words went to a copy.
      for (const { words } of rows) floating.add(words)
      for (const { path, words } of rows) {
        const { id, caption } = await client.photoAt({ path })
        if (caption?.text === words) stands(id, caption)
      }
    } catch (thrown) {
      if (isOfDeath(thrown)) isAllUnsure = true
      throw thrown
    }
  }

  function planTable(): ImportedRow[] {
    const all = disk.present()
    const paths = new Set(Array.from({ length: 4 }, () => pick(all).path))
    return [...paths].map((path) => ({
      path: `${disk.home}/${path}`,
      words: `table ${pick(themes)} ${uniqueWord(0x800000 + written++)}`,
    }))
  }

  function plan(): [what: string, work: (library: LibraryProcess) => Promise<void>] {
    const kind = random()
    // What has just arrived is looked at first.
    const all = disk.present()
    const { path } = pick(random() < 0.5 ? all.slice(-3) : all)
    if (kind < 0.6) {
      const words = `words ${pick(themes)} ${uniqueWord(0x800000 + written++)}`
      return [`write "${words}" on ${path}`, (library) => write(library, path, words)]
    }
    if (kind < 0.73) return [`undo on ${path}`, (library) => takeBackOrForth(library, path, true)]
    if (kind < 0.82) return [`redo on ${path}`, (library) => takeBackOrForth(library, path, false)]
    if (kind < 0.85) return ['undo the last edit', (library) => undoOrRedoEdit(library, true)]
    if (kind < 0.87) return ['redo the last edit', (library) => undoOrRedoEdit(library, false)]
    if (kind < 0.93) {
      const rows = planTable()
      const listed = rows.map(({ path, words }) => `"${words}" on ${path}`).join(', ')
      return [`import ${listed}`, (library) => importTable(library, rows)]
    }
    const [find, by] = [pick(themes), pick(themes)]
    return [`replace ${find} by ${by}`, (library) => replace(library, find, by)]
  }

  return {
    standing,
    homes,
    floating,
    isUnsure: (photoId) => isAllUnsure || unsure.has(photoId),
    act() {
      const index = Math.floor(random() * processes().length)
      const [what, work] = plan()
      last = last.then(async () => {
        const all = processes()
        const library = [all[index]!, ...all].find((each) => !each.isOver())
        if (!library) return
        try {
          await work(library)
        } catch (thrown) {
          // Of what is not there any more, or never was, or died over it, the person learns as much.
          if (!isExpected(thrown)) failure ??= thrown
        }
        await sleep(0)
      })
      return `person ${index}: ${what}`
    },
    async finished() {
      await last
      if (failure) throw failure
    },
    settle(current, has) {
      standing.clear()
      homes.clear()
      floating.clear()
      unsure.clear()
      isAllUnsure = false
      for (const [photoId, words] of current) standing.set(photoId, words)
      for (const [words, photoId] of has) keepHome(words, photoId)
    },
  }
}

function isExpected(thrown: unknown): boolean {
  return (
    thrown instanceof LensloreError &&
    // Another process is changing many captions just then.
    ['PHOTO_NOT_FOUND', 'INVALID_ARGUMENT', 'CHANNEL_CLOSED', 'LIBRARY_LOCKED'].includes(thrown.code)
  )
}
