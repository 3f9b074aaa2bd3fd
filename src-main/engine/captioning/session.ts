import { env, InferenceSession, Tensor } from 'onnxruntime-node'
import { LensloreError } from '../../contract/errors.ts'
import type { ProviderName } from '../../contract/providers.ts'
import type { Graph } from '../model/graph.ts'
import { type PackedModel, packModel } from './packed-model.ts'

// What goes wrong is thrown, with its words; the runtime need not write it to the terminal as well.
env.logLevel = 'fatal'

export function runtimeVersion(): string {
  return env.versions.node ?? env.versions.common
}

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
  return openPacked(await packModel(graph), provider, threads)
}

/** `openSession` for a graph that was packed before, in another thread perhaps. */
export async function openPacked(
  { bytes, folder }: PackedModel,
  provider: ProviderName,
  threads: number,
): Promise<Session> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    extra: { 'session.model_external_initializers_file_folder_path': folder },
  }
  const session = await InferenceSession.create(bytes, options).catch((cause: Error) => {
    const code = provider === 'cpu' ? 'ENGINE_FAILED' : 'PROVIDER_UNAVAILABLE'
    throw new LensloreError(code, `The model does not open on ${provider}: ${explain(cause)}`, { cause })
  })
  return {
    provider,
    async run(feeds) {
      const inputs = Object.fromEntries(
        Object.entries(feeds).map(([name, tensor]) => [name, toTensor(tensor)]),
      )
      const outputs = await session.run(inputs).catch((cause: Error) => {
        throw new LensloreError('ENGINE_FAILED', `The model failed on ${provider}: ${explain(cause)}`, {
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

/** The runtime's words without the source line and the status code before them. */
function explain(error: Error): string {
  const [line] = error.message.split('\n') as [string]
  return line
    .replace(/^.* was false\. /, '')
    .replace(/^.*\[ONNXRuntimeError\] : \d+ : \w+ : /, '')
    .trim()
}
