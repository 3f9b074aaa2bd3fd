import { basename } from 'node:path'
import { displayFileName } from '../../contract/file-name.ts'
import type { CompanionKind } from '../../contract/file-pairs.ts'
import { isRawName } from '../../contract/picture-names.ts'
import type { CaptionSource } from '../../contract/records.ts'
import type { TakenDate } from '../../contract/taken-date.ts'
import { foldName, type Token, tokenize, tokenizeName, tokenizeParts } from '../../contract/words.ts'
import type { Database } from '../store/database.ts'
import { inSlices, type SliceOptions } from '../store/slices.ts'
import {
  type Field,
  flag,
  isSharedOfName,
  type NamedKind,
  neighbours,
  type Place,
  ratingsGiven,
  tokenOf,
  wholeName,
} from './match.ts'
import { beginningsOf } from './names.ts'
import { otherCaptionsSql } from './other-captions.ts'
import { createPostingsWriter } from './postings.ts'
import { reverse } from './reverse.ts'
import { firstRowOf, rowsPerSecond } from './rows.ts'
import { type InSecond, orderSecond } from './second.ts'

/**
 * Of the photos that a commit changed, so many are found by their new words at once: an edit waits for all of them. The others
 * are stale until `renewAll`.
 */
const renewedPerCommit = 50
/** Documents that are moved out of a sparse block with one commit: about 15 ms. */
const movedPerCommit = 300
/** For each photo that is renewed. A block that dies evenly gives one place for three that are moved. */
const movedPerRenewed = 4
/** Rows that one commit looks through for those of blocks that were let go: some 10 ms; for each renewed photo, more than it adds. */
const sweptPerCommit = 2000
const sweptPerRenewed = 40
/** For each document that is moved: about as long. */
const sweptPerMoved = 7
/** What `tidy` merges at most, in pages of FTS5's index. */
const tidiedPages = 500

/** So many photos of one second are put in order; of more it takes too long to look at all for each. */
const orderedInSecond = 128

/** Before it is looked for in others. */
const triesInSecond = 16
/** Rows are looked for in the twelve days before at the farthest: far more room than any library fills. */
const widestSpread = 2 ** 30

const documentSql = `SELECT photos.id, search_id, search_document, folder_id, folders.path AS folder_path, directory,
    name, sort_ms, taken_at, camera, lens, missing_since_ms IS NOT NULL AS missing, is_excluded AS excluded, error_code IS NOT NULL AS failed, is_cut_off AS cut,
    captions.text AS caption, caption_source, captions.is_unsure AS unsure,
    ${otherCaptionsSql} AS other_captions,
    missing_since_ms IS NULL AND EXISTS (SELECT 1 FROM photos AS copy WHERE copy.content_hash = photos.content_hash
      AND copy.id <> photos.id AND copy.missing_since_ms IS NULL) AS duplicate,
    stack_id AS stack, stacks.best IS NOT NULL AND stacks.best <> photos.id AS copy,
    (SELECT group_concat(text, ' ') FROM search_extra WHERE photo_id = photos.id) AS extra,
    rating, is_favorite, people, keywords,
    (SELECT json_group_array(json_array(metadata_places.kind, metadata_places.name))
       FROM metadata_sources JOIN metadata_places ON source_id = metadata_sources.id
       WHERE photo_id = photos.id) AS stated_places,
    (SELECT json_array(town, city, country) FROM places WHERE places.id = place_id) AS place,
    (SELECT json_group_array(json_object('name', companions.name, 'kind', kind)) FROM companions
      WHERE photo_id = photos.id AND is_other = 0
        AND companions.folder_id = photos.folder_id AND companions.directory = photos.directory) AS companions
  FROM photos
    JOIN search_filters ON search_filters.photo_id = photos.id
    JOIN folders ON folders.id = photos.folder_id
    LEFT JOIN captions ON captions.id = photos.caption_id
    LEFT JOIN stack_photos ON stack_photos.photo_id = photos.id
    LEFT JOIN stacks ON stacks.id = stack_id`
export const staleSql = `${documentSql} WHERE photos.id IN (SELECT photo_id FROM search_stale LIMIT ?)`
export const changedSql = `${documentSql} WHERE photos.id IN
    (SELECT photo_id FROM temp.search_changed AS changed
     WHERE EXISTS (SELECT 1 FROM search_stale WHERE photo_id = changed.photo_id) LIMIT ?)`
