/**
 * How well a model learns names from few photos:
 *
 *     npm run bench -- names PHOTOS CAPTIONS.json DEV-PHOTOS DEV-CAPTIONS.json --rows FILE [--model DIR] [--cache DIR]
 *         [--parts recogniser,place,said] [--k 20] [--seeds 5] [--things beach,snow] [--photos N] [--show N]
 *
 * Places and kinds of thing whose captions agree among five people are renamed (`renamed-photos.ts`): k photos of one have its
 * name in their captions, 600 others have captions of their own. Every combination of thing, k, seed and parts is a row in FILE;
 * those that are there are not made again, so a run goes on where it was cut off. A table over all rows is printed at the end.
 * CIDEr is that of N photos of the dev set that do not show the thing; `--show` prints some of what is said.
 *
 * Parts: `recogniser` alone, by its sums; `place` alone, said of every picture; `said`, both over the model's own adapter;
 * `taught`, an adapter that learned the k captions, without recogniser; `both`, that and the recogniser. For these two, nobody said
 * anything of the others, and the model is held to what it says of as many as the product takes.
 */
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { adapterTexts } from '../src-main/contract/adapters.ts'
import { saysName } from '../src-main/contract/names.ts'
import { planFileName, type TrainingPlan, trainedAdapterFileName } from '../src-main/contract/training.ts'
import { copyAdapterFile, writeAdapterFile } from '../src-main/engine/captioning/adapter-file.ts'
import { readCheckpoint } from '../src-main/engine/captioning/checkpoint.ts'
import { openSession } from '../src-main/engine/captioning/session.ts'
import { readTokenizer } from '../src-main/engine/captioning/tokenizer.ts'
import { readFileContent } from '../src-main/engine/imaging/read-bytes.ts'
import { buildRecallGraph } from '../src-main/engine/model/caption-graph.ts'
import { float32Tensor, readSafetensorsHeader, readTensors } from '../src-main/engine/model/safetensors.ts'
import { memoryLength } from '../src-main/engine/model/vision-tower.ts'
import { scoreCaptions, wordsOf } from '../src-main/engine/training/metrics.ts'
import { describeMemory } from '../src-main/engine/training/names/describe-memory.ts'
import { openHiddenReader } from '../src-main/engine/training/names/hidden-reader.ts'
import {
  describeNames,
  type LearnedName,
  tensorsOfNames,
  trainNames,
} from '../src-main/engine/training/names/train-names.ts'
import { createRandom, shuffle } from '../src-main/engine/training/random.ts'
import { runTraining } from '../src-main/engine/training/training-run.ts'
import { countReplayed } from '../src-main/library/teaching/plan-training.ts'
import { openLabelledPhotos } from './labelled-photos.ts'
import { type Renamed, type RenamedLibrary, renamed, renamePhotos } from './renamed-photos.ts'
import { type SeenPhotos, seePhotos } from './visual-memories.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string' },
    model: { type: 'string', default: new URL('../models/lenslore-v1', import.meta.url).pathname },
    cache: { type: 'string', default: join(tmpdir(), 'lenslore-visual-memories') },
    parts: { type: 'string', default: 'recogniser,place,said' },
    things: { type: 'string', default: Object.keys(renamed).join() },
    k: { type: 'string', default: '20' },
    seeds: { type: 'string', default: '5' },
    photos: { type: 'string', default: '400' },
    show: { type: 'string', default: '0' },
  },
})
const [photosPath, captionsPath, devPhotosPath, devCaptionsPath] = positionals
if (!photosPath || !captionsPath || !devPhotosPath || !devCaptionsPath || !values.rows) {
  console.error(
    'usage: npm run bench -- names PHOTOS CAPTIONS.json DEV-PHOTOS DEV-CAPTIONS.json --rows FILE [options]',
  )
  process.exit(2)
}

