import { join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import {
  type AdapterComparison,
  type CheckedTrainingPlan,
  type SelfCriticalSettings,
  type TrainingOutcome,
  type TrainingProgress,
  trainedAdapterFileName,
} from '../../contract/training.ts'
import { isFunctionWord } from '../captioning/doubt.ts'
import { defaultThreads } from '../trial/attempt.ts'
import { bestLook, bestLookOfAll, type Course, planSchedule, type Schedule } from './course.ts'
import { giveWay } from './give-way.ts'
import { compareSaid } from './held-out.ts'
import { learn } from './learn.ts'
import { type Lesson, planLessons } from './lessons.ts'
import { findManner, isPlain, type Manner, noManner } from './manner.ts'
import type { Material } from './material.ts'
import { mostTokensWithin } from './memory-ceiling.ts'
import { areMixed } from './mixture.ts'
import { learnNames, reportNames } from './names/learn-names.ts'
import { observe } from './observe.ts'
import { createPace, type Pace } from './pace.ts'
import type { Recaller } from './recaller.ts'
import { refine } from './refine.ts'
import { rephrase } from './rephrase.ts'
import { noteReplay, type Replayed } from './replay.ts'
import {
  type RunProgress,
  readOutcome,
  readPlan,
  readSavedRun,
  saveRun,
  type Tensors,
  writeOutcome,
} from './run-files.ts'
import { openStudent, type Student, writeAdapter } from './student.ts'
import type { TrainerState } from './trainer.ts'
import { meanOfRows } from './visual-memory.ts'

export interface RunOptions {
  /** Told a few times a second. */
  onProgress(progress: TrainingProgress): void
  signal: AbortSignal
}

/** So much work at most is done again after a kill. */
const betweenSavesMs = 15_000
/** Of another training of a run. */
const seedStride = 7919
const stepTensor = 'trainer-step'
const bestPrefix = 'best/'

/**
 * Runs the plan in a directory, or goes on with it where it stopped, and leaves its outcome and its adapter there. Which
 * numbers come is decided by the plan, its photos and the provider alone, however often it is cut off.
 * @throws LensloreError `FILE_NOT_FOUND` and `IMPORT_INVALID` for a plan that is missing or wrong, `INVALID_ARGUMENT` where there
 * is nothing to learn from; those of the model; `ENGINE_FAILED`, `DISK_FULL`, `WRITE_FAILED`; `CANCELLED` through the signal
 */
export async function runTraining(
  runDirectory: string,
  { onProgress, signal }: RunOptions,
): Promise<TrainingOutcome> {
  const known = await readOutcome(runDirectory)
  if (known) return known
  const { plan, digest } = await readPlan(runDirectory)
  const pace = createPace((progress) => onProgress({ ...progress, runDirectory }))
  const student = await openStudent({ ...plan, threads: plan.threads ?? defaultThreads })
  try {
    const outcome = await teach({ student, plan, digest, runDirectory, pace, signal })
    await writeOutcome(runDirectory, outcome)
    return outcome
  } finally {
    await student.close()
  }
}

interface Teaching {
  student: Student
  plan: CheckedTrainingPlan
  digest: string
  runDirectory: string
  pace: Pace
  signal: AbortSignal
}

async function teach(teaching: Teaching): Promise<TrainingOutcome> {
  const { student, plan, digest, runDirectory, pace, signal } = teaching
  const { material, trainer } = student
  const { settings, examples } = plan
  const { selfCritical } = settings
  if (selfCritical && plan.heldOut === 'each')
    throw new LensloreError('INVALID_ARGUMENT', 'Self-critical training wants one split, or none.')
  const startedMs = performance.now()

  const unreadable = await rememberAll(teaching)
  const usable = [...examples.keys()].filter((example) => !unreadable.has(example))
  const labels = usable.filter((at) => examples[at]!.kind === 'label' && examples[at]!.captions.length > 0)
  const lessons = planLessons(plan, examples, labels)
  const replayed = await noteAll(
    teaching,
    usable.filter((at) => examples[at]!.kind === 'replay'),
  )

  /** Of what is replayed, for all trainings. */
  let means: Promise<Float32Array[]> | undefined
  const usual = () => {
    means ??= meansOf(
      replayed.map(({ text }) => text.example),
      material,
    )
    return means
  }

  const atStart = await trainer.state()
  const saved = await readSavedRun(runDirectory, digest)
  const progress: RunProgress = saved?.progress ?? {
    plan: digest,
    courses: [],
    refinement: null,
    elapsedMs: 0,
  }
  const { courses, elapsedMs: workedBeforeMs } = progress
  let best: Tensors | null = null
  if (saved) {
    trainer.restore(readState(saved.tensors))
    best = readBest(saved.tensors)
  }
  let savedMs = performance.now()

  const elapsedMs = () => workedBeforeMs + performance.now() - startedMs
  async function save(): Promise<void> {
    progress.elapsedMs = elapsedMs()
    await saveRun(runDirectory, progress, toTensors(await trainer.state(), best))
    savedMs = performance.now()
  }
  async function afterStep(tell: () => void): Promise<void> {
    if (signal.aborted || performance.now() - savedMs > betweenSavesMs) await save()
    await giveWay(signal)
    tell()
  }
  const lookAt = (watched: readonly number[], recaller: Recaller | null, tell: () => void) =>
    observe(watched, student, recaller, async () => {
      if (signal.aborted) await save()
      await giveWay(signal)
      tell()
    })
  const mostTokens = mostTokensWithin(
    settings.memoryCeilingBytes,
    student.checkpoint.model.decoder.config,
    student.adapter,
    material.memoryShape[0],
  )

  const captionsOf = (some: readonly number[]) =>
    some.reduce((sum, example) => sum + examples[example]!.captions.length, 0)
  const schedules = lessons.map(({ learned }) => planSchedule(captionsOf(learned), settings))

  async function giveLesson(index: number): Promise<void> {
    const lesson = lessons[index]!
    const schedule = schedules[index]!
    if (!courses[index]) {
      courses[index] = newCourse()
      trainer.restore(atStart)
      best = null
    }
    const course = courses[index]
    const lastStep = chooseLastStep(lesson, schedule, courses.slice(0, index))
    const recaller = lesson.isJudged ? await student.recaller() : null
    const tell = createTeller(pace, schedules, index, lastStep, selfCritical?.steps ?? 0)
    const manner = await findMannerOf(lesson.learned, teaching, replayed, usual)
    const isHeldBack = replayed.length > 0 && isPlain(manner)
    await learn(
      {
        ...student,
        texts: material.textsOf(lesson.learned),
        replayed: rephrase(replayed, manner, material),
        settings: isHeldBack ? { ...settings, rate: settings.rate * plainRate } : settings,
        seed: settings.seed + index * seedStride,
        schedule,
        lastStep,
        mostTokens,
        look:
          lesson.watched.length === 0
            ? null
            : () => lookAt(lesson.watched, recaller, () => tell('evaluate', course)),
        onStep: () => afterStep(() => tell('train', course)),
        async onBest() {
          if (!lesson.isJudged) best = await trainer.tensors()
        },
      },
      course,
    )
    await save()
  }

  /** Goes on from the adapter that the last lesson made. */
  async function refineBy(chosen: SelfCriticalSettings): Promise<void> {
    if (!progress.refinement) {
      const learned = best ?? (await trainer.tensors())
      trainer.restore({ step: 0, tensors: new Map([...atStart.tensors, ...learned]) })
      progress.refinement = newCourse()
    }
    const { learned, watched } = lessons.at(-1)!
    const course = progress.refinement
    const recaller = await student.recaller()
    const tell = (phase: 'refine' | 'evaluate') => tellRefinement(pace, phase, course, chosen.steps)
    await refine(
      {
        student,
        learned,
        settings,
        selfCritical: chosen,
        mostTokens,
        look: watched.length === 0 ? null : () => lookAt(watched, recaller, () => tell('evaluate')),
        onStep: () => afterStep(() => tell('refine')),
        async onBest() {
          best = await trainer.tensors()
        },
      },
      course,
    )
    await save()
  }

  for (const index of lessons.keys()) if (!courses[index]?.isOver) await giveLesson(index)
  if (selfCritical && !progress.refinement?.isOver) await refineBy(selfCritical)

  const kept = best ?? (await trainer.tensors())
  const comparison = await judgeRun(teaching, lessons, courses, labels, { start: atStart, kept })
  const names = await learnNames(plan.names, usable, {
    student,
    adapter: kept,
    replayed,
    checkForStop: () => giveWay(signal),
  })
  await writeAdapter(join(runDirectory, trainedAdapterFileName), student, kept, names)
  const last = courses.at(-1)!
  const keptSteps = best ? last.looks[bestLook(last.looks)]!.step : last.step
  return {
    version: 1,
    ...comparison,
    labels: labels.length,
    replayed: replayed.length,
    names: reportNames(names),
    unreadable: [...unreadable].map(([example, message]) => ({
      contentHash: examples[example]!.contentHash,
      message,
    })),
    keptSteps,
    steps: [...courses, ...(progress.refinement ? [progress.refinement] : [])].reduce(
      (sum, { step }) => sum + step,
      0,
    ),
    stoppedBy: keptSteps < schedules.at(-1)!.steps ? 'held-out-loss' : 'passes',
    trainedParameters: kept.values().reduce((sum, { length }) => sum + length, 0),
    elapsedMs: elapsedMs(),
    losses: last.losses,
    heldOutLosses: drawLosses(courses, lessons, schedules.at(-1)!),
    selfCritical: progress.refinement && reportRefinement(progress.refinement),
  }
}

/** Of the rate: captions without a manner have little to teach, and cost what is said of other photos. */
const plainRate = 0.5

const newCourse = (): Course => ({ step: 0, losses: [], looks: [], isOver: false })

/** @returns as the outcome has it: CIDEr in place of what was lowered */
function reportRefinement({ step, losses, looks }: Course): TrainingOutcome['selfCritical'] {
  return {
    keptSteps: looks.length > 0 ? looks[bestLook(looks)]!.step : step,
    drawn: losses.map(toCider),
    heldOut: looks.map(({ step, loss }) => ({ step, cider: toCider(loss) })),
  }
}

/** In such a way that nothing is 0, not -0, which is not what a file gives back. */
const toCider = (loss: number) => 0 - 100 * loss

async function rememberAll({ student, plan, pace, signal }: Teaching): Promise<Map<number, string>> {
  const total = plan.examples.length
  return student.material.remember(
    (done) => pace.tell({ ...before, phase: 'remember', done, total }, null),
    signal,
  )
}

async function noteAll({ student, plan, pace, signal }: Teaching, replays: number[]): Promise<Replayed[]> {
  const { replayBatchSize, replayTo } = plan.settings
  if (replayBatchSize === 0) return []
  return noteReplay(replays, student, replayTo, async (done) => {
    await giveWay(signal)
    pace.tell({ ...before, phase: 'replay', done, total: replays.length }, null)
  })
}

/** Of the visual memories of some examples. */
async function meansOf(examples: readonly number[], material: Material): Promise<Float32Array[]> {
  const [, width] = material.memoryShape
  return (await material.recall(examples)).map((memory) => meanOfRows(memory, width))
}

/**
 * Of the captions that a training learns, for none that it is judged by may have a say.
 * @param usual the means of what is replayed
 */
async function findMannerOf(
  learned: readonly number[],
  { student: { material, checkpoint }, plan }: Teaching,
  replayed: readonly Replayed[],
  usual: () => Promise<Float32Array[]>,
): Promise<Manner> {
  if (replayed.length === 0) return noManner
  if (!areMixed(await meansOf(learned, material), await usual(), plan.settings.seed)) return noManner
  return findManner(
    learned.map((example) => plan.examples[example]!.captions[0]!.text),
    replayed.map(({ text }) => material.tokenizer.decode(text.tokens.slice(1))),
    plan.names.map(({ text }) => text),
    (word) => isFunctionWord(word, checkpoint.doubt?.function_words ?? []),
  )
}

/** What there is to tell before the first training. */
const before = { training: 1, trainings: 1, loss: null, heldOutLoss: null }

/** @param stepsAfter all trainings, of another kind */
function createTeller(
  pace: Pace,
  schedules: readonly Schedule[],
  index: number,
  lastStep: number,
  stepsAfter: number,
) {
  const stepsOf = (some: readonly Schedule[]) => some.reduce((sum, { steps }) => sum + steps, 0)
  const doneBefore = stepsOf(schedules.slice(0, index))
  const leftBehind = stepsOf(schedules.slice(index + 1))
  return (phase: 'train' | 'evaluate', course: Course): void => {
    pace.tell(
      {
        phase,
        done: doneBefore + course.step,
        total: doneBefore + lastStep + leftBehind,
        training: index + 1,
        trainings: schedules.length,
        loss: course.losses.at(-1) ?? null,
        heldOutLoss: course.looks.at(-1)?.loss ?? null,
      },
      lastStep - course.step + leftBehind + stepsAfter,
    )
  }
}

function tellRefinement(pace: Pace, phase: 'refine' | 'evaluate', course: Course, steps: number): void {
  const drawn = course.losses.at(-1)
  const cider = drawn === undefined ? {} : { cider: toCider(drawn) }
  pace.tell({ ...before, ...cider, phase, done: course.step, total: steps }, steps - course.step)
}

/** All steps; for the training on all labels, those after which the others were at their best. */
function chooseLastStep(
  { watched }: Lesson,
  { steps, looks }: Schedule,
  coursesBefore: readonly Course[],
): number {
  if (watched.length > 0 || coursesBefore.length === 0) return steps
  return looks[Math.min(bestLookOfAll(coursesBefore), looks.length - 1)]!
}

/**
 * Compares the adapter with the one before over labels that it did not learn. Where each fold was held out once, with the
 * adapters of their own trainings: at the look that was best for the other folds, so that no photo has a say in what it is
 * judged by.
 */
async function judgeRun(
  { student, plan, signal }: Teaching,
  lessons: readonly Lesson[],
  courses: readonly Course[],
  labels: readonly number[],
  adapters: { start: TrainerState; kept: Tensors },
): Promise<AdapterComparison> {
  const { examples, settings } = plan
  if (plan.heldOut === 'one') {
    const judged = labels.filter((example) => examples[example]!.fold === 0)
    const said = []
    for (const adapter of [adapters.start.tensors, adapters.kept]) {
      const tensors = new Map([...adapters.start.tensors, ...adapter])
      student.trainer.restore({ step: 0, tensors })
      said.push(await observe(judged, student, await student.recaller(), () => giveWay(signal)))
    }
    return compareSaid(examples, said[0]!, said[1]!, settings.seed)
  }
  const folds = courses.filter((_, index) => lessons[index]!.isJudged)
  const chosen = folds.map((course) => {
    const others = folds.filter((other) => other !== course)
    const look = bestLookOfAll(others.length > 0 ? others : [course])
    return course.looks[Math.min(look, course.looks.length - 1)]!
  })
  return compareSaid(
    examples,
    folds.flatMap(({ looks }) => looks[0]!.photos),
    chosen.flatMap(({ photos }) => photos),
    settings.seed,
  )
}

/** Held-out losses over the training of the adapter; where each fold was held out once, the mean over their trainings. */
function drawLosses(courses: readonly Course[], lessons: readonly Lesson[], { looks }: Schedule) {
  const watching = courses.filter((_, index) => lessons[index]!.watched.length > 0)
  const longest = Math.max(0, ...watching.map((course) => course.looks.length))
  return looks.slice(0, longest).map((step, at) => {
    const reached = watching.map((course) => course.looks[Math.min(at, course.looks.length - 1)]!.loss)
    return { step, loss: reached.reduce((sum, loss) => sum + loss, 0) / reached.length }
  })
}

function toTensors({ step, tensors }: TrainerState, best: Tensors | null): Tensors {
  const kept = [...(best ?? [])].map(([name, data]) => [bestPrefix + name, data] as const)
  return new Map([...tensors, ...kept, [stepTensor, Float32Array.of(step)]])
}

function readState(saved: Tensors): TrainerState {
  const tensors = [...saved].filter(([name]) => name !== stepTensor && !name.startsWith(bestPrefix))
  return { step: saved.get(stepTensor)![0]!, tensors: new Map(tensors) }
}

function readBest(saved: Tensors): Tensors | null {
  const kept = [...saved].filter(([name]) => name.startsWith(bestPrefix))
  return kept.length === 0 ? null : new Map(kept.map(([name, data]) => [name.slice(bestPrefix.length), data]))
}