const ofSecondSql = `SELECT id, search_id AS row, sort_ms AS sortMs, name FROM photos
  WHERE search_id >= ? AND search_id < ? LIMIT ?`
export const movedSql = `${documentSql} WHERE search_id IN (SELECT value FROM json_each(?))`
const ofFolderSql = `${documentSql} WHERE photos.id > ? AND photos.id <= ? AND +folder_id = ?`
const inOrderSql = `${documentSql} WHERE (sort_ms, photos.id) < (?, ?) ORDER BY sort_ms DESC, photos.id DESC LIMIT ?`

export interface SearchIndexer {
  /** How many photos' entries are to be renewed, or a little more. */
  stale(): number
  /**
   * Renews entries until none is stale, in slices; what is left by a stop, or a kill, is renewed by the next call.
   * @returns how many were renewed.
   */
  renewAll(options?: SliceOptions): Promise<number>
  /**
   * Within a transaction: photos that it changed so far are left to the next `renewAll`, which is far faster for thousands of them than
   * their commits are.
   */
  leaveStale(): void
  /**
   * Throws the index away and makes it anew from the tables, in slices.
   * @throws DOMException `AbortError` through the signal; `renewAll` goes on with what is left.
   */
  rebuild(options?: SliceOptions): Promise<void>
  /**
   * Empties blocks that hardly anything lives in, forgets words that no photo has any more, and merges a little of what many
   * small commits left behind, in slices. What is begun is gone on with by the next call, or by edits, so that nothing is
   * lost where it ends early.
   */
  tidy(options?: SliceOptions): Promise<void>
}

/** A photo's entry, and the row in the index that it gets. */
interface Placed {
  row: DocumentRow
  searchId: number
}

interface DocumentRow {
  id: number
  search_id: number | null
  search_document: number | null
  folder_id: number
  folder_path: string
  directory: string
  name: string
  sort_ms: number
  taken_at: string | null
  camera: string | null
  lens: string | null
  missing: number
  excluded: number
  failed: number
  cut: number | null
  caption: string | null
  caption_source: CaptionSource | null
  unsure: number | null
  other_captions: string | null
  duplicate: number
  stack: number | null
  copy: number
  extra: string | null
  rating: number | null
  is_favorite: number
  /** JSON. */
  people: string
  keywords: string
  /** Kind and name of each. */
  stated_places: string
  /** Keys of town, city and country, '' where there is none. */
  place: string | null
  companions: string
}

