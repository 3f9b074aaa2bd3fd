import { rename } from 'node:fs/promises'
import { adapterTexts } from '../../contract/adapters.ts'
import { LensloreError } from '../../contract/errors.ts'
import type { ProviderName } from '../../contract/providers.ts'
import type { AdapterShape, TrainingExample, TrainingSettings } from '../../contract/training.ts'
import { readAdapterFile, renumber, writeAdapterFile } from '../captioning/adapter-file.ts'
import { type Checkpoint, readCheckpoint } from '../captioning/checkpoint.ts'
import { type AdapterConfig, parseAdapterConfig } from '../model/configuration.ts'
import { float32Tensor, readSafetensorsHeader, readTensor, readTensors } from '../model/safetensors.ts'
import type { SamplingSettings } from '../model/sampling-graph.ts'
import { makeFreshAdapter } from './fresh-adapter.ts'
import { type Material, openMaterial } from './material.ts'
import { type HiddenReader, openHiddenReader } from './names/hidden-reader.ts'
import { describeNames, type LearnedName, tensorsOfNames } from './names/train-names.ts'
import { createRandom } from './random.ts'
import { openRecaller, type Recaller } from './recaller.ts'
import { openSampler, type Sampler } from './sampler.ts'
import { describeTensors, type FrozenDecoder, freeze } from './step-graph.ts'
import { createTrainer, type Trainer, usualSettings } from './trainer.ts'

/** A model with an adapter that changes, what it learns from, and what it says of that. */
export interface Student {
  checkpoint: Checkpoint
  adapter: AdapterConfig
  /** A new adapter, that goes on from none. */
  isFresh: boolean
  material: Material
  trainer: Trainer
  /** Opened when it is asked for first: describing takes memory of its own. */
  recaller(): Promise<Recaller>
  /** The same for drawing captions. */
  sampler(settings: Pick<SamplingSettings, 'samples' | 'temperature'>): Promise<Sampler>
  /** Reads what its decoder chooses words from; whoever opens it closes it. @param adapter as it is from now on */
  openHiddenReader(adapter: ReadonlyMap<string, Float32Array>): Promise<HiddenReader>
  close(): Promise<void>
}

export interface StudentOptions {
  modelDirectory: string
  /** As a training plan has it. */
  start: 'model' | { adapterPath: string } | { shape: AdapterShape }
  examples: readonly TrainingExample[]
  memoryDirectory: string
  memoryLimitBytes: number
  provider: ProviderName
  threads: number
  settings: TrainingSettings
}

/**
 * @throws LensloreError those of `readCheckpoint` and `readTokenizer`; `MODEL_INCOMPLETE` for a model that has no adapter to begin
 * with
 */
export async function openStudent(options: StudentOptions): Promise<Student> {
  const { modelDirectory, start, settings, provider, threads } = options
  const adapterPath = start instanceof Object && 'adapterPath' in start ? start.adapterPath : null
  const checkpoint = await readCheckpoint(modelDirectory, adapterPath)
  const { model, generation } = checkpoint
  const adapter = chooseAdapter(checkpoint, start, modelDirectory)
  const material = await openMaterial(options.examples, { ...options, checkpoint })
  const frozen = freeze(model, adapter, model.decoder.config.positions)
  const isFresh = start instanceof Object && 'shape' in start
  const trainer = createTrainer({
    frozen,
    adapter: isFresh
      ? makeFreshAdapter(frozen, createRandom(settings.seed))
      : await readAdapter(checkpoint.adapterFile!, frozen),
    settings: {
      ...usualSettings,
      labelSmoothing: settings.labelSmoothing,
      weightDecay: settings.weightDecay,
      clipNorm: settings.clipNorm,
      hasReference:
        settings.replayTo === 'distribution' && options.examples.some(({ kind }) => kind === 'replay'),
    },
    provider,
    threads,
  })
  let recaller: Promise<Recaller> | undefined
  let sampler: Promise<Sampler> | undefined
  // Saying captions is a Loop, for which a graphics card is of no use (docs/decisions/captioning-graph.md).
  const saying = { model, adapter, provider: 'cpu' as const, threads }

  return {
    checkpoint,
    adapter,
    isFresh,
    material,
    trainer,
    recaller() {
      const names = isFresh ? [] : checkpoint.names
      const gluing = material.tokenizer.gluing(model.decoder.config.vocabulary)
      recaller ??= openRecaller({ ...saying, names: { names, gluing }, generation })
      return recaller
    },
    sampler(chosen) {
      const longest = Math.min(generation.maxNewTokens, model.decoder.config.positions)
      sampler ??= openSampler({ ...saying, ...chosen, longest })
      return sampler
    },
    openHiddenReader: (tensors) => openHiddenReader(model, adapter, tensors, provider, threads),
    async close() {
      for (const opened of [recaller, sampler]) await (await opened?.catch(() => undefined))?.close()
      await trainer.close()
      await material.close()
    },
  }
}

function chooseAdapter(
  { model }: Checkpoint,
  start: StudentOptions['start'],
  modelDirectory: string,
): AdapterConfig {
  const own = model.decoder.adapter?.config
  if (start instanceof Object && 'shape' in start) {
    const { config } = model.decoder
    const {
      rank = own?.rank ?? Math.floor(config.width / 2),
      heads = own?.heads ?? config.heads,
      firstLayer = own?.firstLayer ?? 0,
      scale = own?.scale ?? 1,
    } = start.shape
    return parseAdapterConfig({ rank, heads, first_layer: firstLayer, scale }, config, 'The new adapter')
  }
  if (own) return own
  throw new LensloreError('MODEL_INCOMPLETE', `The model in ${modelDirectory} has no adapter to begin with.`)
}

/** @returns the tensors that are trained, whatever else is in the file */
export async function readAdapter(path: string, frozen: FrozenDecoder): Promise<Map<string, Float32Array>> {
  return readTensors(await readSafetensorsHeader(path), describeTensors(frozen).keys())
}

/**
 * Writes an adapter like the one that the student began with, names that it knew included.
 * @param tensors those that were trained
 * @param learned names that are new, or were learned anew
 * @throws LensloreError `DISK_FULL`, `WRITE_FAILED`
 */
export async function writeAdapter(
  path: string,
  { checkpoint, adapter, isFresh, trainer }: Student,
  tensors: ReadonlyMap<string, Float32Array>,
  learned: readonly LearnedName[],
): Promise<void> {
  const { modelId, adapterFile, adapterId } = checkpoint
  const toWrite = new Map(
    [...trainer.shapes].map(([name, shape]) => [name, float32Tensor(shape, tensors.get(name)!)]),
  )
  const known = isFresh || adapterFile === null ? null : await readAdapterFile(adapterFile)
  const before = known?.names ?? []
  const kept = [...before.keys()].filter((index) => !learned.some(({ text }) => text === before[index]!.text))
  for (const [name, { shape }] of known?.header.tensors ?? []) {
    const renumbered = name.startsWith('names.') ? renumber(name, kept) : null
    if (renumbered !== null)
      toWrite.set(renumbered, float32Tensor(shape, await readTensor(known!.header, name)))
  }
  for (const [name, tensor] of tensorsOfNames(learned, kept.length)) toWrite.set(name, tensor)
  const part = `${path}.part`
  await writeAdapterFile(part, {
    baseModel: modelId,
    config: adapter,
    names: [...kept.map((index) => before[index]!), ...describeNames(learned)],
    texts: adapterTexts.parse({ parent: isFresh ? null : adapterId, createdMs: Date.now() }),
    tensors: toWrite,
  })
  await rename(part, path)
}