interface Row {
  thing: string
  k: number
  seed: number
  parts: string
  /** Percent of the photos that show it, of those near it, of others: in these the name was said, or recognised. */
  shown: number
  near: number
  elsewhere: number
  /** How many photos these are. */
  photos: [shown: number, near: number, elsewhere: number]
  /** Of dev photos that do not show it, without and with the name; null for the recogniser alone. */
  cider: [before: number, after: number] | null
  elapsedMs: number
}

const seconds = (fromMs: number) => Math.round(performance.now() - fromMs)
const modelDirectory = values.model
const { model, generation, adapterFile, modelId, tokenizerDirectories } = await readCheckpoint(
  modelDirectory,
  null,
)
const { vision, decoder } = model
const tokenizer = await readTokenizer({ tokenizerDirectories })
const seen = await seePhotos(photosPath, captionsPath, modelDirectory, join(values.cache, modelId))
const dev = await seePhotos(devPhotosPath, devCaptionsPath, modelDirectory, join(values.cache, modelId))
const adapterHeader = await readSafetensorsHeader(adapterFile!)
const adapter = await readTensors(adapterHeader)
const scratch = await mkdtemp(join(tmpdir(), 'lenslore-names-'))
const known = await readRows(values.rows)

for (const k of values.k.split(',').map(Number)) {
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    for (const thing of values.things.split(',')) {
      const wanted = values.parts
        .split(',')
        .filter((parts) => !known.some((row) => isRow(row, thing, k, seed, parts)))
      if (wanted.length > 0) await makeRows(thing, k, seed, wanted)
    }
  }
}
await rm(scratch, { recursive: true })
printTable(known)

async function makeRows(thing: string, k: number, seed: number, wanted: readonly string[]): Promise<void> {
  const described = renamed[thing]!
  const library = renamePhotos(seen, described, k, seed)
  const startedMs = performance.now()
  const isTaught = (parts: string) => parts === 'taught' || parts === 'both'
  const learned = wanted.every(isTaught) ? null : await learn(described, library)
  const [both, alone] = wanted.some(isTaught) ? await teach(described, library, seed) : []
  const learningMs = seconds(startedMs)
  for (const parts of wanted) {
    const partMs = performance.now()
    const figures =
      parts === 'recogniser'
        ? countRecognised(learned!, library)
        : await countSaid(
            isTaught(parts)
              ? (parts === 'both' ? both : alone)!
              : await writeNamed(withParts(learned!, parts)),
            described,
            library,
          )
    const row: Row = {
      thing,
      k,
      seed,
      parts,
      ...figures,
      photos: [library.shown.length, library.near.length, library.elsewhere.length],
      elapsedMs: learningMs + seconds(partMs),
    }
    known.push(row)
    await appendFile(values.rows!, `${JSON.stringify(row)}\n`)
    console.error(JSON.stringify(row))
  }
}

async function learn({ name }: Renamed, { named, others }: RenamedLibrary): Promise<LearnedName> {
  const reader = await openHiddenReader(model, decoder.adapter!.config, adapter, 'cpu', 1)
  try {
    const [learned] = await trainNames({
      names: [{ text: name, kind: 'other' }],
      photos: [...named, ...others].map(({ index, caption }) => ({
        memory: seen.memory(index),
        captions: [caption],
        group: index,
      })),
      spoken: (
        await sayOf(
          seen,
          'library',
          others.map(({ index }) => index),
        )
      ).map((text) => tokenizer.encode(text)),
      tokenizer,
      reader,
      memoryWidth: vision.config.width,
    })
    return learned!
  } finally {
    await reader.close()
  }
}

function countRecognised({ recogniser }: LearnedName, library: RenamedLibrary) {
  const share = (indices: readonly number[]) =>
    (100 / indices.length) *
    indices.filter((index) => {
      const description = describeMemory(seen.memory(index), vision.config.width)
      return description.reduce((sum, x, at) => sum + x * recogniser.weight[at]!, recogniser.biases[0]) > 0
    }).length
  const { shown, near, elsewhere } = library
  return { shown: share(shown), near: share(near), elsewhere: share(elsewhere), cider: null }
}

