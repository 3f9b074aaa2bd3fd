import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { type EngineCalls, type EngineEvents, engineCalls } from '../../contract/engine-calls.ts'
import { LensloreError } from '../../contract/errors.ts'
import { connect } from '../../contract/rpc.ts'
import {
  planFileName,
  type TrainingOutcome,
  type TrainingPlan,
  type TrainingProgress,
  trainedAdapterFileName,
} from '../../contract/training.ts'
import { defaultDataDirectory } from '../../processes/data-directory.ts'
import { forkEngine } from '../../processes/fork.ts'
import { readCaptionSet } from '../caption-sets.ts'
import { outputOf } from '../command-context.ts'
import { counted } from '../counted.ts'
import { divideSet } from '../divide-set.ts'
import { formatDuration } from '../duration.ts'
import { listenForInterrupt } from '../interrupt.ts'
import { toCount, toNumber } from '../number-options.ts'
import { createStatusLine } from '../progress-line.ts'
import { type SetExample, toExamples } from '../set-examples.ts'

export interface SetOptions {
  base?: string
  data?: string[]
  images?: string[]
  dev?: string
  devImages?: string
  out?: string
  fromZero?: boolean
  adapter?: string
  rank?: number
  heads?: number
  firstLayer?: number
  scale?: number
  batch?: number
  passes?: number
  rate?: number
  seed?: number
  threads?: number
  memories?: string
  selfCritical?: number
}

/** Of a set, unless told otherwise: more photos and fewer passes than a person's captions have. */
const usual = { passes: 10, batchSize: 64, rate: 1e-3, warmupFraction: 0.05, replayBatchSize: 0 }
const looksInPass = 2
const memoryLimitBytes = 20e9

/** What `train` understands besides a library's captions: a set of captioned photos and a base to teach. */
export function addSetOptions(train: Command): void {
  train
    .option('--base <dir>', 'teach this model folder from a set of captioned photos, and no library')
    .option(
      '--data <files...>',
      "captions: Karpathy's splits, COCO's, Flickr's token file, or JSON by file name",
    )
    .option('--images <dirs...>', 'where the photos of each of these files are')
    .option('--dev <file>', 'captions of photos to judge by, in place of a part of the set')
    .option('--dev-images <dir>', 'where those photos are')
    .option('--out <file>', 'the adapter to write; a training that is stopped goes on from beside it')
    .option('--from-zero', 'a new adapter, in place of going on from the one of the base')
    .option('--adapter <file>', 'go on from this adapter')
    .option('--rank <rank>', 'of a new adapter', toCount)
    .option('--heads <count>', 'of a new adapter', toCount)
    .option('--first-layer <layer>', 'from which layer on a new adapter is', toNumber)
    .option('--scale <scale>', 'by which what a new adapter says is multiplied', toNumber)
    .option('--batch <captions>', 'captions in a step', toCount)
    .option('--self-critical <steps>', 'then so many steps on CIDEr of what it says itself', toCount)
    .option('--threads <count>', 'processor threads', toCount)
    .option('--memories <dir>', 'where what the base sees in photos is kept')
}

/** Whether it is a set of photos that is learned, and not what a library has. */
export function isOfSet({ base, data, images, out }: SetOptions): boolean {
  return [base, data, images, out].some((option) => option !== undefined)
}

/**
 * Teaches a base from a set, in an engine process of its own, and says how good it became.
 * @throws LensloreError `INVALID_ARGUMENT`, `FILE_NOT_FOUND`, `IMPORT_INVALID`; those of the engine
 */
export async function trainOnSet(options: SetOptions, command: Command): Promise<void> {
  const { base, data, images, out } = options
  if (!base || !data || !images || !out)
    throw new LensloreError('INVALID_ARGUMENT', 'Training on a set wants --base, --data, --images and --out.')
  const adapterPath = resolve(out)
  const runDirectory = `${adapterPath}.run`
  const plan = JSON.stringify(await planSet(options))
  const planPath = join(runDirectory, planFileName)
  // What lies there of another training is of no use for this one.
  if ((await readFile(planPath, 'utf8').catch(() => null)) !== plan)
    await rm(runDirectory, { recursive: true, force: true })
  await mkdir(runDirectory, { recursive: true })
  await writeFile(planPath, plan)
  const outcome = await runInEngine(runDirectory)
  await mkdir(dirname(adapterPath), { recursive: true })
  await cp(join(runDirectory, trainedAdapterFileName), adapterPath)
  await rm(runDirectory, { recursive: true })
  outputOf(command).answer({ adapter: adapterPath, ...outcome }, formatOutcome(adapterPath, outcome))
}

