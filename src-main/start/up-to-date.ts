import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { LensloreError } from '../contract/errors.ts'

/** Something that is made of sources, and is kept until they change. */
export interface Build {
  /** What it was made of is noted in `out/` under this name. */
  name: string
  /** The file that is there when it was made, relative to the checkout. */
  made: string
  /** Files and folders it is made of, relative to the checkout. */
  sources: readonly string[]
  /** A program of the checkout for Node, and its arguments. */
  program: readonly string[]
}

export const pageBuild: Build = {
  name: 'page',
  made: 'out/page/index.html',
  sources: ['src-renderer', 'src-main/contract', 'src-main/channels', 'tsconfig.json', 'package-lock.json'],
  program: ['node_modules/vite/bin/vite.js', 'build', 'src-renderer', '--logLevel', 'warn'],
}

export const mainBuild: Build = {
  name: 'main',
  made: 'out/desktop/main.js',
  sources: ['src-main', 'build/programs.ts', 'package-lock.json'],
  program: ['build/programs.ts'],
}

/**
 * Builds what is older than its sources, or was never built.
 * @param checkout folder of the sources
 * @param say told in a sentence before it takes a while
 * @throws LensloreError `INTERNAL` with what the build said, where it fails
 */
export async function bringUpToDate(
  checkout: string,
  { name, made, sources, program }: Build,
  say: (sentence: string) => void,
): Promise<void> {
  const note = join(checkout, 'out', `${name}.sources`)
  const hash = hashOf(checkout, sources)
  if (isNoted(note, hash) && existsSync(join(checkout, made))) return
  say(`Building the window (${name}); this is done once, and again when its sources change.`)
  rmSync(note, { force: true })
  const [file, ...args] = program
  const child = spawn(process.execPath, [join(checkout, file!), ...args], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  const [status] = await once(child, 'close')
  if (status !== 0) {
    throw new LensloreError('INTERNAL', `The window could not be built (${name}): ${said.trim()}`)
  }
  mkdirSync(join(checkout, 'out'), { recursive: true })
  writeFileSync(note, hash)
}

function isNoted(note: string, hash: string): boolean {
  try {
    return readFileSync(note, 'utf8') === hash
  } catch {
    return false
  }
}

function hashOf(checkout: string, sources: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of sources.flatMap((source) => filesOf(join(checkout, source)))) {
    hash
      .update(`${relative(checkout, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  }
  return hash.digest('hex')
}

function filesOf(source: string): string[] {
  if (statSync(source).isFile()) return [source]
  return readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
