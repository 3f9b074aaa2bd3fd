/**
 * Search in a library of generated captions: time to index and time to answer, ours against plain FTS5 (one
 * table, porter stemming, filters by join, ordered by rank) on the same photos and questions.
 *
 *   node bench/search.ts [--photos 1000000] [--uuid] [--recaptionings 0] [--keep DIRECTORY]
 *
 * With `--uuid` also the same photos with UUIDs for names, each of which is words of its own. With `--recaptionings 5` the
 * library then gets so many other captions for every photo, in the most unkind order, by chance, and the aged index is
 * compared with the fresh one.
 *
 * With `--keep` the databases stay, and a second run with the same directory uses them again.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { noDoubt } from '../src-main/contract/records.ts'
import { createRandom } from '../src-main/engine/training/random.ts'
import { flag } from '../src-main/library/search/match.ts'
import { createPostingsReader } from '../src-main/library/search/postings.ts'
import { createSearch, type Search } from '../src-main/library/search/search.ts'
import type { SearchIndexer } from '../src-main/library/search/search-index.ts'
import type { Searcher } from '../src-main/library/search/searcher.ts'
import { type Database, openDatabase } from '../src-main/library/store/database.ts'
import { openStore, type Store } from '../src-main/library/store/store.ts'

const { values: options } = parseArgs({
  options: {
    photos: { type: 'string', default: '1000000' },
    uuid: { type: 'boolean', default: false },
    recaptionings: { type: 'string', default: '0' },
    keep: { type: 'string' },
  },
})
const photos = Number(options.photos)
const recaptionings = Number(options.recaptionings)
/** As many as the engine captions at a time on a graphics card. */
const captionsPerCommit = 32
const ourRounds = 3
const plainRounds = 1
const pageLength = 50

/** The same photos in every run. */
const random = createRandom(20_260_101)

/** One of a list, the k-th with a probability of about 1 / k (Zipf). */
function pick<T>(list: readonly T[]): T {
  return list[Math.min(list.length - 1, Math.floor((list.length + 1) ** random() - 1))]!
}

const syllables =
  'ba ko li mu ne ra so ti vu wa pel dor min gat fen sil tor bra cle sta ring hol mar den'.split(' ')
const rareWords = Array.from({ length: 20_000 }, () =>
  Array.from(
    { length: 2 + Math.floor(random() * 3) },
    () => syllables[Math.floor(random() * syllables.length)],
  ).join(''),
)
const subjects =
  'man dog woman boy girl child cat bird horse player cyclist surfer couple crowd skier climber runner baby car train boat bus truck bicycle elephant giraffe zebra cow sheep bear cake pizza kitchen bridge tower church lighthouse'.split(
    ' ',
  )
const colours =
  'white black brown red blue young small large green old yellow grey little wooden orange pink'.split(' ')
const deeds =
  'standing sitting running walking playing jumping riding holding looking smiling sleeping swimming climbing eating flying waiting dancing'.split(
    ' ',
  )
const places =
  'grass beach street water snow field park table mountain room wall road ball forest river pool hill bench market garden stadium'.split(
    ' ',
  )
const cameras = [
  'Canon EOS R5',
  'NIKON Z 6',
  'Apple iPhone 14',
  'SONY ILCE-7M3',
  'FUJIFILM X-T4',
  'Google Pixel 7',
  'Leica Q2',
  'OLYMPUS E-M1',
]
const people = 'Ruth Ada Kari Jonas Mia Paul Emma Noah Lena Tom Ida Max'.split(' ')
const families = 'Miller Nordmann Rossi Tanaka Dubois Novak Silva Berg'.split(' ')
const trips =
  'family summer holiday wedding garden birthday rome london paris kyoto alps hike concert zoo'.split(' ')

interface Sample {
  directory: string
  name: string
  camera: string
  takenMs: number
  caption: string
}

function makeSample(index: number): Sample {
  const takenMs = Date.UTC(2010, 0, 1) + Math.floor(random() * 15 * 365 * 86_400) * 1000
  const date = new Date(takenMs).toISOString()
  return {
    directory: `${date.slice(0, 4)}/${date.slice(0, 7)} ${pick(trips)}`,
    name: `IMG_${String(index).padStart(7, '0')}.jpg`,
    camera: pick(cameras),
    takenMs,
    caption: makeCaption(),
  }
}

