import { readdir, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve, sep } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import type { ModelEntry } from '../../contract/rooms/models.ts'
import { readCatalogue, shippedModelsDirectory } from './catalogue.ts'

/** The model that captions where none is named. */
export const defaultModelName = 'lenslore-v1'

/** Every model there is: those that came with the app, those downloaded, those that could be. */
export async function listModels(
  dataDirectory: string,
  modelsDirectory = shippedModelsDirectory,
): Promise<ModelEntry[]> {
  const entries: ModelEntry[] = []
  for (const name of await folderNames(modelsDirectory)) {
    const directory = await modelDirectory(join(modelsDirectory, name))
    if (directory) entries.push({ ...embeddedEntry(name, directory), sizeBytes: await folderSize(directory) })
  }
  const catalogue = await readCatalogue(modelsDirectory)
  const sizes = new Map<string, number | null>()
  for (const model of catalogue.models) {
    const sizeBytes = sumOrNull(model.files.map((file) => file.sizeBytes))
    sizes.set(model.name, sizeBytes)
    const { name, title, source, note } = model
    const licence = model.licence.name
    const captions = model.kind === 'captioner'
    entries.push(await located({ name, title, captions, sizeBytes, licence, source, note }, dataDirectory))
  }
  for (const { name, title, vision, decoder, note } of catalogue.compositions) {
    const sizeBytes = sumOrNull([sizes.get(vision) ?? null, sizes.get(decoder) ?? null])
    const about = { name, title, captions: false, sizeBytes, licence: null, source: null, note }
    entries.push(await located(about, dataDirectory))
  }
  return entries
}

/**
 * Where a model's files are, by its name or by the path of its folder.
 * @returns the folder with config.json, checkpoints and tokenizer.
 * @throws LensloreError `MODEL_NOT_FOUND`, naming those there are.
 */
export async function findModel(
  name: string,
  dataDirectory: string,
  modelsDirectory = shippedModelsDirectory,
): Promise<string> {
  if (isAbsolute(name) || name.includes('/') || name.includes(sep)) {
    const directory = await modelDirectory(resolve(name))
    if (directory) return directory
    throw new LensloreError('MODEL_NOT_FOUND', `${name} is not a model folder: it has no config.json.`)
  }
  const places = name.startsWith('.')
    ? []
    : [join(modelsDirectory, name), downloadedDirectory(name, dataDirectory)]
  for (const place of places) {
    const directory = await modelDirectory(place)
    if (directory) return directory
  }
  throw await unknownModel(name, dataDirectory, modelsDirectory)
}

/** Where the engine keeps forms of fewer bits that it makes from models. */
export function formDirectoryIn(dataDirectory: string): string {
  return join(dataDirectory, 'forms')
}

export function downloadedDirectory(name: string, dataDirectory: string): string {
  return join(dataDirectory, 'models', name)
}

/** Where bytes of unfinished downloads wait. */
export function partialDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'models', '.partial')
}

/** The folder itself where it holds a model, else null. */
export async function modelDirectory(directory: string): Promise<string | null> {
  const config = await stat(join(directory, 'config.json')).catch(() => null)
  return config?.isFile() ? directory : null
}

export async function unknownModel(
  name: string,
  dataDirectory: string,
  modelsDirectory = shippedModelsDirectory,
): Promise<LensloreError> {
  const known = await listModels(dataDirectory, modelsDirectory)
  const entry = known.find((model) => model.name === name)
  if (entry) {
    return new LensloreError('MODEL_NOT_FOUND', `${name} is not downloaded yet: download it first.`)
  }
  const names = known.map((model) => model.name).join(', ')
  return new LensloreError('MODEL_NOT_FOUND', `There is no model named ${name}; there are ${names}.`)
}

type About = Omit<ModelEntry, 'state' | 'directory'>

async function located(about: About, dataDirectory: string): Promise<ModelEntry> {
  const directory = await modelDirectory(downloadedDirectory(about.name, dataDirectory))
  if (!directory) return { ...about, state: 'available', directory: null }
  return { ...about, state: 'downloaded', directory, sizeBytes: await folderSize(directory) }
}

function embeddedEntry(name: string, directory: string): ModelEntry {
  return {
    name,
    title: 'The small model that comes with Lenslore, for evaluation',
    state: 'embedded',
    captions: true,
    directory,
    sizeBytes: null,
    licence: null,
    source: null,
    note: 'What it was trained on and what it can describe stands in the README.md of its folder.',
  }
}

function sumOrNull(sizes: (number | null)[]): number | null {
  return sizes.reduce((sum, size) => (sum === null || size === null ? null : sum + size), 0)
}

async function folderNames(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

async function folderSize(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
