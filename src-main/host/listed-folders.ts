import { randomBytes } from 'node:crypto'
import { opendir, readdir, realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join, sep } from 'node:path'
import { LensloreError } from '../contract/errors.ts'
import { asFileError } from '../contract/file-errors.ts'
import { displayFileName, textFromFileName } from '../contract/file-name.ts'
import type { ListedFolder } from '../contract/host-calls.ts'
import { nativePath } from '../contract/native-path.ts'

/** Folders that one folder lists at most. */
const listedAtMost = 2000
/** Names of a folder that are looked at to find out whether there are folders among them. */
const lookedAtAtMost = 500
/** Tokens that are remembered; who comes back with an older one begins at the roots. */
const tokensAtMost = 100_000

/** Folders of this machine under tokens, the roots and what is below them. */
export interface ListedFolders {
  /**
   * @param token of a folder that was listed; the roots where it is left out
   * @throws LensloreError `FOLDER_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_UNAVAILABLE`
   */
  list(token?: string): Promise<ListedFolder[]>
  /** @throws LensloreError `FOLDER_NOT_FOUND` for a token that was not given here, or whose folder left its root. */
  pathOf(token: string): Promise<string>
}

/** @param roots absolute paths; what is not below one of them, links followed, is never listed */
export function createListedFolders(roots: readonly string[]): ListedFolders {
  const pathByToken = new Map<string, string>()
  const tokenByPath = new Map<string, string>()

  function tokenOf(path: string): string {
    const known = tokenByPath.get(path)
    if (known) return known
    const token = randomBytes(16).toString('base64url')
    pathByToken.set(token, path)
    tokenByPath.set(path, token)
    if (pathByToken.size > tokensAtMost) {
      const [oldest, oldestPath] = pathByToken.entries().next().value!
      pathByToken.delete(oldest)
      tokenByPath.delete(oldestPath)
    }
    return token
  }

  async function pathOf(token: string): Promise<string> {
    const path = pathByToken.get(token)
    if (path === undefined) throw unknown()
    const [real, ...realRoots] = await Promise.all([path, ...roots].map(realPath))
    if (real && realRoots.some((root) => root && isWithin(root, real))) return path
    throw unknown()
  }

  return {
    async list(token) {
      if (token === undefined) {
        return Promise.all(roots.map((path) => listed(path, shownRoot(path), tokenOf(path))))
      }
      const path = await pathOf(token)
      const names = await folderNames(path)
      return Promise.all(
        names.map((name) => listed(join(path, name), displayFileName(name), tokenOf(join(path, name)))),
      )
    },
    pathOf,
  }
}

function unknown(): LensloreError {
  return new LensloreError('FOLDER_NOT_FOUND', 'That folder is not among those that are listed here.')
}

function shownRoot(path: string): string {
  const home = homedir()
  return displayFileName(path === home ? basename(home) : path)
}

async function listed(path: string, name: string, token: string): Promise<ListedFolder> {
  return { token, name, hasFolders: await hasFolders(path) }
}

async function folderNames(path: string): Promise<string[]> {
  try {
    const entries = await readdir(nativePath(path), { withFileTypes: true, encoding: 'buffer' })
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => textFromFileName(entry.name))
      .filter(isShown)
      .sort(new Intl.Collator(undefined, { numeric: true }).compare)
      .slice(0, listedAtMost)
  } catch (thrown) {
    throw asFileError(thrown, displayFileName(basename(path)))
  }
}

/** One that cannot be looked into has none to show. */
async function hasFolders(path: string): Promise<boolean> {
  try {
    let looked = 0
    for await (const entry of await opendir(nativePath(path))) {
      if (entry.isDirectory() && isShown(entry.name)) return true
      if (++looked === lookedAtAtMost) return false
    }
  } catch {
    // It says so when it is opened.
  }
  return false
}

function isShown(name: string): boolean {
  return !name.startsWith('.') && !name.startsWith('$')
}

async function realPath(path: string): Promise<string | undefined> {
  try {
    return textFromFileName(await realpath(nativePath(path), { encoding: 'buffer' }))
  } catch {
    return undefined
  }
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)
}