function makeCaption(): string {
  const subject = `a ${random() < 0.6 ? `${pick(colours)} ` : ''}${pick(subjects)}`
  const companion = random() < 0.35 ? ` and a ${pick(subjects)}` : ''
  const rare = random() < 0.5 ? ` with ${pick(rareWords)}` : ''
  return `${subject}${companion} ${pick(deeds)} ${random() < 0.5 ? 'on' : 'in'} the ${pick(places)}${rare}`
}

function makeUuid(): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('')
  return [8, 12, 16, 20, 32].map((end, at, ends) => digits.slice(ends[at - 1] ?? 0, end)).join('-')
}

/** Of each photo another one. */
function contentOf(photoId: number): string {
  return photoId.toString(16).padStart(64, '0')
}

/** Rows as the library writes them, but in few large transactions and without their entries in the index. */
function fillLibrary({ database, folders }: Store, nameOf: (sample: Sample) => string): void {
  const folderId = folders.insert('/home/anna/Pictures', 1).id
  const insertPhoto = database.prepare(
    `INSERT INTO photos (folder_id, directory, name, size_bytes, modified_ms, device, inode, indexed_ms, taken_at,
       sort_ms, camera, caption_id, caption_source, captioned_by, content_hash)
     VALUES (?, ?, ?, 4000000, ?, 1, ?, 1, ?, ?, ?, ?, ?, 'm', unhex(?))`,
  )
  const insertCaption = database.prepare(
    `INSERT INTO captions (id, photo_id, text, source, model_id, score, created_ms) VALUES (?, ?, ?, ?, 'm', -0.5, 1)`,
  )
  const insertSource = database.prepare(
    `INSERT INTO metadata_sources (id, photo_id, kind, name, read_ms, rating, is_favorite)
     VALUES (?, ?, 'embedded', '', 1, ?, ?)`,
  )
  const insertKeyword = database.prepare('INSERT OR IGNORE INTO metadata_keywords VALUES (?, ?)')
  const insertPerson = database.prepare('INSERT INTO metadata_people (source_id, name) VALUES (?, ?)')
  database.exec('BEGIN')
  for (let id = 1; id <= photos; id++) {
    const sample = makeSample(id)
    const { directory, camera, takenMs, caption } = sample
    const name = nameOf(sample)
    const source = random() < 0.02 ? 'person' : 'model'
    const takenAt = new Date(takenMs).toISOString().slice(0, 19)
    insertPhoto.run(
      folderId,
      directory,
      name,
      takenMs,
      id,
      takenAt,
      takenMs,
      camera,
      id,
      source,
      contentOf(id),
    )
    insertCaption.run(id, id, caption, source)
    // Of every third somebody said something.
    if (id % 3 === 0) {
      insertSource.run(id, id, random() < 0.5 ? Math.floor(random() * 6) : null, random() < 0.05 ? 1 : 0)
      for (let n = 0; n < 3; n++) insertKeyword.run(id, pick(rareWords))
      if (random() < 0.5) insertPerson.run(id, `${pick(people)} ${pick(families)}`)
    }
    if (id % 50_000 === 0) {
      database.exec('COMMIT')
      database.exec('BEGIN')
    }
  }
  database.exec('COMMIT')
}

function fillPlain(plain: Database, libraryFile: string): void {
  plain.prepare('ATTACH ? AS library').run(libraryFile)
  plain.exec(`
    CREATE TABLE photos (id INTEGER PRIMARY KEY, directory TEXT, name TEXT, camera TEXT, sort_ms REAL, source TEXT,
      caption TEXT, rating INTEGER, people TEXT);
    INSERT INTO photos SELECT p.id, directory, p.name, camera, sort_ms, caption_source, text, s.rating, n.name
      FROM library.photos p JOIN library.captions c ON c.id = p.caption_id
        LEFT JOIN library.metadata_sources s ON s.photo_id = p.id
        LEFT JOIN library.metadata_people n ON n.source_id = s.id;
    CREATE INDEX photos_by_time ON photos (sort_ms);
    CREATE INDEX photos_by_camera ON photos (camera);
    CREATE VIRTUAL TABLE texts USING fts5(caption, directory, name, camera, content = 'photos', content_rowid = 'id',
      tokenize = 'porter unicode61');`)
}

