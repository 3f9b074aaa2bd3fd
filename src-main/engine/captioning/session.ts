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
  data: Float32Array | Int32Array | BigInt64Array
  shape: readonly number[]
}

/** A tensor that a session gave and that stays in the device's memory, for another run of any session on that provider. */
export interface HeldTensor {
  /** Gives the memory back. */
  release(): void
}

export interface SessionResult {
  outputs: Record<string, SessionTensor>
  held: Record<string, HeldTensor>
}

export interface Session {
  readonly provider: ProviderName
  /** @throws LensloreError `ENGINE_FAILED` */
  run(feeds: Readonly<Record<string, SessionTensor>>): Promise<Record<string, SessionTensor>>
  close(): Promise<void>
}

export interface HoldingSession extends Session {
  readonly inputNames: readonly string[]
  /**
   * A run that may take tensors that are on the device and leave some there.
   * @param into on the processor, where to write outputs, which are then not among those given back. It may be the
   * memory of an input that nothing reads after what writes it.
   * @throws LensloreError `ENGINE_FAILED`
   */
  runHolding(
    feeds: Readonly<Record<string, SessionTensor | HeldTensor>>,
    into?: Readonly<Record<string, SessionTensor>>,
  ): Promise<SessionResult>
}

export interface SessionChoices {
  /** Outputs that stay on the device; not on the processor, which has none. */
  held?: readonly string[]
  /**
   * Takes as little memory as it can: constant matrices are not kept a second time in the order in which the processor
   * multiplies by them, which few rows want, and what a run took it gives back.
   */
  isThrifty?: boolean
  /** Where to write the graph as the runtime made it over for the provider. */
  optimisedPath?: string
  /** How the name begins of a file that is written when it is closed: how long each node took. */
  profilePrefix?: string
}

/**
 * Opens a graph for running.
 * @param threads processor threads for one run
 * @throws LensloreError `PROVIDER_UNAVAILABLE` where the provider does not open here, `ENGINE_FAILED` where the graph
 * itself is refused
 */
export async function openSession(
  graph: Graph,
  provider: ProviderName,
  threads: number,
  choices: SessionChoices = {},
): Promise<HoldingSession> {
  return openPacked(await packModel(graph), provider, threads, choices)
}

/** `openSession` for a graph that was packed before, in another thread perhaps. */
export async function openPacked(
  { bytes, folder }: PackedModel,
  provider: ProviderName,
  threads: number,
  { held = [], isThrifty = false, optimisedPath, profilePrefix }: SessionChoices = {},
): Promise<HoldingSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    extra: {
      'session.model_external_initializers_file_folder_path': folder,
      ...(isThrifty && { 'session.disable_prepacking': '1' }),
    },
    ...(optimisedPath !== undefined && { optimizedModelFilePath: optimisedPath }),
    ...(profilePrefix !== undefined && { enableProfiling: true, profileFilePrefix: profilePrefix }),
    ...(isThrifty && { enableCpuMemArena: false, enableMemPattern: false }),
    ...(held.length > 0 && {
      preferredOutputLocation: Object.fromEntries(held.map((name) => [name, 'gpu-buffer' as const])),
    }),
  }
  const session = await InferenceSession.create(bytes, options).catch((cause: Error) => {
    const code = provider === 'cpu' ? 'ENGINE_FAILED' : 'PROVIDER_UNAVAILABLE'
    throw new LensloreError(code, `The model does not open on ${provider}: ${explain(cause)}`, { cause })
  })
  const runHolding: HoldingSession['runHolding'] = async (feeds, into = {}) => {
    const inputs = mapValues(feeds, (feed) =>
      'data' in feed ? toTensor(feed) : (feed as DeviceTensor).tensor,
    )
    const targets = Object.fromEntries(
      session.outputNames.map((name) => [name, into[name] ? toTensor(into[name]) : null]),
    )
    const given = await session.run(inputs, targets).catch((cause: Error) => {
      throw new LensloreError('ENGINE_FAILED', `The model failed on ${provider}: ${explain(cause)}`, {
        cause,
      })
    })
    const result: SessionResult = { outputs: {}, held: {} }
    for (const [name, value] of Object.entries(given)) {
      const tensor = value as Tensor
      if (tensor.location === 'gpu-buffer') result.held[name] = new DeviceTensor(tensor)
      else if (into[name]) dropCopy(tensor, into[name])
      else result.outputs[name] = fromTensor(tensor)
    }
    return result
  }
  return {
    provider,
    inputNames: session.inputNames,
    run: async (feeds) => (await runHolding(feeds)).outputs,
    runHolding,
    close: async () => {
      if (profilePrefix !== undefined) session.endProfiling()
      await session.release()
    },
  }
}

class DeviceTensor implements HeldTensor {
  readonly tensor: Tensor

  constructor(tensor: Tensor) {
    this.tensor = tensor
  }

  release(): void {
    this.tensor.dispose()
  }
}

/** The binding copies every output into memory of its own, also what it wrote where it was told to; that goes at once. */
function dropCopy({ data }: Tensor, original: SessionTensor): void {
  const { buffer } = data as Float32Array<ArrayBuffer>
  if (buffer !== original.data.buffer) buffer.transfer(0)
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (from: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
}

function toTensor({ data, shape }: SessionTensor): Tensor {
  if (data instanceof Float32Array) return new Tensor('float32', data, shape)
  return data instanceof Int32Array ? new Tensor('int32', data, shape) : new Tensor('int64', data, shape)
}

function fromTensor(tensor: Tensor): SessionTensor {
  return { data: tensor.data as SessionTensor['data'], shape: tensor.dims }
}

/** The runtime's words without the source line and the status code before them. */
function explain(error: Error): string {
  const [line] = error.message.split('\n') as [string]
  return line
    .replace(/^.* was false\. /, '')
    .replace(/^.*\[ONNXRuntimeError\] : \d+ : \w+ : /, '')
    .trim()
}
