import { fileURLToPath } from 'node:url'
import { forkProcess } from '../../../src-main/channels/child-process.ts'
import { type ErrorRecord, LensloreError } from '../../../src-main/contract/errors.ts'
import {
  type LibraryCalls,
  type LibraryEvents,
  libraryCalls,
} from '../../../src-main/contract/library-calls.ts'
import { type Client, connect } from '../../../src-main/contract/rpc.ts'

const program = fileURLToPath(new URL('../../fixtures/chaos-library.ts', import.meta.url))

/** One life of a library's process. */
export interface LibraryProcess {
  readonly pid: number
  /** Of the engine that was started last; undefined before the first. */
  enginePid(): number | undefined
  readonly client: Client<LibraryCalls, LibraryEvents>
  isOver(): boolean
  /** What ended it, where it was not killed here. */
  readonly endedBy: Promise<string>
  /** kill -9; settles when the process is gone. */
  kill(): Promise<void>
}

/** @param onProblem told of what the library says went wrong. */
export async function startLibrary(
  directory: string,
  onProblem: (problem: ErrorRecord) => void,
): Promise<LibraryProcess> {
  const { channel, pid, kill, gone } = await forkProcess(program, {
    environment: { ...process.env, CHAOS_LIBRARY: directory },
  })
  let enginePid: number | undefined
  let isOver = false
  const over = new Promise<void>((resolve) => {
    channel.onClose(() => {
      isOver = true
      resolve()
    })
  })
  channel.onMessage((message) => {
    const engine = message as { kind: string; pid: number }
    if (engine.kind === 'engine') enginePid = engine.pid
  })
  const client = connect<LibraryCalls, LibraryEvents>(channel, libraryCalls)
  client.on('problem', onProblem)
  return {
    pid,
    client,
    enginePid: () => enginePid,
    isOver: () => isOver,
    endedBy: gone,
    kill() {
      kill()
      return over
    },
  }
}

/** @returns whether the process was still there to be killed. */
export function killProcess(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

/** What is thrown at a caller whose library was killed: nobody knows whether it did what it was asked. */
export function isOfDeath(thrown: unknown): boolean {
  return thrown instanceof LensloreError && thrown.code === 'CHANNEL_CLOSED'
}
