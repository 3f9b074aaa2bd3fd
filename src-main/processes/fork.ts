import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type ForkedProcess, type ForkOptions, forkProcess } from '../channels/child-process.ts'
import { moduleBeside } from '../channels/message-port.ts'
import { connect } from '../contract/rpc.ts'
import type { LibraryOptions, RestoredBackup } from '../library/library.ts'
import type { QueueOptions } from '../workers/library-side.ts'
import type { backupCalls } from './backup-calls.ts'

/** @throws Error with the system's `code` when no process can be had */
export type StartProgram = (modulePath: string, options?: ForkOptions) => Promise<ForkedProcess>

let startProgram: StartProgram = forkProcess

/** For Electron's main, where Node's own way is closed. To be called before anything is started. */
export function startProgramsBy(start: StartProgram): void {
  startProgram = start
}

/** The engine in a process of its own. */
export function forkEngine(): Promise<ForkedProcess> {
  return startProgram(enginePath, { environment: engineEnvironment(process.env) })
}

/** What has to be said before an engine's process begins; what the environment says already stays. */
export function engineEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    // Pictures are decoded in the threads of Node's pool, which else are four.
    UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism())),
    // What is called fp32 is to be fp32 on CUDA, too.
    NVIDIA_TF32_OVERRIDE: '0',
    ...environment,
  }
}

export type LibraryProcessOptions = Omit<LibraryOptions, 'startEngine' | 'otherMachines'> & {
  /** At which workers wait; `isAlone`: nothing is captioned here. Its password is in no argument. */
  queue?: (QueueOptions & { isAlone: boolean }) | undefined
}

/** A library in a process of its own. What keeps it from opening, its calls tell. */
export function forkLibrary(options: LibraryProcessOptions): Promise<ForkedProcess> {
  return startProgram(programOf('library-process'), {
    args: [JSON.stringify(options)],
    // As in the command line's first line, where the library is in that process.
    nodeOptions: ['--max-semi-space-size=1'],
  })
}

/** The files of a library's backups, the newest first, without opening it. */
export function listBackupsInProcess(directory: string): Promise<string[]> {
  return askForBackups((calls) => calls.list({ directory }))
}

/**
 * Restores a backup in a process of its own, which is there for that alone.
 * @throws LensloreError as `restoreBackup`, `CHANNEL_CLOSED` where the process dies
 */
export function restoreInProcess(directory: string, backup: string): Promise<RestoredBackup> {
  return askForBackups((calls) => calls.restore({ directory, backup }))
}

async function askForBackups<T>(
  ask: (calls: ReturnType<typeof connect<typeof backupCalls>>) => Promise<T>,
): Promise<T> {
  const [{ channel }, calls] = await Promise.all([
    startProgram(programOf('backup-process')),
    // A library begins the sooner without it.
    import('./backup-calls.ts'),
  ])
  try {
    return await ask(connect(channel, calls.backupCalls))
  } finally {
    channel.close()
  }
}

export const enginePath = programOf('engine-process')

function programOf(name: string): string {
  return fileURLToPath(moduleBeside(import.meta.url, name))
}
