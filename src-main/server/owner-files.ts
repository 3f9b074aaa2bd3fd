import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LensloreError } from '../contract/errors.ts'

// What a server remembers lies in its library's folder, where nobody but the owner reads it.

/** The folder of the server on a port. */
export function serverFolder(libraryDirectory: string, port: number): string {
  return join(libraryDirectory, 'serve', String(port))
}

/**
 * Writes a file that only its owner may read, whole or not at all.
 * @throws LensloreError `DISK_FULL`, `WRITE_FAILED`
 */
export function writeForOwner(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const unfinished = `${file}.unfinished`
    rmSync(unfinished, { force: true })
    writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' })
    renameSync(unfinished, file)
  } catch (cause) {
    const [code, why] =
      (cause as NodeJS.ErrnoException).code === 'ENOSPC'
        ? (['DISK_FULL', 'the disk is full'] as const)
        : (['WRITE_FAILED', 'it cannot be written to'] as const)
    const sentence = `What a server remembers finds no place in ${dirname(file)}: ${why}.`
    throw new LensloreError(code, sentence, { cause })
  }
}

/** @returns undefined where there is no such file, or it is not to be read */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
