/**
 * Which photos are found to be copies of each other, by the library's own way from files to stacks:
 *
 *     npm run bench -- copies PHOTOS CAPTIONS.json [--changed 150] [--from 0] [--model DIR] [--threads 1] [--pairs] [--nameless]
 *
 * PHOTOS is a folder or a tar archive of one, CAPTIONS.json says which of them are asked for. Of so many, from one of them on, each change of the list
 * below is made. Prints, for photos with even and with odd numbers, of each change how many are in the stack of their original, and of all pairs
 * in one stack how many are of one original. Each two originals are of one camera and 3 s apart, as if of a burst. `--pairs` also prints how well
 * pairs lie on each other. With `--nameless` the originals say no camera, as if they had been sent on, too.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp, { type Sharp } from 'sharp'
import { packEmbedding } from '../src-main/contract/embedding.ts'
import { unpackMiniature } from '../src-main/contract/miniature.ts'
import { preparePicture } from '../src-main/engine/imaging/picture.ts'
import { align, type Pyramid, pyramidOf } from '../src-main/library/copies/alignment.ts'
import { createStackFinder } from '../src-main/library/copies/find-stacks.ts'
import { readFileOnce } from '../src-main/library/queue/read-photo.ts'
import { databaseFileIn, openStore } from '../src-main/library/store/store.ts'
import { openForPhotos, openLabelledPhotos } from './labelled-photos.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: new URL('../models/lenslore-v1', import.meta.url).pathname },
    changed: { type: 'string', default: '150' },
    from: { type: 'string', default: '0' },
    threads: { type: 'string', default: '1' },
    pairs: { type: 'boolean', default: false },
    nameless: { type: 'boolean', default: false },
  },
})
const [photosPath, captionsPath] = positionals
if (!photosPath || !captionsPath) {
  console.error('usage: npm run bench -- copies PHOTOS CAPTIONS.json [--changed 150] [--model DIR] [--pairs]')
  process.exit(2)
}

type Change = (picture: Sharp, widthPx: number, heightPx: number) => Sharp

/** What is left when so much of the area is cut away, at a place between its corners. */
const crop =
  (lost: number, x: number, y: number): Change =>
  (picture, widthPx, heightPx) => {
    const share = Math.sqrt(1 - lost)
    const [width, height] = [Math.round(widthPx * share), Math.round(heightPx * share)]
    return picture.extract({
      left: Math.round((widthPx - width) * x),
      top: Math.round((heightPx - height) * y),
      width,
      height,
    })
  }
/** Turned, and cut so that no corner is empty. */
const turned =
  (degrees: number): Change =>
  (picture, widthPx, heightPx) =>
    crop(0.28, 0.5, 0.5)(picture.rotate(degrees), Math.round(widthPx * 1.06), Math.round(heightPx * 1.06))

const changes: Record<string, Change> = {
  'half the size': (picture, width) => picture.resize({ width: Math.round(width / 2) }),
  'a quarter of the size': (picture, width) => picture.resize({ width: Math.round(width / 4) }),
  'compressed (JPEG 30)': (picture) => picture,
  'cropped by 5 %': crop(0.05, 0.3, 0.6),
  'cropped by 10 %': crop(0.1, 1, 0),
  'cropped by 20 %': crop(0.2, 0, 1),
  'cropped by 30 %': crop(0.3, 0.8, 0.2),
  'cropped to a square': (picture, width, height) => {
    const side = Math.min(width, height)
    return picture.extract({
      left: (width - side) >> 1,
      top: (height - side) >> 1,
      width: side,
      height: side,
    })
  },
  'turned by 90°': (picture) => picture.rotate(90),
  'turned by 180°': (picture) => picture.rotate(180),
  'turned by 2°, cut': turned(2),
  'turned by 4°, cut': turned(4),
  'turned by 3°, black corners': (picture) => picture.rotate(3, { background: '#000' }),
  'turned by 8°, white corners': (picture) => picture.rotate(8, { background: '#fff' }),
  'a third brighter': (picture) => picture.modulate({ brightness: 1.33 }),
  'a third darker': (picture) => picture.modulate({ brightness: 0.67 }),
  'more colour': (picture) => picture.modulate({ saturation: 1.6, hue: 10 }),
  'black and white': (picture) => picture.greyscale(),
  'more contrast': (picture) => picture.linear(1.3, -30),
  mirrored: (picture) => picture.flop(),
}
/** As the next picture of a burst: beside an original of 95 % of the picture, at the same time. */
const frames: Record<string, Change> = {
  'burst: moved by a tenth': crop(0.19, 0, 1),
  'burst: moved by a fifth': crop(0.36, 1, 1),
  'burst: a quarter nearer': crop(0.44, 0.5, 0.5),
}
const space = 'bench'
const perBatch = 8

