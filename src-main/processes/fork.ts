import { fileURLToPath } from 'node:url'
import { type ForkedProcess, forkProcess } from '../channels/child-process.ts'
import { moduleBeside } from '../channels/message-port.ts'
import type { LibraryOptions } from '../library/library.ts'

/** The engine as a child of this process. */
export function forkEngine(): Promise<ForkedProcess> {
  return forkProcess(programOf('engine-process'))
}

/** A library as a child of this process, which forks its engines itself. What keeps it from opening, its calls tell. */
export function forkLibrary(options: Omit<LibraryOptions, 'startEngine'>): Promise<ForkedProcess> {
  return forkProcess(programOf('library-process'), { args: [JSON.stringify(options)] })
}

function programOf(name: string): string {
  return fileURLToPath(moduleBeside(import.meta.url, name))
}
