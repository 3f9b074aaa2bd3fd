import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import { toWriteError } from '../imaging/keep-file.ts'
import type { Form, MatrixLayout, ReducedMatrix, StoredTensor, TensorLocation } from '../model/graph.ts'
import { widenBfloat16, widenFloat16 } from '../model/half-floats.ts'
import { toInt8 } from '../model/int8.ts'
import {
  float32Tensor,
  readBytes,
  readSafetensorsHeader,
  type SafetensorsHeader,
  type TensorToWrite,
  writeSafetensors,
} from '../model/safetensors.ts'
import { hashSamples } from './file-samples.ts'
import { formVersions } from './precision.ts'

/**
 * A model's matrices in int8, made from its weights when they are wanted first and kept in a folder of the app's own. The file is
 * named by the weights it is made of and by the version of how: another base, or another version, has another file.
 */
export interface Int8Form extends Form {
  /** Where it is kept; null for one of which nothing is. */
  readonly filePath: string | null
}

export interface Int8FormOptions {
  /** null: there is none. */
  directory: string | null
  /** Files that change, as an adapter does: what comes from them is made anew each time, and not kept. */
  loose: ReadonlySet<string>
  /** Of all that is kept there; the form that is opened stays in any case. */
  limitBytes?: number
}

/** Smaller ones cost more to bring their inputs to int8 than they save. */
const smallestMatrix = 1 << 10

/** Of all files together; those that were not opened for longest give way. */
const mostBytes = 4 * 2 ** 30
/** A file that nobody has written to for so long is what a killed engine left of it. */
const abandonedMs = 600_000

const version = formVersions.int8
/** Nothing else in the folder is ours to remove. */
const ourNames = /^[0-9a-f]{32}\.int8-(\d+)\.safetensors(\.\d+-\d+\.part)?$/

interface Wanted {
  location: TensorLocation
  layout: MatrixLayout
  /** In the kept file. */
  name: string
}

let written = 0

/**
 * @param build writes the graph with a form: which matrices it multiplies by is what the form is made of
 * @throws LensloreError `DISK_FULL`, `WRITE_FAILED`; `PROVIDER_UNAVAILABLE` where there is no folder for it; as `readBytes` for the weights' own files
 */
export async function openInt8Form(
  build: (form: Form) => unknown,
  { directory, loose, limitBytes = mostBytes }: Int8FormOptions,
): Promise<Int8Form> {
  if (directory === null) {
    throw new LensloreError('PROVIDER_UNAVAILABLE', 'There is no folder where the int8 form can be kept.')
  }
  const wanted = listWanted(build)
  const kept = wanted.filter(({ location }) => !loose.has(location.filePath))
  const stored = new Map<TensorLocation, ReducedMatrix<StoredTensor>>()
  for (const each of wanted) {
    if (!kept.includes(each)) stored.set(each.location, inMemory(await makeInt8(each)))
  }
  let filePath: string | null = null
  if (kept.length > 0) {
    filePath = join(directory, `${await digestWanted(kept)}.int8-${version}.safetensors`)
    const header = (await readKept(filePath, kept)) ?? (await keep(filePath, kept))
    for (const { location, name } of kept) stored.set(location, inFile(header, name))
    await dropOthers(directory, filePath, limitBytes)
  }
  const placeOf = ({ filePath: path, offsetBytes }: TensorLocation) => `${path}\n${offsetBytes}`
  const byPlace = new Map([...stored].map(([location, matrix]) => [placeOf(location), matrix]))
  return { filePath, reduce: (location) => byPlace.get(placeOf(location)) ?? null }
}

function listWanted(build: (form: Form) => unknown): Wanted[] {
  const wanted: Wanted[] = []
  const files: string[] = []
  build({
    reduce(location, layout) {
      const weights = location.shape.reduce((a, b) => a * b)
      if (layout !== 'kernel' && weights < smallestMatrix) return null
      if (!files.includes(location.filePath)) files.push(location.filePath)
      const name = `${files.indexOf(location.filePath)}.${location.offsetBytes}`
      wanted.push({ location, layout, name })
      return null
    },
  })
  return wanted
}

/** @returns 32 hex digits, by the weights and by what is made of them */
async function digestWanted(wanted: readonly Wanted[]): Promise<string> {
  const hash = createHash('sha256')
  for (const { location, layout, name } of wanted) {
    hash.update(JSON.stringify([name, layout, location.type, location.shape]))
  }
  for (const path of new Set(wanted.map(({ location }) => location.filePath))) {
    const { size, mtimeMs } = await stat(path)
    // A copy keeps the time to the second on any file system.
    hash.update(JSON.stringify([size, Math.floor(mtimeMs / 1000)]))
    await hashSamples(hash, path, size)
  }
  return hash.digest('hex').slice(0, 32)
}

