import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { copyFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type AdapterTexts, adapterTexts } from '../../contract/adapters.ts'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import type {
  Adapter,
  AdapterChange,
  AdapterList,
  AdapterMeasurement,
  LearnedName,
} from '../../contract/rooms/adapters.ts'
import type { ModelChoice } from '../../contract/rooms/models.ts'
import type { HeldOut } from '../../contract/rooms/teaching.ts'
import type { AdapterComparison, HeldOutPhoto, TrainingExample } from '../../contract/training.ts'
import type { OwnEngine } from '../queue/own-engine.ts'
import type { Store } from '../store/store.ts'
import type { FinishedTraining } from './training-run.ts'

/** More photos tell no more, and take their time. */
const mostMeasured = 200

export interface AdapterShelfOptions {
  store: Pick<Store, 'adapters' | 'labels' | 'photos'>
  /** Of adapters' files. */
  adapterDirectory: string
  /** Where the file of one is. */
  adapterFile(id: string): string
  chosen(): ModelChoice
  /** @throws LensloreError `MODEL_NOT_FOUND` */
  modelDirectory(): Promise<string>
  /** Captions with another adapter from now on. */
  choose(choice: ModelChoice): Promise<void>
  /** Asks an engine that is there for that alone. */
  withEngine<T>(work: (engine: OwnEngine) => Promise<T>, signal: AbortSignal): Promise<T>
  /** How visual memories are computed and kept. */
  memories(): Pick<
    Parameters<OwnEngine['evaluateAdapter']>[0],
    'memoryDirectory' | 'memoryLimitBytes' | 'provider' | 'threads'
  >
  onChanged(): void
}

/** Adapters as things that a person keeps, compares, uses and throws away. */
export interface AdapterShelf {
  list(): AdapterList
  describe(id: string, texts: Partial<Pick<AdapterTexts, 'name' | 'note'>>): Adapter
  /** One that a training proposes is accepted by it. */
  activate(id: string, anyway: boolean, signal: AbortSignal): Promise<AdapterList>
  /** What a person accepted. */
  accept(id: string, signal: AbortSignal): Promise<void>
  rollBack(): Promise<AdapterList>
  discard(id: string): AdapterList
  measure(id: string, against: string | null, signal: AbortSignal): Promise<AdapterMeasurement>
  changes(limit: number): AdapterChange[]
  names(): LearnedName[]
  /** The active adapter goes on without a name. @returns the adapters that learned it, and the active one. */
  forget(name: string, signal: AbortSignal): Promise<{ adapters: string[]; active: string | null }>
  exportTo(id: string, path: string, signal: AbortSignal): Promise<{ sizeBytes: number; names: string[] }>
  importFrom(path: string, signal: AbortSignal): Promise<Adapter>
  /** Takes in what a training made; to be accepted or discarded. @returns its id. */
  takeTrained(
    finished: FinishedTraining,
    about: { parent: string | null; learned: readonly string[] },
    signal: AbortSignal,
  ): Promise<string>
  /** null: the model's own. */
  pathOf(id: string | null): string | null
}

