import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { LensloreError } from '../contract/errors.ts'
import { linksIn } from './links.ts'
import { readText, serverFolder, writeForOwner } from './owner-files.ts'

const running = z.object({ pid: z.int().positive(), address: z.string() })

function runningFile(libraryDirectory: string, port: number): string {
  return join(serverFolder(libraryDirectory, port), 'running.json')
}

/** Says for other programs of the same owner where a server runs. @returns a function that ends it */
export function noteRunning(libraryDirectory: string, port: number, address: string): () => void {
  const file = runningFile(libraryDirectory, port)
  writeForOwner(file, JSON.stringify({ pid: process.pid, address }))
  return () => rmSync(file, { force: true })
}

/**
 * Another address that opens the window once, of the server that runs for a library.
 * @param port of the server; the one started last where it is left out
 * @throws LensloreError `FILE_NOT_FOUND` where none runs
 */
export function makeLink(libraryDirectory: string, port?: number): string {
  const ports = port === undefined ? portsOf(libraryDirectory) : [port]
  for (const each of ports) {
    const address = addressOf(libraryDirectory, each)
    if (address) return `${address}open/${linksIn(serverFolder(libraryDirectory, each)).make()}`
  }
  const where = port === undefined ? 'this library' : `this library on port ${port}`
  throw new LensloreError('FILE_NOT_FOUND', `No "lenslore serve" runs for ${where}.`)
}

function portsOf(libraryDirectory: string): number[] {
  let names: string[] = []
  try {
    names = readdirSync(join(libraryDirectory, 'serve'))
  } catch {
    // None ever ran.
  }
  const startedMs = (port: number) =>
    statSync(runningFile(libraryDirectory, port), { throwIfNoEntry: false })?.mtimeMs ?? 0
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => startedMs(b) - startedMs(a))
}

function addressOf(libraryDirectory: string, port: number): string | undefined {
  const text = readText(runningFile(libraryDirectory, port))
  if (text === undefined) return undefined
  const { pid, address } = running.parse(JSON.parse(text))
  try {
    process.kill(pid, 0)
    return address
  } catch {
    // It was killed, and could not say so.
    return undefined
  }
}
