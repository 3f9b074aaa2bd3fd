import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { LensloreError } from '../../contract/errors.ts'
import type { CatalogueModel } from './catalogue.ts'

/** `repository@revision` → file → SHA-256, as first seen. */
const pinsSchema = z.record(z.string(), z.record(z.string(), z.string()))
type Pins = z.infer<typeof pinsSchema>

/**
 * Checksums that the first download of a model saw, by file. Where the catalogue knows none, the first download
 * is trusted on the hub's word and every later one must bring the same bytes.
 */
export async function readPins(
  dataDirectory: string,
  model: CatalogueModel,
): Promise<ReadonlyMap<string, string>> {
  const pins = await readAll(dataDirectory)
  return new Map(Object.entries(pins[pinKey(model)] ?? {}))
}

export async function pinChecksums(
  dataDirectory: string,
  model: CatalogueModel,
  checksums: ReadonlyMap<string, string>,
): Promise<void> {
  const pins = await readAll(dataDirectory)
  const path = pinsPath(dataDirectory)
  const next = { ...pins, [pinKey(model)]: Object.fromEntries(checksums) }
  await mkdir(dirname(path), { recursive: true })
  const fresh = `${path}.${randomUUID()}`
  await writeFile(fresh, `${JSON.stringify(next, null, 2)}\n`)
  await rename(fresh, path)
}

const pinsPath = (dataDirectory: string) => join(dataDirectory, 'models', 'checksums.json')
const pinKey = ({ repository, revision }: CatalogueModel) => `${repository}@${revision}`

async function readAll(dataDirectory: string): Promise<Pins> {
  const path = pinsPath(dataDirectory)
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return '{}'
    throw new LensloreError('FILE_UNREADABLE', `${path} could not be read.`, { cause })
  })
  try {
    return pinsSchema.parse(JSON.parse(text))
  } catch (cause) {
    const advice = 'remove it to trust the next download afresh'
    throw new LensloreError('FILE_UNREADABLE', `${path} is not a list of checksums; ${advice}.`, { cause })
  }
}