/** What the files say besides. */
const plain = {
  widthPx: null,
  heightPx: null,
  orientation: 1,
  takenOffsetMinutes: null,
  lens: null,
  latitude: null,
  longitude: null,
}

await using photos = await openLabelledPhotos(photosPath, captionsPath)
const work = mkdtempSync(join(tmpdir(), 'lenslore-bench-copies-'))
const store = openStore(databaseFileIn(join(work, 'library')))
try {
  await measure()
} finally {
  store.close()
  rmSync(work, { recursive: true, force: true })
}

interface Made {
  path: string
  /** Of the original. */
  number: number
  what: string
  takenMs: number | null
}

async function make(): Promise<Made[]> {
  mkdirSync(join(work, 'made'))
  const made: Made[] = []
  for (const [number, name] of photos.names.entries()) {
    // Pairs of photos that have nothing to do with each other, three seconds apart.
    const takenMs = Date.UTC(2020, 0, 1) + Math.floor(number / 2) * 60_000 + (number % 2) * 3000
    made.push({ path: join(photos.directory, name), number, what: 'original', takenMs })
  }
  const first = Number(values.from)
  for (const [at, name] of photos.names.slice(first, first + Number(values.changed)).entries()) {
    const number = first + at
    const file = join(photos.directory, name)
    const { width, height } = await sharp(file).metadata()
    for (const [what, change] of Object.entries({ ...changes, ...frames })) {
      const path = join(work, 'made', `${made.length}.jpg`)
      const quality = what.startsWith('compressed') ? 30 : 88
      // What rotates and cuts in one pipeline does it in an order of its own.
      const changed = await change(sharp(file), width, height).png({ compressionLevel: 1 }).toBuffer()
      await sharp(changed).jpeg({ quality }).toFile(path)
      const takenMs = what in frames ? made[number]!.takenMs! + 1000 : null
      made.push({ path, number, what, takenMs })
    }
  }
  return made
}

/** Into a library, as scanning, decoding and embedding would bring them. */
async function takeIn(made: readonly Made[]): Promise<void> {
  store.folders.insert('/', 1)
  const insert = store.database.prepare(
    `INSERT INTO photos (folder_id, directory, name, size_bytes, modified_ms, device, inode, sort_ms)
     VALUES (1, '', ?, 1, 1, 1, ?, 1)`,
  )
  const opened = await openForPhotos(values.model, {
    provider: 'cpu',
    precision: 'fp32',
    threads: Number(values.threads),
  })
  let at = 0
  for await (const batch of opened.prepare(made.map(({ path }) => path))) {
    const vectors = await opened.embed(batch)
    for (const [n, vector] of vectors.entries()) {
      const { path, takenMs } = made[at]!
      const { contentHash, pictureHash } = await readFileOnce(path)
      const picture = await preparePicture(path, {
        input: null,
        thumbnailDirectory: join(work, 'thumbnails'),
      })
      store.database.write(() => {
        const id = Number(insert.run(`${at}.jpg`, at).lastInsertRowid)
        // What was edited and sent on seldom says which camera took it.
        const camera = takenMs === null || values.nameless ? null : 'bench'
        const takenAt = takenMs === null ? null : new Date(takenMs).toISOString().slice(0, 19)
        store.photos.setContent(id, { ...plain, contentHash, pictureHash, takenAt, camera }, 1)
        store.queue.setThumbnailsMade([picture], 1)
        store.embeddings.set([{ contentHash, vector: packEmbedding(vector) }], space)
      })
      if (batch[n]!.contentHash !== contentHash) throw new Error('A file was changed.')
      at++
    }
    if (at % (perBatch * 50) === 0) console.error(`${at} of ${made.length} are taken in`)
  }
  await opened.close()
}