interface Question {
  kind: string
  ours: string
  /** FTS5's own syntax; null where plain FTS5 has no answer. */
  match: string | null
}

interface Filter {
  ours: string
  where: string
}

const filters: readonly Filter[] = [
  { ours: 'camera:nikon', where: "p.camera LIKE '%nikon%'" },
  { ours: 'camera:leica', where: "p.camera LIKE '%leica%'" },
  { ours: 'folder:kyoto', where: "p.directory LIKE '%kyoto%'" },
  {
    ours: 'after:2019 before:2020',
    where: `p.sort_ms >= ${Date.UTC(2019)} AND p.sort_ms < ${Date.UTC(2020)}`,
  },
  { ours: 'date:2015-06', where: `p.sort_ms >= ${Date.UTC(2015, 5)} AND p.sort_ms < ${Date.UTC(2015, 6)}` },
  { ours: 'by:person', where: "p.source = 'person'" },
  { ours: 'rating:4+', where: 'p.rating >= 4' },
  { ours: 'people:ruth', where: "p.people LIKE '%ruth%'" },
  { ours: 'by:model', where: "p.source = 'model'" },
]

function makeQuestions(): Question[] {
  const same = (kind: string, text: string): Question => ({ kind, ours: text, match: text })
  const seen = [0, 1, 2, 5, 10, 15, 20]
  return [
    ...seen.flatMap((at) => [same('frequent word', subjects[at]!), same('frequent word', places[at]!)]),
    ...seen.map((at) => same('two frequent words', `${subjects[at]} ${places[20 - at]}`)),
    ...seen.map((at) => same('three words', `${colours[at % 16]} ${subjects[at]} ${deeds[at % 17]}`)),
    same('three words', 'a man dog'),
    ...[50, 300, 1000, 4000].map((at) => same('medium word', rareWords[at]!)),
    ...[9000, 12_000, 15_000, 19_999].map((at) => same('rare word', rareWords[at]!)),
    ...['r', 'ru', 'run', 'runn', 'runni', 'stan', 'standin', 'moun', 'light', 'do', 'bra', 'fenst'].map(
      (text) => ({
        kind: 'while typing',
        ours: text,
        match: `${text}*`,
      }),
    ),
    ...['brown dog', 'a man', 'on the beach', 'red car', 'girl sitting'].map((text) =>
      same('phrase', `"${text}"`),
    ),
    ...['dog NOT man', 'man NOT standing', 'cat NOT grass'].map((text) => ({
      kind: 'not',
      ours: text.replace('NOT ', '-'),
      match: text,
    })),
    ...['dog OR cat', 'zebra OR giraffe', 'man OR woman OR child'].map((text) => same('or', text)),
    ...['IMG_0001234', 'IMG_0777777.jpg'].map((text) => ({
      kind: 'file name',
      ours: text,
      match: `"${text}"`,
    })),
    ...['mountian', 'elefant', 'dgo', 'lighthuose', 'bycicle'].map((text) => ({
      kind: 'mistyped',
      ours: text,
      match: null,
    })),
  ]
}

function measureMs(work: () => unknown): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

