/**
 * How many of the photos that are offered for a name show what has it:
 *
 *     npm run bench -- offers PHOTOS CAPTIONS.json [--keep FILE] [--seeds 2] [--model DIR] [--threads N]
 *
 * Somebody names k photos of one thing, of which three of five people say that they show it; libraries are parts of PHOTOS, a folder or a
 * tar archive of one. A photo that is offered is right where two people say so; where it is said how many show it, photos of which one or
 * two say so are in no library. Things and photos are in two halves: bounds are chosen by the one, and the other tells whether they hold;
 * where a thing is rare among all photos, only things are. `--keep` keeps the embeddings in a file, which a later run reads.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { packEmbedding } from '../src-main/contract/embedding.ts'
import { createRandom, shuffle } from '../src-main/engine/training/random.ts'
import { countPlausible, fitBackground, resemblanceTo } from '../src-main/library/meaning/resemblance.ts'
import { toUnitLength } from '../src-main/library/meaning/unit-length.ts'
import { openForPhotos, openLabelledPhotos } from './labelled-photos.ts'

/** Words that say that a thing is there, as whole words. */
const things: Record<string, string> = {
  beach: 'beach(es)?',
  snow: 'snow\\w*',
  'brown dog': 'brown (and (white|black|tan) )?dog',
  bicycle: '(?<!dirt |motor)(bikes?|bicycles?)',
  pool: 'pools?',
  'black dog': 'black (and (white|brown|tan) )?dog',
  football: 'football|soccer',
  skateboard: 'skateboard\\w*',
  climbing: 'climb\\w*',
  'white dog': 'white (and (brown|black|tan) )?dog',
  horse: 'horses?',
  guitar: 'guitars?',
  motorcycle: 'motorcycl\\w*|motorbikes?|dirt ?bikes?',
  surfing: 'surf(er|ers|ing|s|board\\w*)',
  basketball: 'basketball',
  baby: 'bab(y|ies)',
  boat: 'boats?|canoe|kayak\\w*',
  swing: 'swings?|swinging',
  tent: 'tents?',
  slide: 'slides?|sliding',
  fountain: 'fountains?',
  skates: 'roller\\w*|inline skat\\w*',
  tennis: 'tennis',
  trampoline: 'trampoline',
  costume: 'costumes?',
  car: 'race ?cars?|car',
  train: 'trains?|subway',
  frisbee: 'frisbees?',
  bird: 'birds?|seagulls?',
  umbrella: 'umbrellas?',
  baseball: 'baseball',
  crowd: 'crowd\\w*',
  camera: 'cameras?',
  old: '(old|older|elderly) (man|woman)',
  waterfall: 'waterfalls?',
  lake: 'lakes?',
  bench: 'bench(es)?',
  bubbles: 'bubbles?',
  cat: 'cats?',
  greyhound: 'greyhounds?|(muzzled|racing) dogs?',
}
const sampled = 2000
const shown = 24

/** So many photos, of which so many show the thing besides those that are named; all that do where it is left out. */
interface Library {
  photos: number
  showing?: number
}

const libraries: Library[] = [
  { photos: 100, showing: 5 },
  { photos: 300, showing: 12 },
  { photos: 1000, showing: 40 },
  { photos: Infinity },
  { photos: Infinity, showing: 12 },
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: new URL('../models/lenslore-v1', import.meta.url).pathname },
    keep: { type: 'string' },
    seeds: { type: 'string', default: '2' },
    threads: { type: 'string', default: '2' },
  },
})
const [photosPath, captionsPath] = positionals
if (!photosPath || !captionsPath) {
  console.error(
    'usage: npm run bench -- offers PHOTOS CAPTIONS.json [--keep FILE] [--seeds N] [--model DIR] [--threads N]',
  )
  process.exit(2)
}

const { vectors, references } = await readPhotos(photosPath, captionsPath)
console.log(`${vectors.length} photos, ${Object.keys(things).length} things, ${values.seeds} draws each`)
for (const half of [0, 1]) {
  console.log(half === 0 ? 'the half by which bounds were chosen' : 'the other half')
  for (const library of libraries) {
    for (const k of [3, 5, 10, 20]) await judge(library, k, half)
  }
}

