import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Channel } from '../contract/rpc.ts'
import { createEnding, type Ending } from './ending.ts'

export interface ForkedProcess {
  /** Closes when the process ends, for whatever reason; closing it lets the process end by itself. */
  channel: Channel
  pid: number
  /** Settles when the process is no more, and all that it held is free: with what ended it, a signal or `code 1`. */
  gone: Promise<string>
  /** Ends it at once, whatever it does. */
  kill(): void
}

export interface ForkOptions {
  /** What the program finds as its arguments. */
  args?: readonly string[]
  environment?: NodeJS.ProcessEnv
  /** For Node itself, where the program is a process of Node's own. */
  nodeOptions?: readonly string[]
}

/**
 * Starts a Node module as a child process and speaks with it. Typed arrays cross as they are.
 * @throws Error with the system's `code` when no process can be had
 */
export async function forkProcess(
  modulePath: string,
  { args = [], environment = process.env, nodeOptions = [] }: ForkOptions = {},
): Promise<ForkedProcess> {
  const child = fork(modulePath, args, {
    serialization: 'advanced',
    env: environment,
    // What this process was started with is for itself.
    execArgv: [...nodeOptions],
    // Drivers and native libraries write what they like; only who looks for a fault wants to read it.
    stdio: ['ignore', 'ignore', environment.LENSLORE_DEBUG ? 2 : 'ignore', 'ipc'],
  })
  const ending = createEnding()
  child.on('exit', ending.end)
  const channel = channelOver(child, ending, () => child.disconnect())
  const gone = once(child, 'exit').then(([code, signal]) => signal ?? `code ${code}`)
  gone.catch(() => {})
  await once(child, 'spawn')
  return { channel, pid: child.pid!, gone, kill: () => void child.kill('SIGKILL') }
}

/**
 * The child's end of `forkProcess`.
 * @throws Error when this process was not forked.
 */
export function parentChannel(): Channel {
  if (!process.send) throw new Error('This program is started by Lenslore itself, not by hand.')
  // Its own end closes nothing: who then ended the process as if all were well would hide the error that it ends of.
  return channelOver(process as unknown as ChildProcess, createEnding(), () => process.disconnect())
}

function channelOver(end: ChildProcess, ending: Ending, close: () => void): Channel {
  end.on('disconnect', ending.end)
  // A message that found the pipe broken: the process is going.
  end.on('error', ending.end)
  return {
    post(message) {
      if (!ending.isOver && end.connected) end.send(message as object, () => {})
    },
    onMessage: (listener) => void end.on('message', listener),
    onClose: ending.onClose,
    close() {
      if (!ending.isOver && end.connected) close()
    },
  }
}
