import { fileURLToPath } from 'node:url'
import { type ForkedProcess, forkProcess } from '../channels/child-process.ts'
import { moduleBeside } from '../channels/message-port.ts'
import { connect } from '../contract/rpc.ts'
import type { LibraryOptions, RestoredBackup } from '../library/library.ts'
import { restoreCalls } from './restore-calls.ts'

/** The engine as a child of this process. */
export function forkEngine(): Promise<ForkedProcess> {
  return forkProcess(programOf('engine-process'))
}

/** A library as a child of this process, which forks its engines itself. What keeps it from opening, its calls tell. */
export function forkLibrary(options: Omit<LibraryOptions, 'startEngine'>): Promise<ForkedProcess> {
  return forkProcess(programOf('library-process'), { args: [JSON.stringify(options)] })
}

/**
 * Restores a backup in a process of its own, which is there for that alone.
 * @throws LensloreError as `restoreBackup`, `CHANNEL_CLOSED` where the process dies
 */
export async function restoreInProcess(directory: string, backup: string): Promise<RestoredBackup> {
  const { channel } = await forkProcess(programOf('restore-process'))
  try {
    return await connect(channel, restoreCalls).restore({ directory, backup })
  } finally {
    channel.close()
  }
}

function programOf(name: string): string {
  return fileURLToPath(moduleBeside(import.meta.url, name))
}
