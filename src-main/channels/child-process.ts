import { type ChildProcess, fork } from 'node:child_process'
import type { Channel } from '../contract/rpc.ts'

export interface ChildProcessChannel extends Channel {
  readonly pid: number | undefined
}

/**
 * Starts a Node module as a child process and speaks with it. Typed arrays cross as they are. The channel
 * closes when the process ends, for whatever reason; closing it ends the process.
 */
export function forkChannel(
  modulePath: string,
  environment: NodeJS.ProcessEnv = process.env,
): ChildProcessChannel {
  const child = fork(modulePath, [], {
    serialization: 'advanced',
    env: environment,
    // What this process was started with is for itself.
    execArgv: [],
    // Drivers and native libraries write what they like; only who looks for a fault wants to read it.
    stdio: ['ignore', 'ignore', environment.LENSLORE_DEBUG ? 2 : 'ignore', 'ipc'],
  })
  return { pid: child.pid, ...channelOver(child, () => child.kill('SIGKILL')) }
}

/**
 * The child's end of `forkChannel`. When the parent goes away the process ends at once, so that a killed
 * library never leaves an engine behind.
 * @throws Error when this process was not forked.
 */
export function parentChannel(): Channel {
  if (!process.send) throw new Error('This program is started by Lenslore itself, not by hand.')
  const channel = channelOver(process as unknown as ChildProcess, () => process.disconnect())
  channel.onClose(() => process.exit(0))
  return channel
}

function channelOver(end: ChildProcess, close: () => void): Channel {
  let open = true
  const closeListeners = new Set<() => void>()
  const closed = () => {
    if (!open) return
    open = false
    for (const listener of closeListeners) listener()
  }
  end.on('disconnect', closed)
  end.on('exit', closed)
  // A failed start, or a message that found the pipe broken: the process is going, and `exit` or `disconnect`
  // may not come when it never was there.
  end.on('error', closed)
  return {
    post(message) {
      if (open && end.connected) end.send(message as object, () => {})
    },
    onMessage: (listener) => void end.on('message', listener),
    onClose(listener) {
      if (open) closeListeners.add(listener)
      else queueMicrotask(listener)
    },
    close() {
      if (open) close()
    },
  }
}
