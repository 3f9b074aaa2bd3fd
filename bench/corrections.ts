/**
 * What twenty corrections bring: a scripted person corrects the captions of so many photos, an adapter learns from them, and
 * what it gained is measured on photos that the training never saw, beside what the training itself says of it:
 *
 *     npm run bench -- corrections PHOTOS [--labels 20] [--further 200] [--person diary] [--seed 1] [--keep DIR] [--threads N]
 *
 * PHOTOS holds `flickr8k-dev` and `flickr8k-train`, each as a folder or a tar, with the captions beside it (`NAME.json`). `plain`
 * says of a photo what the five people who captioned it agree about most; the others say it in their manner: `diary` ("Today we saw
 * …"), `archivist` ("Photograph: …"), `walker` ("…, seen on our walk"), `terse` (in small letters, without articles). `--alone` leaves
 * out the training's own verdict, which takes most of its time; `--settings JSON` changes its settings; `--show N` prints captions.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { labelsForOneSplit } from '../src-main/contract/label-kinds.ts'
import {
  type AdapterComparison,
  type TrainingExample,
  type TrainingPlan,
  trainedAdapterFileName,
  usualFolds,
} from '../src-main/contract/training.ts'
import { evaluateAdapter } from '../src-main/engine/training/evaluate-adapter.ts'
import { createCider, wordsOf } from '../src-main/engine/training/metrics.ts'
import { createRandom, shuffle } from '../src-main/engine/training/random.ts'
import { runTraining } from '../src-main/engine/training/training-run.ts'
import { openLabelledExamples } from './labelled-photos.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    labels: { type: 'string', default: '20' },
    further: { type: 'string', default: '200' },
    replay: { type: 'string', default: '100' },
    person: { type: 'string', default: 'diary' },
    seed: { type: 'string', default: '1' },
    show: { type: 'string', default: '3' },
    keep: { type: 'string', default: join(tmpdir(), 'lenslore-corrections') },
    settings: { type: 'string', default: '{}' },
    alone: { type: 'boolean', default: false },
    model: { type: 'string', default: new URL('../models/lenslore-v1', import.meta.url).pathname },
    threads: { type: 'string', default: '2' },
  },
})
const [photosPath] = positionals
const persons: Record<string, (caption: string) => string> = {
  plain: (caption) => caption,
  diary: (caption) => `Today we saw ${asPhrase(caption)}`,
  archivist: (caption) => `Photograph: ${asPhrase(caption)}`,
  walker: (caption) => `${caption}, seen on our walk`,
  terse: (caption) => asPhrase(caption).replace(/\b(an?|the|some) /g, ''),
}
const person = persons[values.person]
if (!photosPath || !person) {
  console.error('usage: npm run bench -- corrections PHOTOS [--labels N] [--person diary] [--seed N]')
  process.exit(2)
}

const seed = Number(values.seed)
const keep = resolve(values.keep)
const memories = {
  modelDirectory: resolve(values.model),
  memoryDirectory: join(keep, 'memories'),
  memoryLimitBytes: 4e9,
  provider: 'cpu' as const,
  threads: Number(values.threads),
}
const { signal } = new AbortController()
await using sets = new AsyncDisposableStack()
const openSet = async (name: string) => sets.use(await openLabelledExamples(join(photosPath, name))).examples
const known = await openSet('flickr8k-dev')
const others = await openSet('flickr8k-train')
const agreed = createCider(known.map(({ captions }) => captions.map(({ text }) => wordsOf(text))))
const drawn = shuffle([...known], createRandom(seed))
const labels = drawn.slice(0, Number(values.labels)).map((example, index) => ({
  ...said(example, index),
  fold: index % usualFolds,
}))
const further = drawn.slice(labels.length, labels.length + Number(values.further)).map(said)
const replayed = shuffle([...others], createRandom(seed))
  .slice(0, Number(values.replay))
  .map((example, index) => ({
    ...example,
    kind: 'replay' as const,
    captions: [],
    group: known.length + index,
  }))

const runDirectory = join(keep, `run-${process.pid}`)
await mkdir(runDirectory, { recursive: true })
const plan: TrainingPlan = {
  version: 1,
  ...memories,
  start: 'model',
  heldOut: values.alone ? 'none' : labels.length < labelsForOneSplit ? 'each' : 'one',
  folds: usualFolds,
  settings: { seed, ...JSON.parse(values.settings) },
  examples: [...labels, ...replayed],
}
await writeFile(join(runDirectory, 'plan.json'), JSON.stringify(plan))
const startedMs = performance.now()
const cpuBefore = process.cpuUsage()
const outcome = await runTraining(runDirectory, { signal, onProgress() {} })
const { user, system } = process.cpuUsage(cpuBefore)
const elapsedSeconds = (performance.now() - startedMs) / 1000
console.log(
  `${labels.length} labels, ${replayed.length} replayed, ${outcome.keptSteps} steps kept of ${outcome.steps}: ${elapsedSeconds.toFixed(0)} s, ${((user + system) / 1e6).toFixed(0)} s of processors, ${(labels.length / elapsedSeconds).toFixed(2)} labels a second`,
)
if (!values.alone) report('held out', outcome)
const after = join(runDirectory, trainedAdapterFileName)
const compare = (examples: TrainingExample[]) =>
  evaluateAdapter({ ...memories, before: null, after, examples }, signal)
report('further', await compare(further))
const asPeople = drawn.slice(labels.length, labels.length + Number(values.further))
report('further, by what five people say', await compare(asPeople))

/** The caption of five that is most like the others, as this person says it. */
function said(example: TrainingExample, group: number): TrainingExample {
  const texts = example.captions.map(({ text }) => text)
  const agreement = texts.map((text) =>
    agreed({ candidate: wordsOf(text), references: texts.filter((each) => each !== text).map(wordsOf) }),
  )
  const text = person!(texts[agreement.indexOf(Math.max(...agreement))]!)
  return { ...example, captions: [{ text, weight: 1 }], group }
}

function report(
  what: string,
  { verdict, cider, loss, better, worse, same, photos }: AdapterComparison,
): void {
  const told = [cider, loss].map((measured) => {
    const { before, after, difference } = measured!
    const [mean, low, high] = [difference.mean, difference.low, difference.high].map((x) => x.toFixed(2))
    return `${before.mean.toFixed(2)} → ${after.mean.toFixed(2)}, ${mean} [${low}, ${high}]`
  })
  console.log(
    `${what}: ${verdict}; CIDEr ${told[0]}; loss ${told[1]}; better ${better}, worse ${worse}, same ${same}`,
  )
  for (const photo of photos.slice(0, Number(values.show)))
    console.log(`  ${photo.before} | ${photo.after} | ${photo.own[0]}`)
}

/** As it goes on within a sentence. */
function asPhrase(caption: string): string {
  return caption.replace(/^\w/, (letter) => letter.toLowerCase()).replace(/ (is|are) (?=\w+ing\b)/, ' ')
}