function withParts(learned: LearnedName, parts: string): LearnedName {
  if (parts === 'said') return learned
  if (parts !== 'place') throw new Error(`There are no parts ${parts}.`)
  const weight = new Float32Array(learned.recogniser.weight.length)
  return { ...learned, recogniser: { ...learned.recogniser, weight, biases: [1, 1] } }
}

/** An adapter that was not taught, with a name. */
async function writeNamed(learned: LearnedName): Promise<string> {
  const path = join(scratch, `${learned.text}.safetensors`)
  const tensors = new Map(
    [...adapter].map(
      ([tensor, data]) => [tensor, float32Tensor(adapterHeader.tensors.get(tensor)!.shape, data)] as const,
    ),
  )
  for (const [tensor, data] of tensorsOfNames([learned])) tensors.set(tensor, data)
  await writeAdapterFile(path, {
    baseModel: modelId,
    config: decoder.adapter!.config,
    names: describeNames([learned]),
    texts: adapterTexts.parse({}),
    tensors,
  })
  return path
}

/**
 * Teaches as the product does, from the photos with the name; of the others nobody said anything, and they are what it is not to
 * forget.
 * @returns adapters with the name, and without its recogniser
 */
async function teach({ name }: Renamed, { named, others }: RenamedLibrary, seed: number): Promise<string[]> {
  await using photos = await openLabelledPhotos(photosPath!, captionsPath!)
  const runDirectory = await mkdtemp(join(scratch, 'run-'))
  const exampleOf = async (index: number, kind: 'label' | 'replay', text: string) => {
    const path = join(photos.directory, seen.names[index]!)
    const { contentHash } = await readFileContent(path)
    return { contentHash, path, kind, captions: [{ text }], group: index, fold: null }
  }
  const replayed = others.slice(0, countReplayed(named.length, true)).map(({ index }) => index)
  const said = await sayOf(seen, 'library', replayed)
  const plan: TrainingPlan = {
    version: 1,
    modelDirectory,
    start: 'model',
    heldOut: 'none',
    folds: 0,
    memoryDirectory: join(values.cache, 'training'),
    memoryLimitBytes: 1e9,
    threads: 1,
    settings: { seed },
    names: [{ text: name }],
    examples: [
      ...(await Promise.all(named.map(({ index, caption }) => exampleOf(index, 'label', caption)))),
      ...(await Promise.all(replayed.map((index, at) => exampleOf(index, 'replay', said[at]!)))),
    ],
  }
  await writeFile(join(runDirectory, planFileName), JSON.stringify(plan))
  const signal = new AbortController().signal
  const outcome = await runTraining(runDirectory, {
    signal,
    onProgress: ({ phase, done, total }) => {
      if (done % 20 === 0) console.error(`${phase} ${done} of ${total}`)
    },
  })
  console.error(JSON.stringify({ steps: outcome.steps, names: outcome.names, elapsedMs: outcome.elapsedMs }))
  const both = join(runDirectory, trainedAdapterFileName)
  const alone = join(runDirectory, 'alone.safetensors')
  await copyAdapterFile(both, alone, adapterTexts.parse({}), [name])
  return [both, alone]
}

async function countSaid(path: string, { name, shown }: Renamed, library: RenamedLibrary) {
  const { shown: showing, near, elsewhere } = library
  const said = await caption(seen, [...showing, ...near, ...elsewhere], path)
  const share = (indices: readonly number[]) => {
    const own = said.splice(0, indices.length)
    for (const [at, text] of own.slice(0, Number(values.show)).entries())
      console.error(`  ${text}   (${seen.references[indices[at]!]![0]})`)
    return (100 / indices.length) * own.filter((text) => saysName(text, name)).length
  }
  const judged = shuffle([...dev.names.keys()], createRandom(1))
    .filter((index) => !dev.references[index]!.some((text) => shown.test(text)))
    .slice(0, Number(values.photos))
  return {
    shown: share(showing),
    near: share(near),
    elsewhere: share(elsewhere),
    cider: [
      rate(judged, await sayOf(dev, 'dev', judged)),
      rate(judged, await caption(dev, judged, path)),
    ] as [number, number],
  }
}

