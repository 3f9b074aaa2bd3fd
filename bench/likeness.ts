/**
 * From which cosine on two pictures plausibly show the same, and what becomes of several `like:` together:
 *
 *     npm run bench -- likeness PHOTOS CAPTIONS.json [--model DIR] [--threads N]
 *
 * PHOTOS is a folder or a tar archive of one, CAPTIONS.json has several captions of each (file name → captions). Prints for bounds how
 * many others a photo has, and how many of these pairs agree in their captions; and for pairs of words, both wanted or one of them not,
 * what several rules show and how much of it is right.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createTextEmbedder } from '../src-main/engine/captioning/text-embedder.ts'
import { openForPhotos, openLabelledPhotos } from './labelled-photos.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: new URL('../models/lenslore-v1', import.meta.url).pathname },
    threads: { type: 'string', default: '2' },
  },
})
const [photosPath, captionsPath] = positionals
if (!photosPath || !captionsPath) {
  console.error('usage: npm run bench -- likeness PHOTOS CAPTIONS.json [--model DIR] [--threads N]')
  process.exit(2)
}

/** Words that nearly every caption has, or that say nothing of what there is. */
const fillers = new Set(
  `a an and are as at be by for from in is it its of on or that the to was with two three one man woman person people men women boy
  girl group another other while his her their he she they who up down into over near through some this there out around behind front
  next has have wearing white black red blue green yellow brown young standing looking`.split(/\s+/),
)
/** What is asked for, and what captions say of it. */
const kinds: Readonly<Record<string, string>> = {
  dog: 'dogs?|puppy|puppies',
  snow: 'snow\\w*',
  water: 'water|lake|ocean|sea|river|pool',
  beach: 'beach|sand|shore',
  grass: 'grass\\w*|lawn',
  child: 'child(ren)?|kids?|boys?|girls?|toddler|baby',
  football: 'football',
  soccer: 'soccer',
  bicycle: 'bicycles?|bikes?|biker|bicyclist|cyclist|bmx',
  motorcycle: 'motorcycl\\w*|dirt ?bike|motorbike',
  skateboard: 'skate ?board\\w*|skater',
  climbing: 'climb\\w*',
  swimming: 'swim\\w*|pool',
  jumping: 'jump\\w*|leap\\w*',
  city: 'street|city|building|sidewalk',
  mountain: 'mountains?|hill|cliff',
  crowd: 'crowd|audience|people',
  ball: 'balls?',
  toy: 'toys?',
  car: 'cars?|truck|vehicle',
  guitar: 'guitar|band|instrument',
  horse: 'horses?',
  bird: 'birds?|pigeon|duck',
  tree: 'trees?|woods|forest',
  night: 'night|dark',
  food: 'food|eat\\w*|cake|drink\\w*',
  surfing: 'surf\\w*',
  basketball: 'basketball',
  skiing: 'ski\\w*',
  fence: 'fence',
}

await using photos = await openLabelledPhotos(photosPath, captionsPath)
const captions = photos.names.map((name) => photos.references[name]!)
const opened = await openForPhotos(values.model, {
  provider: 'cpu',
  precision: 'fp32',
  threads: Number(values.threads),
})
const pictures: Float32Array[] = []
for await (const batch of opened.prepare(photos.names.map((name) => join(photos.directory, name)))) {
  pictures.push(...(await opened.embed(batch)))
}
await opened.close()

const embedder = createTextEmbedder()
const { leastCosine, leastPictureCosine } = await embedder.space(values.model)
const queries: Query[] = []
for (const [text, said] of Object.entries(kinds)) {
  const { embedding } = await embedder.embed(values.model, text)
  const pattern = new RegExp(`\\b(${said})\\b`, 'i')
  const times = captions.map((each) => each.filter((caption) => pattern.test(caption)).length)
  queries.push({ embedding, cosines: pictures.map((picture) => dot(picture, embedding)), times })
}
await embedder.close()

interface Query {
  embedding: Float32Array
  /** By photo. */
  cosines: number[]
  /** In how many captions it is said, by photo. */
  times: number[]
}

printPairs()
printSums()

function printPairs(): void {
  const words = captions.map(wordsOf)
  const pairs: { cosine: number; agree: boolean }[] = []
  const nearest = new Float64Array(pictures.length).fill(-1)
  for (let a = 0; a < pictures.length; a++) {
    for (let b = a + 1; b < pictures.length; b++) {
      const cosine = dot(pictures[a]!, pictures[b]!)
      nearest[a] = Math.max(nearest[a]!, cosine)
      nearest[b] = Math.max(nearest[b]!, cosine)
      const fewer = Math.max(1, Math.min(words[a]!.size, words[b]!.size))
      pairs.push({ cosine, agree: words[a]!.intersection(words[b]!).size >= fewer / 2 })
    }
  }
  console.log(`two pictures (the model says ${leastPictureCosine}); of all pairs ${share(pairs)} agree`)
  for (const bound of [0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8]) {
    const within = pairs.filter(({ cosine }) => cosine >= bound)
    const alone = nearest.filter((cosine) => cosine < bound).length
    const others = ((2 * within.length) / pictures.length).toFixed(1)
    console.log(
      `${bound.toFixed(2)}  others ${others}  with none ${percent(alone, pictures.length)}  agree ${share(within)}`,
    )
  }
}