/** @returns undefined where there is none that is whole */
async function readKept(filePath: string, wanted: readonly Wanted[]): Promise<SafetensorsHeader | undefined> {
  const header = await readSafetensorsHeader(filePath).catch(() => undefined)
  if (!header || !wanted.every(({ name }) => partsOf(name).every((part) => header.tensors.has(part)))) return
  const now = new Date()
  await utimes(filePath, now, now).catch(() => {})
  return header
}

/** Another reader sees the whole file or none; another writer writes the same. */
async function keep(filePath: string, wanted: readonly Wanted[]): Promise<SafetensorsHeader> {
  const part = `${filePath}.${process.pid}-${written++}.part`
  try {
    await mkdir(join(filePath, '..'), { recursive: true })
    await writeSafetensors(part, tensorsOf(wanted))
    await rename(part, filePath)
  } catch (cause) {
    await rm(part, { force: true }).catch(() => {})
    const theirs = await readKept(filePath, wanted)
    if (theirs) return theirs
    throw toWriteError(cause, 'the int8 form of the model')
  }
  return readSafetensorsHeader(filePath)
}

function tensorsOf(wanted: readonly Wanted[]): Map<string, TensorToWrite> {
  const tensors = new Map<string, TensorToWrite>()
  for (const each of wanted) {
    const [matrixName, scalesName] = partsOf(each.name)
    const shape = shapeOf(each)
    const scaleShape = [outWidthOf(each)]
    // They are asked for in this order, and no matrix is in memory longer than it takes to write it.
    let scales: Float32Array | undefined
    tensors.set(matrixName, {
      type: 'I8',
      shape,
      async bytes() {
        const made = await makeInt8(each)
        scales = made.scales
        return new Uint8Array(made.matrix.buffer)
      },
    })
    tensors.set(scalesName, {
      type: 'F32',
      shape: scaleShape,
      bytes: () => float32Tensor(scaleShape, scales!).bytes(),
    })
  }
  return tensors
}

const partsOf = (name: string): [matrix: string, scales: string] => [`${name}.matrix`, `${name}.scales`]

/** `[in, out]`, or a kernel's `[d, C, P, P]` */
function shapeOf({ location: { shape }, layout }: Wanted): readonly number[] {
  return layout === 'out-in' ? shape.toReversed() : shape
}

function outWidthOf({ location: { shape }, layout }: Wanted): number {
  return shape[layout === 'in-out' ? 1 : 0]!
}

async function makeInt8(wanted: Wanted) {
  const { location, layout } = wanted
  const bytes = await readBytes(location.filePath, location.offsetBytes, location.byteLength)
  const values =
    location.type === 'float16'
      ? widenFloat16(bytes)
      : location.type === 'bfloat16'
        ? widenBfloat16(bytes)
        : new Float32Array(bytes.buffer)
  const [first] = location.shape as [number]
  return { shape: shapeOf(wanted), ...toInt8(values, [first, values.length / first], layout) }
}

function inMemory({ shape, matrix, scales }: Awaited<ReturnType<typeof makeInt8>>) {
  return {
    matrix: { type: 'int8', shape, bytes: new Uint8Array(matrix.buffer) },
    scales: { type: 'float32', shape: [scales.length], bytes: new Uint8Array(scales.buffer) },
  } satisfies ReducedMatrix<StoredTensor>
}

function inFile({ filePath, tensors }: SafetensorsHeader, name: string): ReducedMatrix<TensorLocation> {
  const [matrix, scales] = partsOf(name).map((part) => tensors.get(part)!)
  return {
    matrix: { filePath, ...matrix!, type: 'int8' },
    scales: { filePath, ...scales!, type: 'float32' },
  }
}

/** What another version made, what was never finished, and of the rest what is too much. */
async function dropOthers(directory: string, present: string, limitBytes: number): Promise<void> {
  const found: { path: string; bytes: number; usedMs: number; isStale: boolean }[] = []
  for (const fileName of await readdir(directory)) {
    const [, madeBy, part] = ourNames.exec(fileName) ?? []
    const path = join(directory, fileName)
    const file = madeBy === undefined ? undefined : await stat(path).catch(() => undefined)
    if (!file || path === present) continue
    const isAbandoned = part !== undefined && Date.now() - file.mtimeMs > abandonedMs
    const isStale = part === undefined ? Number(madeBy) !== version : isAbandoned
    if (part === undefined || isAbandoned) {
      found.push({ path, bytes: file.size, usedMs: file.mtimeMs, isStale })
    }
  }
  let left = limitBytes - (await stat(present)).size
  for (const { path, bytes, isStale } of found.sort((a, b) => b.usedMs - a.usedMs)) {
    if (!isStale) left -= bytes
    // One that a program has open stays on some systems, until the next time.
    if (isStale || left < 0) await rm(path, { force: true }).catch(() => {})
  }
}