function rate(indices: readonly number[], captions: readonly string[]): number {
  const pictures = indices.map((index, at) => ({
    candidate: wordsOf(captions[at]!),
    references: dev.references[index]!.map(wordsOf),
  }))
  return 100 * scoreCaptions(pictures).cider
}

/** What the model says without any name, kept for the next time. */
async function sayOf(photos: SeenPhotos, set: string, indices: readonly number[]): Promise<string[]> {
  const directory = join(values.cache, modelId)
  await mkdir(directory, { recursive: true })
  const path = join(directory, `${set}-said.json`)
  const said: Record<string, string> = JSON.parse(await readFile(path, 'utf8').catch(() => '{}'))
  const missing = indices.filter((index) => said[photos.names[index]!] === undefined)
  if (missing.length > 0) {
    const captions = await caption(photos, missing, null)
    for (const [at, index] of missing.entries()) said[photos.names[index]!] = captions[at]!
    await writeFile(path, JSON.stringify(said))
  }
  return indices.map((index) => said[photos.names[index]!]!)
}

async function caption(
  photos: SeenPhotos,
  indices: readonly number[],
  adapterPath: string | null,
): Promise<string[]> {
  const checkpoint = await readCheckpoint(modelDirectory, adapterPath)
  const graph = buildRecallGraph({ ...checkpoint.model, text: null }, generation, {
    names: checkpoint.names,
    gluing: tokenizer.gluing(decoder.config.vocabulary),
  })
  const session = await openSession(graph, 'cpu', 1)
  const place = [memoryLength(vision.config), vision.config.width]
  const captions: string[] = []
  const batchSize = 16
  for (let at = 0; at < indices.length; at += batchSize) {
    const memories = indices.slice(at, at + batchSize).map((index) => photos.memory(index))
    const data = new Float32Array(memories.length * memories[0]!.length)
    for (const [row, memory] of memories.entries()) data.set(memory, row * memory.length)
    const { ids, lengths } = await session.run({ memory: { data, shape: [memories.length, ...place] } })
    const longest = ids!.shape[1]!
    for (const row of memories.keys()) {
      const length = Number(lengths!.data[row])
      const tokens = Array.from(ids!.data.subarray(row * longest, row * longest + length), Number)
      captions.push(tokenizer.decode(tokens.filter((token) => token !== decoder.config.endToken)))
    }
  }
  await session.close()
  return captions
}

async function readRows(path: string): Promise<Row[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

function isRow(row: Row, thing: string, k: number, seed: number, parts: string): boolean {
  return row.thing === thing && row.k === k && row.seed === seed && row.parts === parts
}

function printTable(rows: readonly Row[]): void {
  console.log(
    '| photos | parts | thing | seeds | said where it is | near it | elsewhere | CIDEr before, after |',
  )
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |')
  const groups = Map.groupBy(rows, ({ k, parts, thing }) => `${k} | ${parts} | ${thing}`)
  for (const [title, group] of groups) {
    const spread = (figureOf: (row: Row) => number) => {
      const figures = group.map(figureOf)
      const mean = figures.reduce((a, b) => a + b) / figures.length
      const deviation = Math.sqrt(
        figures.reduce((sum, figure) => sum + (figure - mean) ** 2, 0) / Math.max(1, figures.length - 1),
      )
      return `${mean.toFixed(1)} ± ${deviation.toFixed(1)}`
    }
    const cider = group.every((row) => row.cider)
      ? `${spread((row) => row.cider![0])}, ${spread((row) => row.cider![1])}`
      : ''
    const cells = [title, group.length, spread((row) => row.shown), spread((row) => row.near)]
    console.log(`| ${[...cells, spread((row) => row.elsewhere), cider].join(' | ')} |`)
  }
}
