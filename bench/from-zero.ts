/**
 * The paper's own experiment: adapters from zero over the embedded frozen base, and what their shape is worth:
 *
 *     npm run bench -- from-zero PHOTOS [--keep DIR] [--only NAME] [--dev-photos N] [--threads N]
 *
 * PHOTOS holds `flickr8k-train`, `coco2k`, `flickr8k-dev` and `coco1k-dev`, each as a folder or a tar, with the captions beside it
 * (`NAME.json`, file name → captions). Every row is a training with the seed in its name, in a folder of its own below DIR:
 * a run that was cut off goes on where it stopped, one that is there is not made again. Each is compared with the adapter
 * that came with the base, or that of the row it goes on from, by beam search over both sets of development photos.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type AdapterComparison,
  type AdapterShape,
  type TrainingExample,
  type TrainingPlan,
  type TrainingProgress,
  trainedAdapterFileName,
} from '../src-main/contract/training.ts'
import { evaluateAdapter } from '../src-main/engine/training/evaluate-adapter.ts'
import { createRandom, shuffle } from '../src-main/engine/training/random.ts'
import { runTraining } from '../src-main/engine/training/training-run.ts'
import { openLabelledExamples } from './labelled-photos.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    keep: { type: 'string', default: join(tmpdir(), 'lenslore-from-zero') },
    model: { type: 'string', default: new URL('../models/lenslore-v1', import.meta.url).pathname },
    only: { type: 'string' },
    threads: { type: 'string', default: '2' },
    'dev-photos': { type: 'string', default: '1000' },
  },
})
const [photosPath] = positionals
if (!photosPath) {
  console.error(
    'usage: npm run bench -- from-zero PHOTOS [--keep DIR] [--only NAME] [--dev-photos N] [--threads N]',
  )
  process.exit(2)
}

/** Photos of the training sets that are held out to know when to stop. */
const watchedPhotos = 200
const seed = 1
const usual: AdapterShape = { rank: 192, heads: 4, firstLayer: 0, scale: 1 }
const whole = { passes: 3, batchSize: 64, rate: 1e-3, warmupFraction: 0.05, evaluations: 9, patience: 9 }
/** What shapes are compared by: one caption a photo. */
const short = { ...whole, passes: 1, evaluations: 2 }

interface Row {
  shape: AdapterShape
  settings: NonNullable<TrainingPlan['settings']>
  captionsAPhoto: number
  /** The row whose adapter it goes on from, in place of a new one. */
  after?: string
}

/** Goes on from what people wrote. */
function criticised(choices: { temperature: number; rate: number }): Row {
  const selfCritical = { ...choices, steps: 240, photos: 16, samples: 5, evaluations: 4 }
  return {
    shape: usual,
    settings: { ...whole, passes: 0, selfCritical },
    captionsAPhoto: 5,
    after: 'all-captions',
  }
}

const rows: Record<string, Row> = {
  'all-captions': { shape: usual, settings: whole, captionsAPhoto: 5 },
  'self-critical': criticised({ temperature: 1, rate: 2e-5 }),
  'self-critical-faster': criticised({ temperature: 1, rate: 1e-4 }),
  'self-critical-likelier': criticised({ temperature: 0.5, rate: 2e-5 }),
  'rank-192': { shape: usual, settings: short, captionsAPhoto: 1 },
  'rank-96': { shape: { ...usual, rank: 96 }, settings: short, captionsAPhoto: 1 },
  'rank-48': { shape: { ...usual, rank: 48 }, settings: short, captionsAPhoto: 1 },
  'first-layer-1': { shape: { ...usual, firstLayer: 1 }, settings: short, captionsAPhoto: 1 },
  'first-layer-2': { shape: { ...usual, firstLayer: 2 }, settings: short, captionsAPhoto: 1 },
  'first-layer-3': { shape: { ...usual, firstLayer: 3 }, settings: short, captionsAPhoto: 1 },
  'scale-0.5': { shape: { ...usual, scale: 0.5 }, settings: short, captionsAPhoto: 1 },
  'scale-4': { shape: { ...usual, scale: 4 }, settings: short, captionsAPhoto: 1 },
}

const keep = resolve(values.keep)
const memories = {
  modelDirectory: resolve(values.model),
  memoryDirectory: join(keep, 'memories'),
  memoryLimitBytes: 4e9,
  provider: 'cpu' as const,
  threads: Number(values.threads),
}
await using sets = new AsyncDisposableStack()
const openSet = async (name: string, firstGroup = 0) =>
  sets.use(await openLabelledExamples(join(photosPath, name), firstGroup)).examples
