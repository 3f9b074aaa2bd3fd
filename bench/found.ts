/**
 * How often a text finds its photo by words, by meaning, and by both as a search shows them:
 *
 *     npm run bench -- found PHOTOS CAPTIONS.json [--short short-queries.json] [--keep DIR]
 *
 * PHOTOS is a folder or a tar archive of one, which becomes a library and is captioned; DIR keeps that for another run. Each caption of
 * CAPTIONS.json (file name → captions) is a query, and so is each of the short queries. By words: any of them, in the order of
 * SQLite's BM25, the captions being stemmed by its `porter`. By meaning: the cosine alone. Together: what the library's search finds, which
 * says all the words, and below it what it shows as alike. Intervals: 95 %, by drawing photos (or short queries) anew 2,000 times.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import BetterSqlite3 from 'better-sqlite3'
import { withLibrary } from '../src-main/cli/open-library.ts'
import type { EmbeddedText } from '../src-main/contract/engine-calls.ts'
import { tokenize } from '../src-main/contract/words.ts'
import { createTextEmbedder } from '../src-main/engine/captioning/text-embedder.ts'
import { createFindAlike } from '../src-main/library/alike.ts'
import { defaultModelName, findModel } from '../src-main/library/library.ts'
import { createHubness } from '../src-main/library/meaning/hubness.ts'
import { createMeaningIndex } from '../src-main/library/meaning/meaning-index.ts'
import { createFindNearestPassing } from '../src-main/library/nearest-passing.ts'
import { createSearch } from '../src-main/library/search/search.ts'
import { databaseFileIn, openStore } from '../src-main/library/store/store.ts'
import { createChance } from '../src-main/library/teaching/chance.ts'
import { defaultDataDirectory } from '../src-main/processes/data-directory.ts'
import { openLabelledPhotos } from './labelled-photos.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'string', default: new URL('short-queries.json', import.meta.url).pathname },
    keep: { type: 'string' },
  },
})
const [photosPath, captionsPath] = positionals
if (!photosPath || !captionsPath) {
  console.error('usage: npm run bench -- found PHOTOS CAPTIONS.json [--short FILE] [--keep DIR]')
  process.exit(2)
}

const first = 10
const resamples = 2000

await using photos = await openLabelledPhotos(photosPath, captionsPath)
const directory = resolve(values.keep ?? join(photos.directory, '..', `library-${process.pid}`))
await mkdir(directory, { recursive: true })
await withLibrary({ directory }, async (library) => {
  const { folders } = await library.status({})
  // What was kept is whole, and its photos may be gone from where they were unpacked.
  if (folders.length > 0) return
  await library.addFolder({ path: photos.directory })
  await library.scan({})
  await library.captionAll({})
})

const store = openStore(databaseFileIn(directory))
const { searcher } = createSearch(store.database)
const index = createMeaningIndex(store.database)
const hubness = createHubness(store.database)
const modelDirectory = await findModel(defaultModelName, defaultDataDirectory())
const embedder = createTextEmbedder()
const embedded = new Map<string, EmbeddedText>()
async function embedText(text: string): Promise<EmbeddedText> {
  const known = embedded.get(text) ?? (await embedder.embed(modelDirectory, text))
  embedded.set(text, known)
  return known
}
const nearestPassing = createFindNearestPassing({ searcher, index })
// Neither names nor `like:` are in these queries.
const others = {
  searcher,
  index,
  hubness,
  nearestPassing,
  findKnownNames: () => [],
  resolveLikes: async () => {},
}
const alike = createFindAlike({ ...others, embedText })
const unbounded = createFindAlike({
  ...others,
  embedText: async (text) => ({ ...(await embedText(text)), leastCosine: -1 }),
})

const rows = store.database
  .prepare<{ id: number; name: string; text: string }>(
    'SELECT photos.id, name, captions.text FROM photos JOIN captions ON captions.id = caption_id',
  )
  .all()
const idOf = new Map(rows.map(({ id, name }) => [basename(name), id]))
const words = new BetterSqlite3(':memory:')
words.exec("CREATE VIRTUAL TABLE captions USING fts5(text, tokenize = 'porter unicode61')")
for (const { id, text } of rows)
  words.prepare('INSERT INTO captions (rowid, text) VALUES (?, ?)').run(id, text)
const anyWord = words.prepare(
  'SELECT rowid AS id FROM captions WHERE captions MATCH ? ORDER BY rank, rowid LIMIT ?',
)

type Way = (query: string) => Promise<number[]>
const together =
  (find: typeof alike): Way =>
  async (query) => {
    const said = searcher.search(query, { limit: first }).photos.map(({ id }) => id)
    const { photos: like } = await find(query, first)
    return [...said, ...like.map(({ id }) => id)].slice(0, first)
  }
const ways: Record<string, Way> = {
  'words, any of them': async (query) => {
    const asked = [...new Set(tokenize(query).map(({ text }) => `"${text}"`))].join(' OR ')
    return asked === '' ? [] : anyWord.all(asked, first).map((row) => (row as { id: number }).id)
  },
  'words, all of them': async (query) => searcher.search(query, { limit: first }).photos.map(({ id }) => id),
  meaning: async (query) => {
    const { embedding, spaceId } = await embedText(query)
    return (await index.nearest(embedding, spaceId, first)).map(({ photoId }) => photoId)
  },
  together: together(unbounded),
  'together, as shown': together(alike),
}

const names = photos.names.filter((name) => idOf.has(name))
console.log(
  `${rows.length} photos with captions, hubness ${hubness.in((await embedText('a')).spaceId) ? 'known' : 'unknown'}`,
)
const queries = names.flatMap((name) => photos.references[name]!.map((text) => ({ name, text })))
await compare(
  `${queries.length} captions: the photo is among the first 1, 5, 10`,
  queries.map(({ name, text }) => ({ text, group: name, right: new Set([idOf.get(name)!]) })),
  [1, 5, 10],
  (found, right, count) => Number(found.slice(0, count).some((id) => right.has(id))),
)

const short: { query: string; shows: string[] }[] = JSON.parse(await readFile(values.short, 'utf8'))
await compare(
  `${short.length} short queries: right among the first 1, 10, of as many as there are`,
  short.map(({ query, shows }) => ({
    text: query,
    group: query,
    right: new Set(
      names.filter((name) => isShown(shows, photos.references[name]!)).map((name) => idOf.get(name)!),
    ),
  })),
  [1, 10],
  (found, right, count) =>
    found.slice(0, count).filter((id) => right.has(id)).length / Math.min(count, right.size),
)
await embedder.close()
words.close()
store.close()

interface Asked {
  text: string
  group: string
  right: Set<number>
}

async function compare(
  title: string,
  asked: readonly Asked[],
  counts: readonly number[],
  score: (found: readonly number[], right: Set<number>, count: number) => number,
): Promise<void> {
  const some = asked.filter(({ right }) => right.size > 0)
  const scores = new Map<string, number[][]>()
  for (const [way, find] of Object.entries(ways)) {
    const found: number[][] = []
    for (const { text } of some) found.push(await find(text))
    scores.set(
      way,
      counts.map((count) => some.map(({ right }, at) => score(found[at]!, right, count))),
    )
  }
  const groups = [...Map.groupBy(some.keys(), (at) => some[at]!.group).values()]
  console.log(`\n${title}`)
  for (const [way, each] of scores) {
    const figures = each.map((of) => percent(mean(of)).padStart(5)).join('  ')
    const against = ['words, any of them', 'meaning']
      .filter(() => way.startsWith('together'))
      .map((other) => `${differenceOf(each.at(-1)!, scores.get(other)!.at(-1)!, groups)} than ${other}`)
    console.log([way.padEnd(20), figures, ...against].join('  '))
  }
}

/** With a 95 % interval by drawing groups of queries anew. */
function differenceOf(one: readonly number[], other: readonly number[], groups: readonly number[][]): string {
  const sums = groups.map((group) => group.reduce((sum, at) => sum + one[at]! - other[at]!, 0))
  const sizes = groups.map((group) => group.length)
  const random = createChance(1)
  const drawn = Float64Array.from({ length: resamples }, () => {
    let [sum, count] = [0, 0]
    for (let n = 0; n < groups.length; n++) {
      const at = Math.floor(random() * groups.length)
      sum += sums[at]!
      count += sizes[at]!
    }
    return sum / count
  }).sort()
  const all = mean(one) - mean(other)
  const [low, high] = [0.025, 0.975].map((share) => drawn[Math.floor(share * resamples)]!)
  return `${percent(all, '+')} (${percent(low!, '+')} to ${percent(high!, '+')})`
}

/** Two of the five who described it mention each. */
function isShown(shows: readonly string[], captions: readonly string[]): boolean {
  return shows.every((expression) => {
    const word = new RegExp(`\\b(?:${expression})\\b`, 'i')
    return captions.filter((caption) => word.test(caption)).length >= 2
  })
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length
}

function percent(share: number, sign = ''): string {
  return `${share >= 0 ? sign : ''}${(100 * share).toFixed(1)}`
}
