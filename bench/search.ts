/**
 * Search in a library of generated captions: time to index and time to answer, ours against plain FTS5 (one
 * table, porter stemming, filters by join, ordered by rank) on the same photos and questions.
 *
 *   node bench/search.ts [--photos 1000000] [--keep DIRECTORY]
 *
 * With `--keep` the databases stay, and a second run with the same directory uses them again.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createSearch } from '../src-main/library/search/search.ts'
import { type Database, openDatabase } from '../src-main/library/store/database.ts'
import { openStore, type Store } from '../src-main/library/store/store.ts'

const { values: options } = parseArgs({
  options: { photos: { type: 'string', default: '1000000' }, keep: { type: 'string' } },
})
const photos = Number(options.photos)
const ourRounds = 3
const plainRounds = 1
const pageLength = 50

/** Mulberry32: the same photos in every run. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

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
  const subject = `a ${random() < 0.6 ? `${pick(colours)} ` : ''}${pick(subjects)}`
  const companion = random() < 0.35 ? ` and a ${pick(subjects)}` : ''
  const rare = random() < 0.5 ? ` with ${pick(rareWords)}` : ''
  return {
    directory: `${date.slice(0, 4)}/${date.slice(0, 7)} ${pick(trips)}`,
    name: `IMG_${String(index).padStart(7, '0')}.jpg`,
    camera: pick(cameras),
    takenMs,
    caption: `${subject}${companion} ${pick(deeds)} ${random() < 0.5 ? 'on' : 'in'} the ${pick(places)}${rare}`,
  }
}

/** Rows as the library writes them, but in few large transactions and without their entries in the index. */
function fillLibrary({ database, folders }: Store): void {
  const folderId = folders.insert('/home/anna/Pictures', 1).id
  const insertPhoto = database.prepare(
    `INSERT INTO photos (folder_id, directory, name, size_bytes, modified_ms, device, inode, indexed_ms, taken_at,
       sort_ms, camera, caption_id, caption_source, captioned_by)
     VALUES (?, ?, ?, 4000000, ?, 1, ?, 1, ?, ?, ?, ?, ?, 'm')`,
  )
  const insertCaption = database.prepare(
    `INSERT INTO captions (id, photo_id, text, source, model_id, score, created_ms) VALUES (?, ?, ?, ?, 'm', -0.5, 1)`,
  )
  database.exec('BEGIN')
  for (let id = 1; id <= photos; id++) {
    const { directory, name, camera, takenMs, caption } = makeSample(id)
    const source = random() < 0.02 ? 'person' : 'model'
    const takenAt = new Date(takenMs).toISOString().slice(0, 19)
    insertPhoto.run(folderId, directory, name, takenMs, id, takenAt, takenMs, camera, id, source)
    insertCaption.run(id, id, caption, source)
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
      caption TEXT);
    INSERT INTO photos SELECT p.id, directory, name, camera, sort_ms, caption_source, text
      FROM library.photos p JOIN library.captions c ON c.id = p.caption_id;
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

const directory = options.keep ?? mkdtempSync(join(tmpdir(), 'lenslore-bench-'))
mkdirSync(directory, { recursive: true })
try {
  const libraryFile = join(directory, 'library.sqlite')
  const isNew = !existsSync(libraryFile)
  const store = openStore(libraryFile)
  const { searcher, searchIndex } = createSearch(store.database)
  if (isNew) {
    console.log(`rows of ${photos} photos: ${(measureMs(() => fillLibrary(store)) / 1000).toFixed(1)} s`)
    const bytesBefore = statSync(libraryFile).size
    const indexStart = performance.now()
    await searchIndex.rebuild()
    const indexMs = performance.now() - indexStart
    store.database.pragma('wal_checkpoint(TRUNCATE)')
    const megabytes = (statSync(libraryFile).size - bytesBefore) / 2 ** 20
    console.log(`our index: ${(indexMs / 1000).toFixed(1)} s, ${megabytes.toFixed(0)} MB`)
  }

  const questions = makeQuestions()
  // Each question alone and with two of the filters in turn.
  const asked = questions.flatMap((question, index) => [
    { question, filter: undefined },
    { question, filter: filters[index % filters.length]! },
    { question, filter: filters[(index + 3) % filters.length]! },
  ])
  const text = ({ question, filter }: (typeof asked)[number]) =>
    filter ? `${question.ours} ${filter.ours}` : question.ours
  const ours = {
    open: [] as number[],
    filtered: [] as number[],
    next: [] as number[],
    counted: [] as number[],
  }
  const byKind = new Map<string, number[]>()
  let slowest = { query: '', ms: 0 }
  for (let round = 0; round < ourRounds; round++) {
    for (const one of asked) {
      const query = text(one)
      let page = searcher.search('')
      const ms = measureMs(() => {
        page = searcher.search(query, { limit: pageLength, countAll: false })
      })
      ;(one.filter ? ours.filtered : ours.open).push(ms)
      const kind = `  ${one.question.kind}${one.filter ? ', filtered' : ''}`
      byKind.set(kind, [...(byKind.get(kind) ?? []), ms])
      if (ms > slowest.ms) slowest = { query, ms }
      ours.counted.push(measureMs(() => searcher.search(query, { limit: pageLength, countAll: true })))
      const { cursor } = page
      if (cursor)
        ours.next.push(
          measureMs(() => searcher.search(query, { limit: pageLength, cursor, countAll: false })),
        )
    }
  }
  const memoryMiB = process.memoryUsage().rss / 2 ** 20
  for (const [kind, times] of byKind) report(kind, times)
  console.log(`slowest: ${slowest.query}`)
  const openTimes = report('ours without a filter', ours.open)
  const filteredTimes = report('ours with a filter', ours.filtered)
  report('ours, next page', ours.next)
  report('ours, all matches counted', ours.counted)
  console.log(`memory of the process after all searches: ${memoryMiB.toFixed(0)} MiB`)
  store.close()

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
    `plain FTS5 / ours at p95: ${(plainOpen.p95 / openTimes.p95).toFixed(1)} without, ` +
      `${(plainFiltered.p95 / filteredTimes.p95).toFixed(1)} with a filter`,
  )
} finally {
  if (options.keep === undefined) rmSync(directory, { recursive: true, force: true })
}