const flickr = await openSet('flickr8k-train')
const learned = [...flickr, ...(await openSet('coco2k', flickr.length))]
const groups = [...new Set(learned.map(({ group }) => group))]
const watched = new Set(shuffle(groups, createRandom(seed)).slice(0, watchedPhotos))
const judged = async (name: string) => (await openSet(name)).slice(0, Number(values['dev-photos']))
const development = { 'flickr8k-dev': await judged('flickr8k-dev'), 'coco1k-dev': await judged('coco1k-dev') }

console.log(
  'row | set | CIDEr | BLEU-4 | ROUGE-L | loss | parameters | steps | minutes | CIDEr gained, from, to',
)
const isEmbeddedTold = new Set<string>()
for (const [name, row] of Object.entries(rows)) {
  if (values.only && values.only !== name) continue
  const runDirectory = directoryOf(name)
  await mkdir(runDirectory, { recursive: true })
  const plan: TrainingPlan = {
    version: 1,
    ...memories,
    start: row.after ? { adapterPath: adapterOf(row.after) } : { shape: row.shape },
    heldOut: 'one',
    folds: 2,
    settings: { ...row.settings, seed },
    examples: learned.map((example, index) => toLearn(example, index, row.captionsAPhoto)),
  }
  const planPath = join(runDirectory, 'plan.json')
  if (!existsSync(planPath)) await writeFile(planPath, JSON.stringify(plan))
  const { trainedParameters, keptSteps, selfCritical, elapsedMs } = await runTraining(runDirectory, {
    signal: new AbortController().signal,
    onProgress: createReporter(name),
  })
  for (const [set, examples] of Object.entries(development)) {
    const {
      scores,
      loss,
      cider: change,
    } = await compare(row.after, adapterOf(name), runDirectory, set, examples)
    for (const side of ['before', 'after'] as const) {
      if (side === 'before' && (row.after || isEmbeddedTold.has(set))) continue
      if (!row.after) isEmbeddedTold.add(set)
      const { cider, bleu4, rougeL } = scores![side]
      const figures = [cider.toFixed(1), bleu4.toFixed(1), rougeL.toFixed(1), loss![side].mean.toFixed(3)]
      const steps = keptSteps + (selfCritical?.keptSteps ?? 0)
      const cost =
        side === 'before' ? ['', '', ''] : [trainedParameters, steps, (elapsedMs / 60_000).toFixed(1)]
      const { mean, low, high } = change!.difference
      const gain = side === 'before' ? '' : [mean, low, high].map((figure) => figure.toFixed(1)).join(' ')
      console.log([side === 'before' ? 'embedded' : name, set, ...figures, ...cost, gain].join(' | '))
    }
  }
}

function directoryOf(row: string): string {
  return join(keep, `${row}-seed-${seed}`)
}

function adapterOf(row: string): string {
  return join(directoryOf(row), trainedAdapterFileName)
}

function toLearn(example: TrainingExample, index: number, captionsAPhoto: number): TrainingExample {
  const { contentHash, path, kind, captions, group } = example
  // Of a photo's captions another one for each photo, so that no annotator's manner is the set's.
  const turned = captions.map((_, at) => captions[(at + index) % captions.length]!)
  const fold = watched.has(group) ? 1 : null
  const some = fold === 1 ? captions : turned.slice(0, captionsAPhoto)
  return { contentHash, path, kind, captions: some, group, fold }
}

/** @param before a row; the adapter that came with the base where there is none */
async function compare(
  before: string | undefined,
  after: string,
  runDirectory: string,
  set: string,
  examples: readonly TrainingExample[],
): Promise<AdapterComparison> {
  const path = join(runDirectory, `${set}-${examples.length}${before ? `-after-${before}` : ''}.json`)
  if (existsSync(path)) return JSON.parse(await readFile(path, 'utf8'))
  const { signal } = new AbortController()
  const comparison = await evaluateAdapter(
    { ...memories, before: before ? adapterOf(before) : null, after, examples: [...examples] },
    signal,
  )
  await writeFile(path, JSON.stringify(comparison))
  return comparison
}

/** A line every minute. */
function createReporter(name: string) {
  let saidMs = 0
  return ({ phase, done, total, loss, heldOutLoss, cider, remainingMs }: TrainingProgress) => {
    if (performance.now() - saidMs < 60_000) return
    saidMs = performance.now()
    const left = remainingMs === null ? '' : `, ${Math.round(remainingMs / 60_000)} min left`
    const learned =
      cider === undefined
        ? `loss ${loss?.toFixed(3)}, held out ${heldOutLoss?.toFixed(3)}`
        : `CIDEr of what was drawn ${cider.toFixed(1)}`
    console.error(`${name}: ${phase} ${done}/${total}, ${learned}${left}`)
  }
}