/** Words without their endings that two captions say. */
function wordsOf(texts: readonly string[]): Set<string> {
  const times = new Map<string, number>()
  for (const text of texts) {
    const words = text.toLowerCase().match(/[a-z]+/g) ?? []
    for (const word of new Set(
      words.filter((each) => !fillers.has(each)).map((each) => each.replace(/(ing|es|s)$/, '')),
    )) {
      times.set(word, (times.get(word) ?? 0) + 1)
    }
  }
  return new Set([...times].filter(([, count]) => count >= 2).map(([word]) => word))
}

function printSums(): void {
  const bound = leastCosine
  const pairs = queries.flatMap((a, at) =>
    queries.map((b, other) => ({ a, b, isFirst: at < other, isSame: at === other })),
  )
  const apart = pairs.filter(({ a, b, isSame }) => !isSame && dot(a.embedding, b.embedding) < 0.7)
  const both = ({ a, b }: Pair, photo: number) => a.times[photo]! >= 2 && b.times[photo]! >= 2
  const onlyFirst = ({ a, b }: Pair, photo: number) => a.times[photo]! >= 2 && b.times[photo] === 0
  const plus = apart.filter((pair) => pair.isFirst && count(pair, both) >= 5)
  const minus = apart.filter((pair) => count(pair, both) >= 5 && count(pair, onlyFirst) >= 10)

  console.log(`\n${plus.length} pairs, both wanted`)
  printRule('the first alone', plus, both, (a) => a >= bound)
  printRule('each by the bound', plus, both, (a, b) => a >= bound && b >= bound)
  for (const factor of [1, 1.1, 1.2]) {
    printRule(
      `the sum by ${factor} of it`,
      plus,
      both,
      (a, b, shared) => (a + b) / Math.sqrt(2 + 2 * shared) >= factor * bound,
    )
  }
  console.log(`\n${minus.length} pairs, the second not wanted`)
  printRule('the first alone', minus, onlyFirst, (a) => a >= bound)
  for (const least of [bound, 0.28, 0.24, 0.2]) {
    printRule(`the second below ${least}`, minus, onlyFirst, (a, b) => a >= bound && b < least)
  }
  console.log('\nthe second alone not wanted')
  for (const least of [0.2, 0.24, 0.28, bound, 0.36]) {
    const out = queries.flatMap(({ cosines, times }) => times.filter((_, photo) => cosines[photo]! >= least))
    const shows = queries.flatMap(({ times }) => times.filter((each) => each >= 2))
    const taken = out.filter((each) => each >= 2).length
    const wrong = out.filter((each) => each === 0).length
    console.log(
      `${least.toFixed(2)}  of those that show it ${percent(taken, shows.length)} are left out; show nothing of it ${percent(wrong, out.length)}`,
    )
  }
}

interface Pair {
  a: Query
  b: Query
}

function count(pair: Pair, isRight: (pair: Pair, photo: number) => boolean): number {
  return pictures.filter((_, photo) => isRight(pair, photo)).length
}

function printRule(
  name: string,
  pairs: readonly Pair[],
  isRight: (pair: Pair, photo: number) => boolean,
  isShown: (first: number, second: number, shared: number) => boolean,
): void {
  let [shown, right, none] = [0, 0, 0]
  for (const pair of pairs) {
    const shared = dot(pair.a.embedding, pair.b.embedding)
    const found = [...pictures.keys()].filter((photo) =>
      isShown(pair.a.cosines[photo]!, pair.b.cosines[photo]!, shared),
    )
    shown += found.length
    right += found.filter((photo) => isRight(pair, photo)).length
    if (found.length === 0) none++
  }
  console.log(
    `${name.padEnd(24)} photos ${(shown / pairs.length).toFixed(1)}  right ${percent(right, shown)}  with none ${percent(none, pairs.length)}`,
  )
}

function share(pairs: readonly { agree: boolean }[]): string {
  return percent(pairs.filter(({ agree }) => agree).length, pairs.length)
}

function percent(part: number, all: number): string {
  return all === 0 ? '-' : `${((100 * part) / all).toFixed(1)} %`
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!
  return sum
}