function askPlain(plain: Database, match: string, filter: Filter | undefined): void {
  const where = filter ? ` AND ${filter.where}` : ''
  const from = `FROM texts JOIN photos p ON p.id = texts.rowid WHERE texts MATCH ?${where}`
  plain
    .prepare(
      `SELECT p.id, p.directory, p.name, snippet(texts, 0, '[', ']', '…', 24) ${from} ORDER BY rank LIMIT ${pageLength}`,
    )
    .all(match)
  plain.prepare(`SELECT count(*) ${filter ? from : 'FROM texts WHERE texts MATCH ?'}`).get(match)
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function report(what: string, timesMs: readonly number[]): { p50: number; p95: number } {
  const sorted = timesMs.toSorted((a, b) => a - b)
  const [p50, p95] = [quantile(sorted, 0.5), quantile(sorted, 0.95)]
  const worst = sorted.at(-1) ?? Number.NaN
  console.log(
    `${what.padEnd(34)} p50 ${p50.toFixed(2)} ms  p95 ${p95.toFixed(2)} ms  worst ${worst.toFixed(1)} ms`,
  )
  return { p50, p95 }
}

/** Opens a library of the photos, which is made where it is not there. */
async function openLibrary(file: string, nameOf: (sample: Sample) => string): Promise<Store> {
  const isNew = !existsSync(file)
  const store = openStore(file)
  if (!isNew) return store
  console.log(
    `rows of ${photos} photos: ${(measureMs(() => fillLibrary(store, nameOf)) / 1000).toFixed(1)} s`,
  )
  const bytesBefore = statSync(file).size
  const indexStart = performance.now()
  await createSearch(store.database).searchIndex.rebuild()
  const indexMs = performance.now() - indexStart
  store.database.pragma('wal_checkpoint(TRUNCATE)')
  const megabytes = (statSync(file).size - bytesBefore) / 2 ** 20
  console.log(`our index: ${(indexMs / 1000).toFixed(1)} s, ${megabytes.toFixed(0)} MB`)
  return store
}

interface Asked {
  question: Question
  filter: Filter | undefined
}

const textOf = ({ question, filter }: Asked) => (filter ? `${question.ours} ${filter.ours}` : question.ours)

/** Asks everything, and reports by kind. */
function askOurs({ search, facets, timeline, timelinePage, placeOf }: Searcher, asked: readonly Asked[]) {
  const times = {
    open: [] as number[],
    filtered: [] as number[],
    next: [] as number[],
    counted: [] as number[],
  }
  const byKind = new Map<string, number[]>()
  let slowest = { query: '', ms: 0 }
  for (let round = 0; round < ourRounds; round++) {
    for (const one of asked) {
      const query = textOf(one)
      let page = search('')
      const ms = measureMs(() => {
        page = search(query, { limit: pageLength, countAll: false })
      })
      ;(one.filter ? times.filtered : times.open).push(ms)
      const kind = `  ${one.question.kind}${one.filter ? ', filtered' : ''}`
      byKind.set(kind, [...(byKind.get(kind) ?? []), ms])
      if (ms > slowest.ms) slowest = { query, ms }
      times.counted.push(measureMs(() => search(query, { limit: pageLength, countAll: true })))
      const { cursor } = page
      if (cursor) {
        times.next.push(measureMs(() => search(query, { limit: pageLength, cursor, countAll: false })))
      }
    }
  }
  for (const [kind, each] of byKind) report(kind, each)
  console.log(`slowest: ${slowest.query}`)
  const open = report('ours without a filter', times.open)
  const filtered = report('ours with a filter', times.filtered)
  report('ours, next page', times.next)
  report('ours, all matches counted', times.counted)
  report(
    'facets of all and of a hundred words',
    ['', ...rareWords.slice(0, 50), ...subjects, ...places].map((text) => measureMs(() => facets(text))),
  )
  const queries = ['', ...subjects, ...places]
  report(
    'timelines, each for the first time',
    queries.slice(0, 8).map((query) => measureMs(() => timeline(query))),
  )
  const { total } = timeline('')
  timelinePage('', { limit: 1 })
  const offsets = Array.from({ length: 200 }, () => Math.floor(random() * total))
  report(
    'pages of 200 at any place',
    offsets.map((offset) => measureMs(() => timelinePage('', { offset, limit: 200 }))),
  )
  const placed = offsets.map((offset) => timelinePage('', { offset, limit: 1 }).ids[0]!)
  report(
    'places of photos',
    placed.map((photo) => measureMs(() => placeOf('', photo))),
  )
  return { open, filtered }
}

const inMiB = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`

interface IndexSize {
  documents: number
  setBytes: number
  wordBytes: number
  fullTextBytes: number
  readerBytes: number
}

/** What the index takes, in the file and in the memory of each process that searches. */
function measureSize(database: Database): IndexSize {
  const one = (sql: string) => database.prepare<{ n: number }>(sql).get()!.n
  const bytesOf = (name: string) =>
    one(`SELECT ifnull(sum(pgsize), 0) AS n FROM dbstat WHERE aggregate = 1 AND name GLOB '${name}'`)
  const reader = createPostingsReader(database)
  reader.refresh()
  const setOfAll = reader.bitsOf(flag.everyPhoto).byteLength
  const size = {
    documents: one('SELECT sum(length(rows)) / 8 AS n FROM search_rows'),
    setBytes: bytesOf('search_postings') + bytesOf('search_rows'),
    wordBytes: bytesOf('search_words'),
    fullTextBytes: bytesOf('search_index_*'),
    // A row for each place, and of sets a hundred, as many as a few searches use.
    readerBytes: setOfAll * (64 + 100),
  }
  console.log(
    `${(size.documents / photos).toFixed(2)} documents a photo, sets ${inMiB(size.setBytes)}, words ${inMiB(size.wordBytes)}, ` +
      `FTS5 ${inMiB(size.fullTextBytes)}; a reader's rows and 100 sets ${inMiB(size.readerBytes)}`,
  )
  return size
}