/** Keeps the index in step: entries are renewed at the end of every transaction that changed their photo. */
export function createSearchIndexer(database: Database): SearchIndexer {
  const { prepare, write } = database
  const postings = createPostingsWriter(database)
  /** As of which generation all words were looked at, are being looked at, and how far. */
  let lookedSince: number | undefined
  let lookingSince: number | undefined
  let lastWord = ''
  let namesLookedSince: number | undefined
  let lastName: (Named & { begin: string }) | undefined
  noteChanges(database)
  database.beforeCommit(() => {
    const buried = buryRemoved()
    const changed = buried + (isEmptying() ? 0 : renew(readChanged()))
    prepare('DELETE FROM temp.search_changed').run()
    if (changed > 0) {
      compact(
        Math.min(changed * movedPerRenewed, movedPerCommit),
        Math.min(changed * sweptPerRenewed, sweptPerCommit),
      )
    }
  })

  async function renewAll(options: SliceOptions = {}): Promise<number> {
    const { signal, onProgress } = options
    await inSlices(database, emptySome, { signal })
    const ofFolders = await inSlices(database, renewFolders, options)
    const others = await inSlices(database, renewSome, {
      signal,
      onProgress: (done) => onProgress?.(ofFolders + done),
    })
    return ofFolders + others
  }

  function renewSome(limit: number): number {
    // Begun meanwhile, here or in another process.
    if (isEmptying()) return emptySome(limit)
    return renewAndCompact(readStale(limit))
  }

  function renewAndCompact(rows: readonly DocumentRow[]): number {
    const renewed = renew(rows)
    if (renewed > 0) compact(renewed * movedPerRenewed, renewed * sweptPerRenewed)
    return renewed
  }

  function isEmptying(): boolean {
    return prepare('SELECT 1 FROM search_emptying').get() !== undefined
  }

  /** While photos let go of their entries none gets another, for row numbers and documents begin anew after the last. */
  function emptySome(limit: number): number {
    const from = prepare<{ photo: number }>('SELECT up_to_photo AS photo FROM search_emptying').get()?.photo
    if (from === undefined) return 0
    const to = from + limit
    prepare('UPDATE photos SET search_id = NULL, search_document = NULL WHERE id > ? AND id <= ?').run(
      from,
      to,
    )
    prepare('UPDATE search_emptying SET up_to_photo = ?').run(to)
    if (isPastLastPhoto(to)) {
      prepare("INSERT INTO search_index (search_index) VALUES ('delete-all')").run()
      prepare('DELETE FROM search_words').run()
      prepare('DELETE FROM search_names').run()
      postings.clear()
      prepare('DELETE FROM search_emptying').run()
      // A number below all photos that no other emptying has.
      prepare('INSERT OR REPLACE INTO search_stale_folders SELECT id, ? FROM folders').run(
        -postings.generation(),
      )
    }
    return limit
  }

  /** Of folders that are to be indexed anew as a whole: by the photos' ids, for a folder may be all of the library. */
  function renewFolders(limit: number): number {
    if (isEmptying()) return emptySome(limit)
    const folder = prepare<{ id: number; photo: number }>(
      'SELECT folder_id AS id, up_to_photo AS photo FROM search_stale_folders LIMIT 1',
    ).get()
    if (!folder) return 0
    const to = Math.max(folder.photo, 0) + limit
    renewAndCompact(prepare<DocumentRow>(ofFolderSql).all(folder.photo, to, folder.id))
    if (isPastLastPhoto(to)) prepare('DELETE FROM search_stale_folders WHERE folder_id = ?').run(folder.id)
    else prepare('UPDATE search_stale_folders SET up_to_photo = ? WHERE folder_id = ?').run(to, folder.id)
    return limit
  }

  function isPastLastPhoto(id: number): boolean {
    return prepare('SELECT 1 FROM photos WHERE id > ? LIMIT 1').get(id) === undefined
  }

  /** Looks through all words, after documents were let go. @returns how many it looked at. */
  function forgetWords(limit: number): number {
    if (lastWord === '') lookingSince = postings.generation()
    if (lookingSince === lookedSince) return 0
    const words = prepare<{ word: string; stem: string }>(
      'SELECT word, stem FROM search_words WHERE word > ? ORDER BY word LIMIT ?',
    ).all(lastWord, limit)
    for (const { word, stem } of words) {
      const [inCaption, inOthers] = [tokenOf(stem, 'caption'), tokenOf(stem, 'others')].map(postings.has)
      if (inCaption && inOthers) continue
      if (!inCaption && !inOthers) prepare('DELETE FROM search_words WHERE word = ?').run(word)
      else if (inCaption)
        prepare('UPDATE search_words SET others = 0 WHERE word = ? AND others > 0').run(word)
      else prepare('UPDATE search_words SET captions = 0 WHERE word = ? AND captions > 0').run(word)
    }
    const isOver = words.length < limit
    lastWord = isOver ? '' : words.at(-1)!.word
    if (isOver) lookedSince = lookingSince
    return words.length
  }

  /** The same of names. */
  function forgetNames(limit: number): number {
    if (namesLookedSince === postings.generation() && lastName === undefined) return 0
    const from = lastName ?? { begin: '', kind: '', name: '' }
    if (lastName === undefined) namesLookedSince = postings.generation()
    const names = prepare<Named & { begin: string }>(
      `SELECT begin, kind, name FROM search_names WHERE (begin, kind, name) > (?, ?, ?)
       ORDER BY begin, kind, name LIMIT ?`,
    ).all(from.begin, from.kind, from.name, limit)
    for (const { begin, kind, name } of names) {
      if (postings.has(wholeName(kind, name))) continue
      prepare('DELETE FROM search_names WHERE begin = ? AND kind = ? AND name = ?').run(begin, kind, name)
    }
    lastName = names.length < limit ? undefined : names.at(-1)
    return names.length
  }

  /** In pages of FTS5's index, as many as are asked for in each slice. */
  async function merge(mostPages: number, options: SliceOptions): Promise<void> {
    let pages = 0
    await inSlices(
      database,
      (limit) => {
        if (pages >= mostPages) return 0
        pages += limit
        const before = totalChanges()
        prepare("INSERT INTO search_index (search_index, rank) VALUES ('merge', ?)").run(limit)
        // https://www.sqlite.org/fts5.html#the_merge_command
        return totalChanges() - before < 2 ? 0 : limit
      },
      options,
    )
  }

  function totalChanges(): number {
    return prepare<{ n: number }>('SELECT total_changes() AS n').get()!.n
  }

  /**
   * One step of keeping the documents within one and a half times the photos. After every step everything is right: there is
   * nothing to resume.
   * @returns whether there may be more to do.
   */
  function compact(moves: number, sweeps: number): boolean {
    const moved = postings.sparsest(moves)
    if (moved !== undefined) move(moved)
    return postings.sweep(sweeps) || moved !== undefined
  }

  /** Gives photos other documents; their entries in FTS5 stay as they are. */
  function move(documents: readonly { document: number; row: number }[]): void {
    if (documents.length === 0) return
    postings.remove(documents.map(({ document }) => document))
    const known = new Set(documents.map(({ document }) => document))
    const rows = prepare<DocumentRow>(movedSql)
      .all(JSON.stringify(documents.map(({ row }) => row)))
      .filter((row) => known.has(row.search_document!))
      .sort((a, b) => a.search_id! - b.search_id!)
    const batch = emptyBatch()
    const made = postings.append(rows.map((row) => row.search_id!))
    for (const [at, row] of rows.entries()) {
      prepare('UPDATE photos SET search_document = ? WHERE id = ?').run(made[at]!, row.id)
      addDocument(readEntry(row, batch), made[at]!, batch)
    }
    postings.add(batch.documents)
  }

  /**
   * From the newest photo to the oldest, so that the index is written from its start to its end. Folders that got another path
   * meanwhile, and all where the index was emptied once more, are left to `renewFolders`.
   */
  async function renewInOrder(options: SliceOptions): Promise<number> {
    const mark = prepare<{ mark: number | null }>(
      'SELECT min(up_to_photo) AS mark FROM search_stale_folders',
    ).get()!.mark
    let last = { sort_ms: Infinity, id: Infinity }
    return inSlices(
      database,
      (limit) => {
        const isMine =
          prepare('SELECT 1 FROM search_stale_folders WHERE up_to_photo = ?').get(mark) !== undefined
        if (!isMine || isEmptying()) return 0
        const rows = prepare<DocumentRow>(inOrderSql).all(last.sort_ms, last.id, limit)
        last = rows.at(-1) ?? last
        if (rows.length === 0) prepare('DELETE FROM search_stale_folders WHERE up_to_photo = ?').run(mark)
        return renew(rows)
      },
      options,
    )
  }

  /** @returns how many. */
  function buryRemoved(): number {
    const dead = prepare<{ document: number }>('SELECT document FROM search_dead').all()
    if (dead.length === 0) return 0
    postings.remove(dead.map((row) => row.document))
    prepare('DELETE FROM search_dead').run()
    return dead.length
  }

  function readStale(limit: number): DocumentRow[] {
    return prepare<DocumentRow>(staleSql).all(limit)
  }

  function readChanged(): DocumentRow[] {
    // Starting the large statement takes longer than most commits do.
    if (prepare('SELECT 1 FROM temp.search_changed').get() === undefined) return []
    return prepare<DocumentRow>(changedSql).all(renewedPerCommit)
  }

  function renew(rows: readonly DocumentRow[]): number {
    if (rows.length === 0) return 0
    const placed = findRows(rows)
    // FTS5 gathers words in memory as long as rows come in order, and writes a piece of index where they do not.
    for (const { row } of placed.toSorted((a, b) => (a.row.search_id ?? 0) - (b.row.search_id ?? 0))) {
      removeEntry(row)
    }
    postings.remove(placed.flatMap(({ row }) => row.search_document ?? []))
    const batch = emptyBatch()
    for (const { row, searchId, document } of placeAll(placed)) addEntry(row, searchId, document, batch)
    postings.add(batch.documents)
    for (const [word, { stem, captions, others }] of batch.words) {
      prepare(
        `INSERT INTO search_words (word, stem, captions, others, reversed) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET captions = captions + excluded.captions, others = others + excluded.others`,
      ).run(word, stem, captions, others, reverse(word))
    }
    for (const each of batch.names.values()) countName(each)
    return placed.length
  }

  function countName({ kind, name, photos }: CountedName): void {
    for (const begin of beginningsOf(name)) {
      prepare(
        `INSERT INTO search_names VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET photos = photos + excluded.photos`,
      ).run(begin, kind, name, photos)
    }
  }

  function removeEntry(row: DocumentRow): void {
    if (row.search_id !== null) prepare('DELETE FROM search_index WHERE rowid = ?').run(row.search_id)
    prepare('DELETE FROM search_stale WHERE photo_id = ?').run(row.id)
  }

  /** Where each photo belongs, and others of the same second that have to make room. */
  function findRows(rows: readonly DocumentRow[]): Placed[] {
    const known = new Set(rows.map((row) => row.id))
    const taken = new Set<number>()
    return [...Map.groupBy(rows, (row) => firstRowOf(row.sort_ms))].flatMap(([first, group]) => {
      // Those that are known may be of other seconds by now, and hide no other.
      const found = prepare<InSecond & { row: number }>(ofSecondSql)
        .all(first, first + rowsPerSecond, orderedInSecond + 1 + known.size)
        .filter(({ id }) => !known.has(id))
      const others = found.filter((photo) => firstRowOf(photo.sortMs) === first)
      const foreign = found.filter((photo) => !others.includes(photo)).map((photo) => photo.row)
      const ordered =
        found.length + group.length > orderedInSecond
          ? undefined
          : orderSecond([...others, ...group.map(toInSecond)], first, new Set([...foreign, ...taken]))
      if (!ordered) return group.map((row) => ({ row, searchId: findAnyRow(row, taken) }))
      const moved = others.filter(({ id, row }) => ordered.get(id) !== row)
      const makingRoom = prepare<DocumentRow>(movedSql).all(JSON.stringify(moved.map(({ row }) => row)))
      return [...group, ...makingRoom].map((row) => {
        const searchId = ordered.get(row.id)!
        taken.add(searchId)
        return { row, searchId }
      })
    })
  }

  /** Gives the photos their rows in the index, and documents in the order of the rows. */
  function placeAll(found: readonly Placed[]): (Placed & { document: number })[] {
    const placed = found.toSorted((a, b) => a.searchId - b.searchId)
    // Two may change places, and no two have one.
    for (const { row, searchId } of placed) {
      if (row.search_id !== null && row.search_id !== searchId) {
        prepare('UPDATE photos SET search_id = NULL WHERE id = ?').run(row.id)
      }
    }
    const documents = postings.append(placed.map(({ searchId }) => searchId))
    return placed.map(({ row, searchId }, at) => {
      const document = documents[at]!
      prepare('UPDATE photos SET search_id = ?, search_document = ? WHERE id = ?').run(
        searchId,
        document,
        row.id,
      )
      return { row, searchId, document }
    })
  }

  function addEntry(row: DocumentRow, searchId: number, document: number, batch: Batch): void {
    const entry = readEntry(row, batch)
    const { caption, others, flags } = entry
    prepare(
      `INSERT INTO search_index (rowid, caption, words, folder, camera, lens, flags)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      searchId,
      caption.indexText,
      ...others.map((part) => part.indexText),
      [...flags, ...entry.fileName].join(' '),
    )
    countWords([caption], 'captions', batch.words)
    countWords(others, 'others', batch.words)
    for (const { kind, name } of entry.names) {
      const token = wholeName(kind, name)
      const known = batch.names.get(token) ?? { kind, name, photos: 0 }
      known.photos++
      batch.names.set(token, known)
    }
    addDocument(entry, document, batch)
  }

  function readEntry(row: DocumentRow, batch: Batch): Entry {
    const caption = toPart(row.caption ?? '', 'caption')
    const year = row.taken_at?.slice(0, 'YYYY'.length) ?? ''
    const companions = JSON.parse(row.companions) as Companion[]
    const fileNames = [row.name, ...companions.map(({ name }) => name)].map(displayFileName)
    const { keys, names: places } = placesOf(row, batch)
    const names = [
      ...fileNames,
      row.extra ?? '',
      row.other_captions ?? '',
      year,
      ...keys.map((key) => nameOf(key, batch)),
    ].join(' ')
    const named = namesIn(row, places)
    const others = [
      toPart(names, 'others'),
      // Many photos share these.
      recall(`${basename(row.folder_path)}/${row.directory}`, 'folder', batch),
      recall(row.camera ?? '', 'camera', batch),
      recall(row.lens ?? '', 'lens', batch),
    ]
    const fileName = tokenizeName(fileNames.join(' ')).map((token) => token.stem)
    const shared = new Set(fileName.filter(isSharedOfName))
    return {
      caption,
      others,
      flags: [...flagsOf(row, named, companions), ...keys.map(flag.at)],
      fileName: fileName.map((stem) => tokenOf(stem, 'name')),
      sharedOfFileName: [...shared].map((stem) => tokenOf(stem, 'name')),
      names: namesOf(row, named),
    }
  }

  /**
   * What files state, and what was found by the position: the town unless a file states another one, and nothing where a file
   * states another country.
   */
  function placesOf(
    { stated_places, place }: DocumentRow,
    batch: Batch,
  ): { keys: string[]; names: string[] } {
    const stated = JSON.parse(stated_places) as [kind: string, name: string][]
    const names = stated.map(([, name]) => name)
    if (place === null) return { keys: [], names }
    const [town, city, country] = JSON.parse(place) as [string, string, string]
    const isStated = (kind: string, keys: readonly string[]) => {
      const said = stated.filter(([each]) => each === kind).map(([, name]) => foldName(name))
      return said.length === 0 || said.some((name) => keys.some((key) => isCalled(key, name)))
    }
    if (!isStated('country', [country])) return { keys: [], names }
    const found = isStated('city', [town, city]) ? [town, city, country] : [country]
    const keys = found.filter((key) => key !== '')
    return { keys, names: [...names, ...keys.map((key) => nameOf(key, batch))] }
  }

  /** @param name as `foldName` makes it */
  function isCalled(key: string, name: string): boolean {
    return prepare('SELECT 1 FROM gazetteer_names WHERE begin = ? AND key = ?').get(name, key) !== undefined
  }

  function nameOf(key: string, { places }: Batch): string {
    let name = places.get(key)
    if (name === undefined) {
      name = prepare<{ name: string }>('SELECT name FROM gazetteer WHERE key = ?').get(key)?.name ?? ''
      places.set(key, name)
    }
    return name
  }

  function addDocument(
    { caption, others, flags, sharedOfFileName, names }: Entry,
    document: number,
    batch: Batch,
  ): void {
    const whole = names.map(({ kind, name }) => wholeName(kind, name))
    for (const tokens of [
      flags,
      sharedOfFileName,
      whole,
      caption.postings,
      ...others.map((part) => part.postings),
    ]) {
      for (const token of tokens) {
        const documents = batch.documents.get(token)
        if (documents === undefined) batch.documents.set(token, [document])
        else if (documents.at(-1) !== document) documents.push(document)
      }
    }
  }

  /** A row for one of very many photos of a second, free or already its own; always the same where nothing else changed. */
  function findAnyRow(row: DocumentRow, taken: Set<number>): number {
    const first = firstRowOf(row.sort_ms)
    const own = row.search_id
    if (own !== null && own >= first && own < first + rowsPerSecond && !taken.has(own)) {
      taken.add(own)
      return own
    }
    // Within a second the later photo first; where there are too many, anywhere in the seconds before.
    let slot = rowsPerSecond - 1 - (row.id % rowsPerSecond)
    for (let spread = rowsPerSecond, attempt = 1; ; attempt++) {
      const candidate = first + slot
      if (!taken.has(candidate)) {
        const holder = prepare<{ id: number }>('SELECT id FROM photos WHERE search_id = ?').get(candidate)
        if (holder === undefined || holder.id === row.id) {
          taken.add(candidate)
          return candidate
        }
      }
      slot = scatter(row.id, attempt) % spread
      if (attempt >= triesInSecond) spread = Math.min(spread * 4, widestSpread)
    }
  }

  return {
    stale: () =>
      prepare<{ n: number }>(
        `SELECT (SELECT count(*) FROM search_stale) + ifnull((SELECT sum(photos) FROM photo_tallies
           WHERE EXISTS (SELECT 1 FROM search_emptying)
             OR folder_id IN (SELECT folder_id FROM search_stale_folders)), 0) AS n`,
      ).get()!.n,
    renewAll,
    leaveStale: () => void prepare('DELETE FROM temp.search_changed').run(),
    async rebuild(options = {}) {
      const { signal, onProgress } = options
      write(() => prepare('INSERT OR REPLACE INTO search_emptying VALUES (1, 0)').run())
      await inSlices(database, emptySome, { signal })
      const inOrder = await renewInOrder(options)
      // Edited meanwhile, or left.
      await renewAll({ signal, onProgress: (done) => onProgress?.(inOrder + done) })
      // All of it into one piece: begun by a negative number.
      write(() => prepare("INSERT INTO search_index (search_index, rank) VALUES ('merge', -1)").run())
      await merge(Infinity, { signal })
    },
    async tidy(options = {}) {
      const compactSome = (limit: number) => (compact(limit, limit * sweptPerMoved) ? limit : 0)
      await inSlices(database, compactSome, options)
      await inSlices(database, forgetWords, options)
      await inSlices(database, forgetNames, options)
      await merge(tidiedPages, options)
    },
  }
}

/** What this connection changes is put down for its commit, also where it was stale before. */
function noteChanges(database: Database): void {
  database.exec(`
    CREATE TEMP TABLE IF NOT EXISTS search_changed (photo_id INTEGER PRIMARY KEY) STRICT;
    CREATE TEMP TRIGGER IF NOT EXISTS search_note_changed BEFORE INSERT ON main.search_stale BEGIN
      INSERT OR IGNORE INTO search_changed VALUES (new.photo_id);
    END;`)
}

function toInSecond({ id, sort_ms: sortMs, name, search_id: row }: DocumentRow): InSecond {
  return { id, sortMs, name, row }
}

/** Another number below 2^32 at every attempt, whatever the id: one that is taken must not come again for ever. */
function scatter(id: number, attempt: number): number {
  let mixed = Math.imul(id ^ Math.imul(attempt, 0x85ebca6b), 0x9e3779b1)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 13)) >>> 0
}

/** What is gathered from several entries before it is written. */
interface Batch {
  words: Map<string, Word>
  /** By token, in order. */
  documents: Map<string, number[]>
  /** By their tokens. */
  names: Map<string, CountedName>
  /** By text and field. */
  parts: Map<string, Part>
  /** Names by key of the gazetteer. */
  places: Map<string, string>
}

function emptyBatch(): Batch {
  return { words: new Map(), documents: new Map(), names: new Map(), parts: new Map(), places: new Map() }
}

/** What the index has of a photo. */
interface Entry {
  caption: Part
  others: readonly Part[]
  /** Tokens of filters. */
  flags: readonly string[]
  /** Words of the file's name in a row, which FTS5 has; and those of them that the sets have. */
  fileName: readonly string[]
  sharedOfFileName: readonly string[]
  /** Which are counted as a whole, and which FTS5 does not have. */
  names: readonly Named[]
}

interface Named {
  kind: NamedKind | Field
  name: string
}

type NamesOfKind = [NamedKind, string[]]

interface Companion {
  name: string
  kind: CompanionKind
}

interface CountedName extends Named {
  photos: number
}

/** One text of an entry. */
interface Part {
  words: readonly Token[]
  indexText: string
  postings: readonly string[]
}

interface Word {
  stem: string
  captions: number
  others: number
}

function flagsOf(
  row: DocumentRow,
  named: readonly NamesOfKind[],
  companions: readonly Companion[],
): string[] {
  const flags: string[] = [flag.everyPhoto, flag.folder(row.folder_id)]
  for (const directory of directoriesAround(row.directory))
    flags.push(flag.directory(row.folder_id, directory))
  if (row.excluded) flags.push(flag.excluded)
  else if (row.missing) flags.push(flag.missing)
  if (row.failed) flags.push(flag.failed)
  if (row.cut) flags.push(flag.cut)
  if (row.duplicate) flags.push(flag.duplicate)
  if (row.stack !== null) flags.push(flag.stacked, flag.stack(row.stack))
  if (row.copy) flags.push(flag.copy)
  if (row.caption_source !== null) flags.push(flag.by(row.caption_source))
  // A caption without words is an answer, and none that anybody looks for.
  if (row.caption) flags.push(flag.captioned)
  if (row.unsure) flags.push(flag.unsure)
  if (row.taken_at !== null) flags.push(flag.dated)
  if (row.taken_at !== null && isOnlyMonthOrYear(row.taken_at)) flags.push(flag.datedOnly(row.taken_at))
  if (row.rating !== null && ratingsGiven.includes(row.rating)) flags.push(flag.rating(row.rating))
  if (row.is_favorite) flags.push(flag.favorite)
  if (companions.length > 0) flags.push(flag.pair)
  if (isRawName(row.name) || companions.some(({ kind }) => kind === 'raw')) flags.push(flag.raw)
  if (companions.some(({ kind }) => kind === 'video')) flags.push(flag.video)
  for (const [kind, names] of named) {
    const stems = names.map((name) => tokenize(name).map((token) => token.stem))
    const parts = names.flatMap((name) => tokenizeParts(name).map((token) => token.stem))
    const tokens = [...parts, ...stems.flat(), ...stems.flatMap(neighbours)]
    flags.push(...new Set(tokens.map((token) => tokenOf(token, kind))))
  }
  return flags
}

function isOnlyMonthOrYear(date: TakenDate): boolean {
  return date.length <= 'YYYY-MM'.length
}

/** `a/b` is in `a` and in `a/b`. */
function directoriesAround(directory: string): string[] {
  const names = directory.split('/').filter(Boolean)
  return names.map((_, at) => names.slice(0, at + 1).join('/'))
}

function namesOf(row: DocumentRow, named: readonly NamesOfKind[]): Named[] {
  const folders = [basename(row.folder_path), ...row.directory.split('/')].map(displayFileName)
  const devices: [NamedKind | Field, string[]][] = [
    ['folder', folders],
    ['camera', [row.camera ?? '']],
    ['lens', [row.lens ?? '']],
  ]
  return [...named, ...devices].flatMap(([kind, names]) =>
    [...new Set(names)].filter((name) => name.trim() !== '').map((name) => ({ kind, name })),
  )
}

function namesIn({ people, keywords }: DocumentRow, places: string[]): NamesOfKind[] {
  return [
    ['people', JSON.parse(people) as string[]],
    ['keyword', JSON.parse(keywords) as string[]],
    ['place', places],
  ]
}

function recall(text: string, where: Field, { parts }: Batch): Part {
  const key = tokenOf(text, where)
  let part = parts.get(key)
  if (part === undefined) {
    part = toPart(where === 'folder' ? displayFileName(text) : text, where)
    parts.set(key, part)
  }
  return part
}

function toPart(text: string, where: Place): Part {
  const tokens = where === 'caption' ? tokenize(text) : tokenizeName(text)
  const scope = where === 'caption' ? where : 'others'
  const places: Place[] = scope === where ? [scope] : [scope, where]
  return {
    // Codes of names are not what anybody mistypes a word for, and what begins like them is found without a list.
    words: tokens.filter(({ kind }) => kind === 'word' || (kind === 'code' && where === 'caption')),
    indexText: tokens.map((token) => tokenOf(token.stem, scope)).join(' '),
    postings: places.flatMap((place) => tokens.map((token) => tokenOf(token.stem, place))),
  }
}

function countWords(parts: readonly Part[], where: 'captions' | 'others', words: Map<string, Word>): void {
  const seen = new Set<string>()
  for (const part of parts) {
    for (const { text, stem } of part.words) {
      if (seen.has(text)) continue
      seen.add(text)
      const word = words.get(text) ?? { stem, captions: 0, others: 0 }
      word[where]++
      words.set(text, word)
    }
  }
}
