import type { Channel } from '../contract/rpc.ts'
import { parentChannel } from './child-process.ts'
import { type PortLike, portChannel } from './message-port.ts'

/** Of Electron's utility processes: the end of a pipe to who started it, over which a port comes. */
interface UtilityPort {
  once(event: 'message', listener: (event: { ports: readonly PortLike[] }) => void): void
}

/**
 * The channel of a process of ours to whoever asked for it, by where it runs: over the port that comes with the
 * first message to a utility process of Electron, else over the pipe to the process that forked it. When the channel
 * closes the process ends at once, so that a killed library never leaves an engine behind.
 * @throws Error in a process that was started by hand
 */
export async function ownChannel(): Promise<Channel> {
  const { parentPort } = process as { parentPort?: UtilityPort }
  const channel = parentPort ? portChannel(await firstPort(parentPort)) : parentChannel()
  channel.onClose(() => process.exit(0))
  return channel
}

function firstPort(parentPort: UtilityPort): Promise<PortLike> {
  const { promise, resolve, reject } = Promise.withResolvers<PortLike>()
  parentPort.once('message', ({ ports: [port] }) => {
    if (port) resolve(port)
    else reject(new Error('The first message to this process brought no port.'))
  })
  return promise
}