/** Other captions for all photos, by chance, as a better model gives them: the index ages under it. */
async function recaption({ database, captions }: Store, { searchIndex }: Search): Promise<void> {
  // The disk is not what is measured.
  database.pragma('synchronous = OFF')
  const beforeMs: number[] = []
  const whileMs: number[] = []
  let most = 0
  let given = 0
  for (let round = 1; given < recaptionings * photos; round++) {
    const ids = Array.from({ length: photos }, (_, at) => at + 1)
    for (let at = photos - 1; at > 0; at--) {
      const other = Math.floor(random() * (at + 1))
      ;[ids[at], ids[other]] = [ids[other]!, ids[at]!]
    }
    for (let at = 0; at < photos && given < recaptionings * photos; at += captionsPerCommit) {
      const batch = ids.slice(at, at + captionsPerCommit).map((photoId) => ({
        photoId,
        text: makeCaption(),
        score: -0.5,
        ...noDoubt,
        modelId: `m${round}`,
        adapterId: null,
        precision: 'fp32' as const,
        contentHash: contentOf(photoId),
      }))
      const ms = measureMs(() => captions.addFromModel(batch, round + 1))
      given += batch.length
      // From three tenths more documents than photos on, blocks are emptied.
      ;(given < photos * 0.3 ? beforeMs : whileMs).push(ms)
      if (at % (captionsPerCommit * 100) !== 0) continue
      const { n } = database.prepare<{ n: number }>('SELECT sum(made) AS n FROM search_blocks').get()!
      most = Math.max(most, n)
    }
  }
  report(`${captionsPerCommit} captions, nothing to let go of`, beforeMs)
  report(`${captionsPerCommit} captions, and compaction`, whileMs)
  console.log(`at most ${(most / photos).toFixed(2)} documents a photo meanwhile`)
  await measureTidying(database, searchIndex, 'after the last caption')
}

/** How long searches wait at most while the index is tidied. */
async function measureTidying(database: Database, searchIndex: SearchIndexer, when: string): Promise<void> {
  let isOver = false
  const waits: number[] = []
  const tidying = searchIndex.tidy().then(() => {
    isOver = true
  })
  for (let last = performance.now(); !isOver; ) {
    await nextTurn()
    const now = performance.now()
    waits.push(now - last)
    last = now
  }
  await tidying
  database.pragma('wal_checkpoint(PASSIVE)')
  report(`wait for tidying ${when}`, waits)
}

function printRatio(what: string, aged: number, fresh: number): void {
  console.log(`${what.padEnd(34)} aged / fresh ${(aged / fresh).toFixed(2)}`)
}

