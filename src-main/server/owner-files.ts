import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

// What a server remembers lies in its library's folder, where nobody but the owner reads it.

/** The folder of the server on a port. */
export function serverFolder(libraryDirectory: string, port: number): string {
  return join(libraryDirectory, 'serve', String(port))
}

/** Writes a file that only its owner may read, whole or not at all. */
export function writeForOwner(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const unfinished = `${file}.unfinished`
  rmSync(unfinished, { force: true })
  writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' })
  renameSync(unfinished, file)
}

/** @returns undefined where there is no such file, or it is not to be read */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