async function judge({ photos, showing }: Library, k: number, half: number): Promise<void> {
  let [draws, offered, right, none, poor] = [0, 0, 0, 0, 0]
  for (const [at, [, words]] of Object.entries(things).entries()) {
    if (at % 2 !== half) continue
    const pattern = new RegExp(`\\b(${words})\\b`, 'i')
    for (let seed = 1; seed <= Number(values.seeds); seed++) {
      const random = createRandom(seed * 7919 + k)
      // A rare thing is looked for among all photos: a half has too few of it.
      const isRare = showing !== undefined && !Number.isFinite(photos)
      const all = [...references.keys()].filter((photo) => isRare || photo % 2 === half)
      const says = (photo: number) => references[photo]!.filter((caption) => pattern.test(caption)).length
      const clear = shuffle(
        all.filter((photo) => says(photo) >= 3),
        random,
      )
      if (clear.length < k + (showing ?? 5)) continue
      const named = clear.slice(0, k)
      const others = shuffle(
        all.filter((photo) => says(photo) < (showing === undefined ? 3 : 1)),
        random,
      )
      const rest = [...clear.slice(k, k + (showing ?? clear.length)), ...others].slice(0, photos - k)
      const top = await offer(named, rest, random)
      const good = top.filter((photo) => says(photo) >= 2).length
      draws++
      offered += top.length
      right += good
      if (top.length === 0) none++
      else if (good < top.length / 4) poor++
    }
  }
  if (draws === 0) return
  const percent = (part: number, of: number) => `${((100 * part) / of).toFixed(0)} %`
  const of = `${Number.isFinite(photos) ? photos : 'all'} photos, ${showing ?? 'all'} more show it`
  console.log(
    `${of.padEnd(32)} k ${`${k}`.padStart(2)}: ${percent(right, offered).padStart(5)} right of ${(offered / draws).toFixed(1)} offered; nothing ${percent(none, draws)}, a quarter right at most ${percent(poor, draws)} (${draws} draws)`,
  )
}

/** As the library does it, the nearest found exactly. @returns a page of them */
async function offer(
  named: readonly number[],
  rest: readonly number[],
  random: () => number,
): Promise<number[]> {
  const sample = shuffle([...named, ...rest], random).slice(0, sampled)
  const unitsOf = (photos: readonly number[]) => new Map(photos.map((photo) => [photo, vectors[photo]!]))
  const count = named.length + rest.length
  const background = await fitBackground(unitsOf(sample), count, () => nextTurn())
  const resemblance = resemblanceTo(unitsOf(named), background)
  if (!resemblance) return []
  const direction = toUnitLength(resemblance.direction)!
  const ranked = rest
    .map((photo) => ({ photo, deviations: resemblance.deviationsOf(dot(vectors[photo]!, direction)) }))
    .sort((a, b) => b.deviations - a.deviations)
    .slice(0, 400)
  const plausible = countPlausible(
    ranked.map(({ deviations }) => deviations),
    count,
  )
  return ranked.slice(0, Math.min(shown, plausible)).map(({ photo }) => photo)
}

async function readPhotos(photosPath: string, captionsPath: string) {
  await using photos = await openLabelledPhotos(photosPath, captionsPath)
  const packed = values.keep && existsSync(values.keep) ? readKept(values.keep, photos.names.length) : []
  if (packed.length === 0) {
    const way = { provider: 'cpu', precision: 'fp32', threads: Number(values.threads) } as const
    const opened = await openForPhotos(values.model, way)
    for await (const batch of opened.prepare(photos.names.map((name) => join(photos.directory, name)))) {
      packed.push(...(await opened.embed(batch)).map(packEmbedding))
    }
    await opened.close()
    if (values.keep)
      writeFileSync(
        values.keep,
        Buffer.concat(packed.map((each) => new Uint8Array(each.buffer, each.byteOffset, each.length))),
      )
  }
  return {
    vectors: packed.map((each) => toUnitLength(each)!),
    references: photos.names.map((name) => photos.references[name]!),
  }
}

function readKept(file: string, photos: number): Int8Array[] {
  const bytes = readFileSync(file)
  const width = bytes.length / photos
  return Array.from(
    { length: photos },
    (_, at) => new Int8Array(bytes.buffer, bytes.byteOffset + at * width, width),
  )
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!
  return sum
}