export function createAdapterShelf(options: AdapterShelfOptions): AdapterShelf {
  const { store, adapterDirectory, chosen, modelDirectory, choose, withEngine, memories, onChanged } = options
  const { adapterFile: fileOf } = options
  const { adapters, labels, photos } = store

  const pathOf = (id: string | null) => (id === null ? null : fileOf(id))

  function known(id: string): Adapter {
    const adapter = adapters.byId(id)
    if (!adapter) throw invalid(`This library has no adapter ${id.slice(0, 12)}.`)
    return adapter
  }

  function list(): AdapterList {
    const { model, adapterId } = chosen()
    const turn = adapterId === null ? undefined : adapters.lastTurn(model, adapterId)
    return {
      adapters: adapters.list(),
      active: adapterId,
      ...(adapterId === null ? {} : { before: turn?.beforeId ?? null }),
    }
  }

  /** @throws LensloreError `FILE_NOT_FOUND` where its file is gone, `CHECKPOINT_INVALID` for another one or another base */
  async function inspectKept(id: string, signal: AbortSignal): Promise<void> {
    const found = await withEngine(
      async (engine) =>
        engine.inspectAdapter({ modelDirectory: await modelDirectory(), adapterPath: fileOf(id) }),
      signal,
    )
    if (found.id === id) return
    throw new LensloreError('CHECKPOINT_INVALID', `The file of the ${shownName(known(id))} is damaged.`)
  }

  const learnersOf = (name: string) =>
    adapters.list().filter(({ names }) => names.some(({ text }) => text === name))

  /** Another adapter, which is the same but for what recognises a name. @returns its id. */
  async function leaveOut(name: string, from: Adapter, signal: AbortSignal): Promise<string> {
    mkdirSync(adapterDirectory, { recursive: true })
    const { name: title, note, createdMs, data, metrics } = from
    const texts = { name: title, note, parent: from.id, createdMs, data, metrics }
    const made = join(adapterDirectory, `${process.pid}-without.part`)
    try {
      return await withEngine(async (engine) => {
        await engine.copyAdapter({ from: fileOf(from.id), to: made, texts, forgotten: [name] })
        const description = await engine.inspectAdapter({
          modelDirectory: await modelDirectory(),
          adapterPath: made,
        })
        await rename(made, fileOf(description.id))
        const { origin } = from
        const learned = [...adapters.learned(from.id)]
        adapters.add({ description, parent: from.id, origin, state: 'kept', texts }, learned, Date.now())
        if (from.measured) adapters.setMeasured(description.id, from.measured)
        return description.id
      }, signal)
    } finally {
      await rm(made, { force: true })
    }
  }

  async function beginTurn(id: string, signal: AbortSignal): Promise<void> {
    const { model, adapterId: beforeId } = chosen()
    if (beforeId === id) return
    await inspectKept(id, signal)
    adapters.keep(id)
    adapters.beginTurn({ model, adapterId: id, beforeId }, Date.now())
    await choose({ model, adapterPath: null, adapterId: id })
    onChanged()
  }

  function checkThatItMay(adapter: Adapter, anyway: boolean): void {
    if (adapter.origin === 'imported' && adapter.measured === null) {
      if (anyway && unlearnedExamples([adapter.id]).length === 0) return
      throw invalid(
        `The ${shownName(adapter)} comes from elsewhere: measure it on your own labelled photos before it captions them.`,
      )
    }
    if (adapter.measured?.verdict === 'not-better' && !anyway) {
      throw invalid(`The ${shownName(adapter)} was found not to be better on your photos.`)
    }
  }

  /** Under a name of its own: another process may keep the same one. */
  async function keepFile(id: string, write: (path: string) => Promise<unknown>): Promise<void> {
    mkdirSync(adapterDirectory, { recursive: true })
    const part = join(adapterDirectory, `${process.pid}-${id.slice(0, 16)}.part`)
    try {
      await write(part)
      await rename(part, fileOf(id))
    } finally {
      await rm(part, { force: true })
    }
  }

  /** Photos in a person's own words that none of these adapters learned, the newest first. */
  function unlearnedExamples(ids: readonly string[]): TrainingExample[] {
    const learned = ids.map((id) => adapters.learned(id))
    const rows = labels
      .newest(Number.MAX_SAFE_INTEGER, 20 * mostMeasured)
      .map(({ photo, text }) => ({ photo: photos.byId(photo)!, text }))
      .filter(({ photo }) => !learned.some((contents) => contents.has(photo.contentHash!)))
      .slice(0, mostMeasured)
    return rows.map(({ photo, text }, group) => ({
      contentHash: photo.contentHash!,
      path: photo.path,
      kind: 'label',
      captions: [{ text, weight: 1 }],
      group,
      fold: 0,
    }))
  }

  return {
    list,
    pathOf,
    describe(id, texts) {
      known(id)
      adapters.describe(id, texts)
      onChanged()
      return known(id)
    },

    async activate(id, anyway, signal) {
      const adapter = known(id)
      if (adapter.state === 'proposed') {
        throw invalid(`The ${shownName(adapter)} waits for its training to be accepted or discarded.`)
      }
      checkThatItMay(adapter, anyway)
      await beginTurn(id, signal)
      return list()
    },
    accept: beginTurn,

    async rollBack() {
      const { model, adapterId } = chosen()
      if (adapterId === null)
        throw invalid('The model captions with its own adapter: there is none before it.')
      const turn = adapters.lastTurn(model, adapterId)
      await choose({ model, adapterPath: null, adapterId: turn?.beforeId ?? null })
      if (turn) adapters.endTurn(turn.position)
      onChanged()
      return list()
    },

    discard(id) {
      const adapter = known(id)
      if (chosen().adapterId === id) {
        throw invalid(`The ${shownName(adapter)} captions this library: roll it back first.`)
      }
      adapters.remove(id)
      rmSync(fileOf(id), { force: true })
      onChanged()
      return list()
    },

    async measure(id, against, signal) {
      const ids = [id, ...(against === null ? [] : [against])]
      for (const each of ids) known(each)
      const examples = unlearnedExamples(ids)
      if (examples.length === 0) {
        throw invalid(
          `There are no photos to measure the ${shownName(known(id))} on: label some that it has not learned.`,
        )
      }
      const { photos: compared, ...figures } = await withEngine(
        async (engine) =>
          engine.evaluateAdapter({
            modelDirectory: await modelDirectory(),
            ...memories(),
            before: pathOf(against),
            after: fileOf(id),
            examples,
          }),
        signal,
      )
      if (against === null) {
        adapters.setMeasured(id, figures)
        onChanged()
      }
      return { ...figures, photos: heldOutOf(labels, compared) }
    },

    changes(limit) {
      const { adapterId } = chosen()
      return adapterId === null ? [] : adapters.changes(known(adapterId).baseModel, adapterId, limit)
    },

    names() {
      const byName = new Map<string, string[]>()
      for (const { id, names } of adapters.list()) {
        for (const { text } of names) byName.set(text, [...(byName.get(text) ?? []), id])
      }
      return [...byName].map(([name, ids]) => ({ name, adapters: ids }))
    },

    async forget(name, signal) {
      const learners = learnersOf(name)
      const active = learners.find(({ id }) => id === chosen().adapterId)
      if (active) await beginTurn(await leaveOut(name, active, signal), signal)
      return { adapters: learners.map(({ id }) => id), active: chosen().adapterId }
    },

    async exportTo(id, path, signal) {
      const { name, note, parent, createdMs, data, metrics, names, shape } = known(id)
      if (!existsSync(fileOf(id))) throw goneFile(known(id))
      const texts = { name, note, parent, createdMs, data, metrics }
      const part = `${path}.${process.pid}.part`
      try {
        await withEngine((engine) => engine.copyAdapter({ from: fileOf(id), to: part, texts }), signal)
        await rename(part, path)
      } catch (cause) {
        // What failed to be written has a name of our own, which tells a person nothing.
        if (cause instanceof LensloreError && cause.code !== 'WRITE_FAILED') throw cause
        throw new LensloreError('WRITE_FAILED', `${displayFileName(path)} cannot be written.`, { cause })
      } finally {
        await rm(part, { force: true })
      }
      return { sizeBytes: shape.sizeBytes, names: names.map(({ text }) => text) }
    },

    importFrom: (path, signal) =>
      withEngine(async (engine) => {
        const directory = await modelDirectory()
        const inspect = (adapterPath: string) =>
          engine.inspectAdapter({ modelDirectory: directory, adapterPath })
        const description = await inspect(path)
        const { id, texts } = description
        if (adapters.byId(id) && existsSync(fileOf(id))) return known(id)
        await keepFile(id, async (part) => {
          await copyFile(path, part)
          // It may have been written to meanwhile.
          if ((await inspect(part)).id === id) return
          throw new LensloreError('FILE_CHANGED', `${displayFileName(path)} changed while it was read.`)
        })
        adapters.add(
          { description, parent: texts.parent, origin: 'imported', state: 'kept', texts },
          [],
          Date.now(),
        )
        onChanged()
        return known(id)
      }, signal),

    async takeTrained({ outcome, adapter, adapterPath }, { parent, learned }, signal) {
      const nowMs = Date.now()
      const texts = adapterTexts.parse({
        parent,
        createdMs: nowMs,
        data: { labels: outcome.labels, replayed: outcome.replayed, steps: outcome.keptSteps },
        metrics: figuresOf(outcome),
      })
      await withEngine(
        (engine) =>
          keepFile(adapter.id, (part) => engine.copyAdapter({ from: adapterPath, to: part, texts })),
        signal,
      )
      adapters.add(
        { description: adapter, parent, origin: 'trained', state: 'proposed', texts },
        learned,
        nowMs,
      )
      onChanged()
      return adapter.id
    },
  }
}

/** With the photos that have these contents now. */
export function heldOutOf(
  labels: Pick<Store['labels'], 'photoWith'>,
  compared: readonly HeldOutPhoto[],
): HeldOut[] {
  return compared.map(({ contentHash, ...photo }) => ({
    ...photo,
    photo: labels.photoWith(contentHash)?.id ?? null,
  }))
}

function figuresOf({ better, worse, same, cider, loss }: AdapterComparison): Record<string, number> {
  return {
    better,
    worse,
    same,
    ...(cider ? { ciderBefore: cider.before.mean, ciderAfter: cider.after.mean } : {}),
    ...(loss ? { lossBefore: loss.before.mean, lossAfter: loss.after.mean } : {}),
  }
}

function shownName({ name, id }: Pick<Adapter, 'name' | 'id'>): string {
  return name === '' ? `adapter ${id.slice(0, 12)}` : `adapter “${name}”`
}

function goneFile(adapter: Adapter): LensloreError {
  return new LensloreError('FILE_NOT_FOUND', `The ${shownName(adapter)} has lost its file.`)
}

function invalid(message: string): LensloreError {
  return new LensloreError('INVALID_ARGUMENT', message)
}
