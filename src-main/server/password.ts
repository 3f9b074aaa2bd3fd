import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LensloreError } from '../contract/errors.ts'
import { readText, writeForOwner } from './owner-files.ts'

const shortestPassword = 10
/** Half a second of one processor, and 128 MB for as long. */
const cost = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 }
const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

/** Looked at by hand: a schema library would be read before a library's process is begun. */
interface Kept {
  salt: string
  hash: string
}

function passwordFile(libraryDirectory: string): string {
  return join(libraryDirectory, 'serve', 'password.json')
}

/**
 * Sets what a browser on another machine has to know.
 * @throws LensloreError `INVALID_ARGUMENT` for one that is too short
 */
export async function setPassword(libraryDirectory: string, password: string): Promise<void> {
  if ([...password].length < shortestPassword) {
    throw new LensloreError('INVALID_ARGUMENT', `A password needs ${shortestPassword} characters at least.`)
  }
  const salt = randomBytes(16)
  const hash = await derive(password.normalize('NFC'), salt, 32, cost)
  writeForOwner(
    passwordFile(libraryDirectory),
    JSON.stringify({ salt: salt.toString('base64'), hash: hash.toString('base64') }),
  )
}

export function hasPassword(libraryDirectory: string): boolean {
  return readKept(libraryDirectory) !== undefined
}

let before: Promise<unknown> = Promise.resolve()

/** One at a time: many tries at once are not to take the memory and the threads that everything else needs. */
export function isPassword(libraryDirectory: string, password: string): Promise<boolean> {
  const mine = before.then(() => compare(libraryDirectory, password))
  before = mine.catch(() => {})
  return mine
}

async function compare(libraryDirectory: string, password: string): Promise<boolean> {
  const known = readKept(libraryDirectory)
  if (!known) return false
  const hash = Buffer.from(known.hash, 'base64')
  const tried = await derive(password.normalize('NFC'), Buffer.from(known.salt, 'base64'), hash.length, cost)
  return timingSafeEqual(hash, tried)
}

function readKept(libraryDirectory: string): Kept | undefined {
  try {
    const { salt, hash } = JSON.parse(readText(passwordFile(libraryDirectory)) ?? 'null')
    return typeof salt === 'string' && typeof hash === 'string' ? { salt, hash } : undefined
  } catch {
    return undefined
  }
}