async function measure(): Promise<void> {
  const made = await make()
  await takeIn(made)
  const startedMs = process.cpuUsage()
  await createStackFinder(store.database, store.stacks).keepUp({ space })
  const spent = process.cpuUsage(startedMs)
  console.log(
    `${made.length} photos, ${photos.names.length} of them originals; ${((spent.user + spent.system) / 1000 / made.length).toFixed(2)} ms of processor time each`,
  )
  const stackOf = made.map((_, at) => store.stacks.ofPhoto(at + 1)?.stackId ?? null)
  const inHalf = (half: number) => (each: Made) => each.number % 2 === half
  console.log('\n| change | found, even | odd |\n| --- | --- | --- |')
  for (const what of Object.keys({ ...changes, ...frames })) {
    const shares = [0, 1].map((half) => {
      const of = made.flatMap((each, at) =>
        each.what === what && inHalf(half)(each) ? [{ ...each, at }] : [],
      )
      const found = of.filter(({ at, number }) => stackOf[at] !== null && stackOf[at] === stackOf[number])
      return `${((100 * found.length) / of.length).toFixed(1)} %`
    })
    console.log(`| ${what} | ${shares.join(' | ')} |`)
  }
  for (const half of [0, 1]) {
    const members = made.flatMap((each, at) =>
      stackOf[at] !== null && inHalf(half)(each) ? [{ ...each, stack: stackOf[at] }] : [],
    )
    let [pairs, right] = [0, 0]
    for (const some of Map.groupBy(members, ({ stack }) => stack).values()) {
      for (const [n, one] of some.entries()) {
        for (const other of some.slice(n + 1)) {
          pairs++
          if (one.number === other.number) right++
        }
      }
    }
    console.log(
      `${half ? 'odd' : 'even'}: of ${pairs} pairs in one stack ${right} are of one original (${((100 * right) / pairs).toFixed(2)} %)`,
    )
  }
  const wrong = new Map<string, string>()
  for (const some of Map.groupBy(made.keys(), (at) => stackOf[at]!).entries()) {
    if (some[0] === null) continue
    const numbers = new Set(some[1].map((at) => made[at]!.number))
    if (numbers.size > 1)
      wrong.set([...numbers].map((number) => photos.names[number]).join(' '), String(some[1].length))
  }
  console.log(`stacks with more than one original: ${wrong.size}`)
  for (const [names] of wrong) console.log(`  ${names}`)
  if (values.pairs) showPairs(made)
}

/** How well pairs lie on each other: changed ones on their originals, and others of which the embeddings are near. */
function showPairs(made: readonly Made[]): void {
  const rows = store.database
    .prepare<{ id: number; picture: Buffer; vector: Buffer }>(
      'SELECT miniatures.photo_id AS id, picture, vector FROM miniatures JOIN embeddings ON embeddings.photo_id = miniatures.photo_id ORDER BY id',
    )
    .all()
  const pyramids = new Map<number, Pyramid>(
    rows.map(({ id, picture }) => [id - 1, pyramidOf(unpackMiniature(picture)!)]),
  )
  const units = new Map<number, Float32Array>(
    rows.map(({ id, vector }) => {
      const numbers = Float32Array.from(new Int8Array(vector.buffer, vector.byteOffset, vector.length))
      return [id - 1, numbers.map((each) => each / Math.hypot(...numbers))]
    }),
  )
  const cosine = (one: number, other: number) =>
    units.get(one)!.reduce((sum, each, n) => sum + each * units.get(other)![n]!, 0)
  const lines = (what: string, pairs: { cosine: number; shades: number; detail: number }[], isOf: string) => {
    const at = (values: number[], share: number) =>
      values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!.toFixed(3)
    const of = (['cosine', 'shades', 'detail'] as const).map((key) => {
      const numbers = pairs.map((pair) => pair[key])
      return isOf === 'least'
        ? [0.01, 0.05, 0.5].map((share) => at(numbers, share)).join(' ')
        : [0.99, 0.999, 1].map((share) => at(numbers, share)).join(' ')
    })
    console.log(`| ${what} | ${of.join(' | ')} |`)
  }
  console.log('\n| pairs | cosine: least 1 %, 5 %, median | shades | detail |\n| --- | --- | --- | --- |')
  for (const half of [0, 1]) {
    for (const what of Object.keys({ ...changes, ...frames })) {
      const pairs = made.flatMap((each, n) =>
        each.what === what && each.number % 2 === half
          ? [{ cosine: cosine(n, each.number), ...align(pyramids.get(each.number)!, pyramids.get(n)!) }]
          : [],
      )
      lines(`${half ? 'odd' : 'even'}: ${what}`, pairs, 'least')
    }
    const unrelated = []
    for (let one = half; one < photos.names.length; one += 2) {
      for (let other = one + 2; other < photos.names.length; other += 2) {
        const near = cosine(one, other)
        if (near >= 0.5) unrelated.push({ cosine: near, ...align(pyramids.get(one)!, pyramids.get(other)!) })
      }
    }
    lines(
      `${half ? 'odd' : 'even'}: ${unrelated.length} pairs of originals with a cosine of 0.5 (greatest 1 %, 0.1 %, all)`,
      unrelated,
      'greatest',
    )
  }
}
