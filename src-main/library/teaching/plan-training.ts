import type { LabelKind } from '../../contract/label-kinds.ts'
import type { ProviderName } from '../../contract/provider-names.ts'
import type { TrainingExample, TrainingPlan } from '../../contract/training.ts'
import { groupByMoment } from '../store/same-moment.ts'
import type { Store } from '../store/store.ts'
import { createChance } from './chance.ts'
import { splitByGroups } from './split.ts'

/** More are no better than these, and take their time. */
const mostLabels = 20_000
/** Photos that it is held to, for each label, and in all. */
const replayedForEach = 5
const fewestReplayed = 100
const mostReplayed = 500
/** Where names are learned, for what is taken for them: of a hundred, a quarter of which resembles them, none stands for 2 %. */
const replayedForNames = 600

export interface MemoryPlace {
  memoryDirectory: string
  memoryLimitBytes: number
}

export interface PlanOptions {
  store: Pick<Store, 'database' | 'labels' | 'photos'>
  model: {
    modelDirectory: string
    adapterPath: string | null
    provider: ProviderName
    threads: number | null
  }
  memories: MemoryPlace
  /** Of the model and adapter that it begins with; null: it is not known what they call themselves. */
  startKey: string | null
  asked: {
    also: readonly LabelKind[]
    names: TrainingPlan['names']
    passes?: number | undefined
    rate?: number | undefined
    seed?: number | undefined
  }
}

export interface PlannedTraining {
  plan: TrainingPlan
  labels: number
  replayed: number
}

/** A photo of the plan, before anything is known of its picture. */
interface Chosen {
  photoId: number
  contentHash: string
  path: string
  kind: TrainingExample['kind']
  isOwn: boolean
  captions: string[]
}

/** What a person labelled, and a sample of the rest, as the engine's training takes it. */
export function planTraining(options: PlanOptions): PlannedTraining {
  const { store, model, memories, asked } = options
  const seed = asked.seed ?? 1
  const labelled = labelledPhotos(options)
  const contents = new Set(labelled.map(({ contentHash }) => contentHash))
  const replayed = countReplayed(labelled.length, Boolean(asked.names?.length))
  const chosen = [...labelled, ...replayedPhotos(options, replayed, seed, contents)]
  const groupOf = groupByMoment(
    store.database,
    chosen.map(({ photoId }) => photoId),
  )
  const groups = chosen.map(({ photoId }) => groupOf.get(photoId)!)

  const ownGroups = chosen.flatMap(({ isOwn }, index) => (isOwn ? [groups[index]!] : []))
  const { heldOut, folds, foldOf } = splitByGroups(ownGroups, createChance(seed))
  const areOwn = new Set(ownGroups)
  const areLabels = new Set(chosen.flatMap(({ kind }, index) => (kind === 'label' ? [groups[index]!] : [])))
  // What is nearly the same as a photo that is held out would tell of it.
  const isKept = ({ kind, isOwn }: Chosen, group: number) =>
    isOwn || !(kind === 'label' ? areOwn : areLabels).has(group)

  const examples = chosen.flatMap((photo, index) => {
    const { contentHash, path, kind, isOwn, captions } = photo
    const group = groups[index]!
    if (!isKept(photo, group)) return []
    const fold = isOwn ? (foldOf.get(group) ?? null) : null
    return [{ contentHash, path, kind, captions: captions.map((text) => ({ text })), group, fold }]
  })
  const { passes, rate } = asked
  const { adapterPath, ...way } = model
  return {
    plan: {
      version: 1,
      ...way,
      ...memories,
      start: adapterPath === null ? 'model' : { adapterPath },
      heldOut,
      folds,
      names: asked.names,
      settings: {
        seed,
        ...(passes === undefined ? {} : { passes }),
        ...(rate === undefined ? {} : { rate }),
      },
      examples,
    },
    labels: examples.filter(({ kind }) => kind === 'label').length,
    replayed: examples.filter(({ kind }) => kind === 'replay').length,
  }
}

/** Each content once; where somebody wrote of one for itself, the words that came otherwise are left out. */
function labelledPhotos({ store, asked }: PlanOptions): Chosen[] {
  const rows = store.labels.labelled(['own', ...asked.also], mostLabels)
  const facts = factsOf(
    store,
    rows.map(({ photoId }) => photoId),
  )
  const byContent = new Map<string, Chosen>()
  for (const own of [true, false]) {
    for (const { photoId, kind, text, contentHash } of rows) {
      const known = byContent.get(contentHash)
      if ((kind === 'own') !== own || (known?.isOwn && !own)) continue
      if (known) {
        if (!known.captions.includes(text)) known.captions.push(text)
        continue
      }
      byContent.set(contentHash, {
        ...facts.get(photoId)!,
        contentHash,
        kind: 'label',
        isOwn: own,
        captions: [text],
      })
    }
  }
  return [...byContent.values()]
}

/** How many photos a model is held to while it learns. */
export function countReplayed(labels: number, hasNames: boolean): number {
  if (hasNames) return replayedForNames
  return Math.min(Math.max(replayedForEach * labels, fewestReplayed), mostReplayed)
}

/** What the model said of them, where that was with the adapter that it begins with; else it says it again. */
function replayedPhotos(
  { store, startKey }: PlanOptions,
  wanted: number,
  seed: number,
  except: ReadonlySet<string>,
): Chosen[] {
  const sample = store.labels.sample(wanted, createChance(`replay ${seed}`))
  const facts = factsOf(
    store,
    sample.map(({ photoId }) => photoId),
  )
  const seen = new Set(except)
  return sample.flatMap(({ photoId, contentHash, text, captionedBy }) => {
    if (seen.has(contentHash)) return []
    seen.add(contentHash)
    const captions = captionedBy === startKey ? [text] : []
    return [{ ...facts.get(photoId)!, contentHash, kind: 'replay' as const, isOwn: false, captions }]
  })
}

function factsOf({ photos }: Pick<Store, 'photos'>, ids: readonly number[]) {
  return new Map(photos.byIds([...ids]).map(({ id, path }) => [id, { photoId: id, path }]))
}