async function planSet(options: SetOptions): Promise<TrainingPlan> {
  const { data, images, dev, devImages, selfCritical, seed = 1 } = options
  if (images?.length !== data?.length || Boolean(dev) !== Boolean(devImages))
    throw new LensloreError('INVALID_ARGUMENT', 'Every file of captions wants the folder of its photos.')
  const start = chooseStart(options)
  const examples: SetExample[] = []
  for (const [index, path] of data!.entries())
    examples.push(...(await readExamples(path, images![index]!, examples.length)))
  const judged = dev ? await readExamples(dev, devImages!, examples.length) : null
  const { passes = usual.passes, batch = usual.batchSize, rate = usual.rate } = options
  return {
    version: 1,
    modelDirectory: resolve(options.base!),
    start,
    heldOut: 'one',
    folds: 2,
    memoryDirectory: resolve(options.memories ?? join(defaultDataDirectory(), 'memories')),
    memoryLimitBytes,
    threads: options.threads ?? null,
    settings: {
      ...usual,
      seed,
      passes,
      batchSize: batch,
      rate,
      evaluations: looksInPass * passes,
      patience: 2 * looksInPass,
      ...(selfCritical !== undefined && { selfCritical: { steps: selfCritical } }),
    },
    examples: divideSet(examples, judged, seed),
  }
}

function chooseStart({
  fromZero,
  adapter,
  rank,
  heads,
  firstLayer,
  scale,
}: SetOptions): TrainingPlan['start'] {
  const shape = {
    ...(rank === undefined ? {} : { rank }),
    ...(heads === undefined ? {} : { heads }),
    ...(firstLayer === undefined ? {} : { firstLayer }),
    ...(scale === undefined ? {} : { scale }),
  }
  if (fromZero) return { shape }
  if (Object.keys(shape).length > 0)
    throw new LensloreError('INVALID_ARGUMENT', 'Only a new adapter has a shape to choose: add --from-zero.')
  return adapter ? { adapterPath: resolve(adapter) } : 'model'
}

async function readExamples(path: string, directory: string, firstGroup: number): Promise<SetExample[]> {
  const examples = await toExamples(await readCaptionSet(path), directory, firstGroup)
  if (examples.length > 0) return examples
  throw new LensloreError('FILE_NOT_FOUND', `None of the photos that ${path} names is in ${directory}.`)
}

async function runInEngine(runDirectory: string): Promise<TrainingOutcome> {
  const interrupt = listenForInterrupt()
  const line = createStatusLine()
  const { channel, kill } = await forkEngine()
  const died = () =>
    new LensloreError('ENGINE_DIED', 'The engine died; the same command goes on from where it was.')
  const engine = connect<EngineCalls, EngineEvents>(channel, engineCalls, died)
  engine.on('trainingProgress', (progress) => line.show(progress.phase, () => formatStep(progress)))
  try {
    return await engine.train({ runDirectory }, { signal: interrupt.signal })
  } finally {
    kill()
    line.clear()
    interrupt.stop()
  }
}

const phaseNames: Record<TrainingProgress['phase'], string> = {
  remember: 'Looking at photos',
  replay: 'Noting what it says',
  train: 'Learning',
  refine: 'Refining',
  evaluate: 'Measuring',
}

function formatStep({ phase, done, total, loss, heldOutLoss, cider, remainingMs }: TrainingProgress): string {
  const parts = [`${phaseNames[phase]} ${done}/${total}`]
  if (loss !== null) parts.push(`loss ${loss.toFixed(3)}`)
  if (heldOutLoss !== null) parts.push(`held out ${heldOutLoss.toFixed(3)}`)
  if (cider !== undefined) parts.push(`CIDEr ${cider.toFixed(1)}`)
  if (remainingMs !== null) parts.push(`${formatDuration(remainingMs)} left`)
  return parts.join(' · ')
}

function formatSelfCritical({
  keptSteps,
  drawn,
  heldOut,
}: NonNullable<TrainingOutcome['selfCritical']>): string {
  const said = `${drawn.length} steps on CIDEr`
  if (heldOut.length === 0) return `Then ${said}.`
  if (keptSteps === 0) return `Then ${said}, none of which made it better: they are not kept.`
  const best = Math.max(...heldOut.map(({ cider }) => cider))
  return `Then ${said}, of which ${keptSteps} are kept: CIDEr ${heldOut[0]!.cider.toFixed(1)} became ${best.toFixed(1)} where it was watched.`
}

function formatOutcome(adapterPath: string, outcome: TrainingOutcome): string {
  const { scores, loss, trainedParameters, keptSteps, elapsedMs, labels, unreadable, selfCritical } = outcome
  const lines = [
    `Learned from ${counted(labels, 'photo')} in ${counted(keptSteps, 'step')} and ${formatDuration(elapsedMs)}; ${trainedParameters.toLocaleString('en')} numbers were trained.`,
  ]
  if (selfCritical) lines.push(formatSelfCritical(selfCritical))
  if (unreadable.length > 0) lines.push(`${counted(unreadable.length, 'photo')} cannot be read.`)
  if (scores && loss) {
    lines.push('         CIDEr  BLEU-4 ROUGE-L    loss')
    for (const side of ['before', 'after'] as const) {
      const { cider, bleu4, rougeL } = scores[side]
      const figures = [cider.toFixed(1), bleu4.toFixed(1), rougeL.toFixed(1), loss[side].mean.toFixed(3)]
      lines.push(`${side.padEnd(7)}${figures.map((figure) => figure.padStart(7)).join(' ')}`)
    }
  }
  return [...lines, `The adapter is ${adapterPath}.`].join('\n')
}