const directory = options.keep ?? mkdtempSync(join(tmpdir(), 'lenslore-bench-'))
mkdirSync(directory, { recursive: true })
try {
  const libraryFile = join(directory, 'library.sqlite')
  const store = await openLibrary(libraryFile, ({ name }) => name)
  const search = createSearch(store.database)
  const fresh = measureSize(store.database)
  const questions = makeQuestions()
  // Each question alone and with two of the filters in turn.
  const asked: Asked[] = questions.flatMap((question, index) => [
    { question, filter: undefined },
    { question, filter: filters[index % filters.length]! },
    { question, filter: filters[(index + 3) % filters.length]! },
  ])
  const ours = askOurs(search.searcher, asked)
  console.log(`memory of the process after all searches: ${inMiB(process.memoryUsage().rss)}`)

  const plainFile = join(directory, 'plain.sqlite')
  const isNewPlain = !existsSync(plainFile)
  const plain = openDatabase(plainFile)
  if (isNewPlain) {
    fillPlain(plain, libraryFile)
    const plainMs = measureMs(() => plain.exec(`INSERT INTO texts (texts) VALUES ('rebuild')`))
    console.log(`plain FTS5 index: ${(plainMs / 1000).toFixed(1)} s`)
  }
  const plainTimes = { open: [] as number[], filtered: [] as number[] }
  for (let round = 0; round < plainRounds; round++) {
    for (const { question, filter } of asked) {
      const { match } = question
      if (match === null) continue
      ;(filter ? plainTimes.filtered : plainTimes.open).push(measureMs(() => askPlain(plain, match, filter)))
    }
  }
  const plainOpen = report('plain FTS5 without a filter', plainTimes.open)
  const plainFiltered = report('plain FTS5 with a filter', plainTimes.filtered)
  plain.close()
  console.log(
    `plain FTS5 / ours at p95: ${(plainOpen.p95 / ours.open.p95).toFixed(1)} without, ` +
      `${(plainFiltered.p95 / ours.filtered.p95).toFixed(1)} with a filter`,
  )

  if (options.uuid) {
    console.log('\nthe same with UUIDs for names:')
    const withUuids = await openLibrary(join(directory, 'uuid.sqlite'), () => `${makeUuid()}.jpg`)
    const size = measureSize(withUuids.database)
    const { searcher } = createSearch(withUuids.database)
    const { open } = askOurs(searcher, asked)
    const names = withUuids.database
      .prepare<{ name: string }>('SELECT name FROM photos ORDER BY id LIMIT 200')
      .all()
      .map(({ name }) => name)
    for (const length of [1, 2, 3, 5, 8, 36]) {
      const times = names.map((name) =>
        measureMs(() => searcher.search(name.slice(0, length), { countAll: false })),
      )
      report(`  the first ${length} signs of a name`, times)
    }
    console.log(
      `UUIDs / camera names: p95 ${(open.p95 / ours.open.p95).toFixed(2)}, words ${(size.wordBytes / fresh.wordBytes).toFixed(2)}, ` +
        `sets ${(size.setBytes / fresh.setBytes).toFixed(2)}`,
    )
    withUuids.close()
  }

  if (recaptionings > 0) {
    console.log(`\nafter ${recaptionings} other captions for every photo:`)
    await recaption(store, search)
    const aged = measureSize(store.database)
    const agedTimes = askOurs(search.searcher, asked)
    console.log(`memory of the process after all searches: ${inMiB(process.memoryUsage().rss)}`)
    printRatio('documents', aged.documents, fresh.documents)
    printRatio('sets in the file', aged.setBytes, fresh.setBytes)
    printRatio('FTS5 in the file', aged.fullTextBytes, fresh.fullTextBytes)
    printRatio('memory of a reader', aged.readerBytes, fresh.readerBytes)
    printRatio('p50 without a filter', agedTimes.open.p50, ours.open.p50)
    printRatio('p95 without a filter', agedTimes.open.p95, ours.open.p95)
    printRatio('p50 with a filter', agedTimes.filtered.p50, ours.filtered.p50)
    printRatio('p95 with a filter', agedTimes.filtered.p95, ours.filtered.p95)
    // A third of the photos go: what stood for them is let go.
    store.database.write(() => store.database.prepare('DELETE FROM photos WHERE id % 3 = 0').run())
    await measureTidying(store.database, search.searchIndex, 'after a third of the photos went')
  }
  store.close()
} finally {
  if (options.keep === undefined) rmSync(directory, { recursive: true, force: true })
}
