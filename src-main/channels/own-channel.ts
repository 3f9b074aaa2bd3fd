import type { Channel } from '../contract/rpc.ts'
import { endProcess } from '../files/end-process.ts'
import { parentChannel } from './child-process.ts'
import { type PortLike, portChannel } from './message-port.ts'
import type { FromUtility, ToUtility } from './utility-messages.ts'

/** Of Electron's utility processes: the end of a pipe to who started it, over which ports come. */
interface UtilityPort {
  on(event: 'message', listener: (event: { data: unknown; ports: readonly PortLike[] }) => void): void
  postMessage(message: FromUtility): void
}

/** Whoever asked for this process, and what else it does for it. */
export interface OwnHost {
  channel: Channel
  /** Told of the lines of pages, which Electron's main hands over. */
  onPage(listener: (page: Channel) => void): void
  /** Where this process may not start others itself. */
  startEngine: (() => Promise<{ channel: Channel; kill(): void }>) | undefined
}

/**
 * The channel of a process of ours to whoever asked for it, by where it runs: over the port that comes with the
 * first message to a utility process of Electron, else over the pipe to the process that forked it. When the channel
 * closes the process ends at once, so that a killed library never leaves an engine behind.
 * @throws Error in a process that was started by hand
 */
export async function ownChannel(): Promise<Channel> {
  return (await ownHost()).channel
}

/** `ownChannel`, with what else Electron's main hands over. @throws as that */
export async function ownHost(): Promise<OwnHost> {
  const { parentPort } = process as { parentPort?: UtilityPort }
  const host = parentPort
    ? await utilityHost(parentPort)
    : { channel: parentChannel(), onPage() {}, startEngine: undefined }
  host.channel.onClose(() => endProcess(0))
  return host
}

function utilityHost(parentPort: UtilityPort): Promise<OwnHost> {
  const { promise, resolve, reject } = Promise.withResolvers<OwnHost>()
  const engines = new Map<number, PromiseWithResolvers<PortLike>>()
  let nextRequest = 1
  let hearPage: (page: Channel) => void = () => {}

  async function startEngine() {
    const request = nextRequest++
    const coming = Promise.withResolvers<PortLike>()
    engines.set(request, coming)
    parentPort.postMessage({ kind: 'startEngine', request })
    try {
      const channel = portChannel(await coming.promise)
      return { channel, kill: () => parentPort.postMessage({ kind: 'endEngine', request }) }
    } finally {
      engines.delete(request)
    }
  }

  parentPort.on('message', ({ data, ports: [port] }) => {
    const message = data as ToUtility
    if (message.kind === 'noEngine') engines.get(message.request)?.reject(new Error(message.message))
    else if (!port) reject(new Error('A message to this process brought no port.'))
    else if (message.kind === 'engine') engines.get(message.request)?.resolve(port)
    else if (message.kind === 'page') hearPage(portChannel(port))
    else {
      resolve({
        channel: portChannel(port),
        onPage(listener) {
          hearPage = listener
        },
        startEngine,
      })
    }
  })
  return promise
}
