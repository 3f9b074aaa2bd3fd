import { realpath } from 'node:fs/promises'
import { dirname, isAbsolute, relative, sep } from 'node:path'
import { env, InferenceSession, Tensor } from 'onnxruntime-node'
import type { ProviderName } from '../../contract/engine-calls.ts'
import { LensloreError } from '../../contract/errors.ts'
import type { Graph } from '../model/graph.ts'
import { serialiseModel } from '../model/onnx-file.ts'

// What goes wrong is thrown, with its words; the runtime need not write it to the terminal as well.
env.logLevel = 'fatal'

/** A tensor on its way in or out of a session. */
export interface SessionTensor {
  data: Float32Array | BigInt64Array
  shape: readonly number[]
}

export interface Session {
  readonly provider: ProviderName
  /** @throws LensloreError `ENGINE_FAILED` */
  run(feeds: Readonly<Record<string, SessionTensor>>): Promise<Record<string, SessionTensor>>
  close(): Promise<void>
}

/**
 * Opens a graph for running.
 * @param threads processor threads for one run
 * @throws LensloreError `PROVIDER_UNAVAILABLE` where the provider does not open here, `ENGINE_FAILED` where the graph
 * itself is refused
 */
export async function openSession(graph: Graph, provider: ProviderName, threads: number): Promise<Session> {
  const files = await resolveFiles(graph)
  const bytes = serialiseModel(graph, (filePath) => files.locations.get(filePath)!)
  const options: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    extra: { 'session.model_external_initializers_file_folder_path': files.root },
  }
  const session = await InferenceSession.create(bytes, options).catch((cause: Error) => {
    const code = provider === 'cpu' ? 'ENGINE_FAILED' : 'PROVIDER_UNAVAILABLE'
    throw new LensloreError(code, `The model does not open on ${provider}: ${firstLine(cause)}`, { cause })
  })
  return {
    provider,
    async run(feeds) {
      const inputs = Object.fromEntries(
        Object.entries(feeds).map(([name, tensor]) => [name, toTensor(tensor)]),
      )
      const outputs = await session.run(inputs).catch((cause: Error) => {
        throw new LensloreError('ENGINE_FAILED', `The model failed on ${provider}: ${firstLine(cause)}`, {
          cause,
        })
      })
      return Object.fromEntries(
        Object.entries(outputs).map(([name, value]) => [name, fromTensor(value as Tensor)]),
      )
    },
    close: async () => {
      await session.release()
    },
  }
}

function toTensor({ data, shape }: SessionTensor): Tensor {
  return data instanceof Float32Array ? new Tensor('float32', data, shape) : new Tensor('int64', data, shape)
}

function fromTensor(tensor: Tensor): SessionTensor {
  return { data: tensor.data as Float32Array | BigInt64Array, shape: tensor.dims }
}

function firstLine(error: Error): string {
  return error.message.split('\n')[0]!.trim()
}

/**
 * Where the weights' files are for the runtime. It takes one folder, and files below it by their real places: a link
 * that leads out of the folder is refused. So the folder is the one that all the real files have in common.
 */
async function resolveFiles(graph: Graph): Promise<{ root: string; locations: Map<string, string> }> {
  const paths = graph.initializers.flatMap((weight) =>
    'location' in weight ? [weight.location.filePath] : [],
  )
  const realPaths = new Map<string, string>()
  for (const path of new Set(paths)) realPaths.set(path, await realpath(path))
  const all = [...realPaths.values()]
  let root = all.length === 0 ? process.cwd() : dirname(all[0]!)
  while (!all.every((path) => isBelow(root, path))) root = dirname(root)
  const locations = new Map(
    [...realPaths].map(([path, real]) => [path, relative(root, real).replaceAll(sep, '/')]),
  )
  return { root, locations }
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way.split(sep)[0] !== '..' && !isAbsolute(way)
}
