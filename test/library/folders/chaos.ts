import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createLibraryOnDisk, type LibraryOnDisk, sidecarsBeside } from './library-on-disk.ts'

export interface ChaosOptions {
  seed: number
  /** Quiet points: after each the library must equal the disk. */
  rounds: number
  operationsPerRound: number
  /** Every how many rounds a scanning process is killed before the quiet point; 0: never. */
  killEvery: number
  log?: (line: string) => void
}

/** What the disk must hold: path → content. A photo is known by the words written on it. */
interface World {
  files: Map<string, string>
  /** Words a person wrote, by content they were written for; contents are never made twice. */
  words: Map<string, string>
  /** All words ever written: they may be with a missing photo, and never nowhere. */
  written: string[]
  /** Contents that were made by an edit, or moved, since the library saw their folder last. */
  edited: Set<string>
  moved: Set<string>
}

/**
 * Drives a folder through random operations and checks after each quiet point that the library equals the disk
 * and that no word a person wrote was lost. The same seed makes the same operations.
 * @throws AssertionError with the seed and the operations of the round.
 */
export async function runChaos(options: ChaosOptions): Promise<{ operations: number }> {
  const random = createRandom(options.seed)
  await using library = createLibraryOnDisk()
  const roots = ['one', 'two']
  for (const root of roots) library.addFolder(root)
  const world: World = {
    files: new Map(),
    words: new Map(),
    written: [],
    edited: new Set(),
    moved: new Set(),
  }
  const away = new Set<string>()
  let made = 0
  let operations = 0

  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
  const present = () => [...world.files.keys()].filter((path) => !away.has(path.split('/')[0]!))
  const newPath = () => {
    const root = pick(roots.filter((name) => !away.has(name)))
    const depth = Math.floor(random() * 3)
    const directories = Array.from({ length: depth }, () => pick(['a', 'b', 'ü ü', 'd.e']))
    return [root, ...directories, `${made++}${pick(['.jpg', '.PNG', ' x.heic'])}`].join('/')
  }
  const newContent = () => `${options.seed} ${made++} ${'x'.repeat(Math.floor(random() * 40))}`

  /** Of a file that was edited and moved unseen nothing is as it was: its words stay with the missing photo. */
  function unlessUnseen(content: string): void {
    if (world.edited.has(content) && world.moved.has(content)) world.words.delete(content)
  }

  function noteMoved(content: string): void {
    world.moved.add(content)
    unlessUnseen(content)
  }

  function move(from: string, to: string): void {
    mkdirSync(dirname(library.path(to)), { recursive: true })
    renameSync(library.path(from), library.path(to))
  }

  /** @returns what it did, or undefined where there was nothing to do it to. */
  function operate(): string | undefined {
    const paths = present()
    const kind = random()
    if (paths.length < 5 || kind < 0.25) {
      const path = newPath()
      const content = newContent()
      library.put(path, content)
      world.files.set(path, content)
      return `create ${path}`
    }
    const path = pick(paths)
    if (random() < 0.25) return operateOnSidecar(path)
    const content = world.files.get(path)!
    if (kind < 0.35) {
      const edited = newContent()
      const isInPlace = random() < 0.5
      if (isInPlace) library.put(path, edited)
      else {
        library.put(`${dirname(path)}/.saving`, edited)
        renameSync(library.path(`${dirname(path)}/.saving`), library.path(path))
      }
      world.files.set(path, edited)
      // The words stay on the photo, for a picture that changed.
      const words = world.words.get(content)
      world.words.delete(content)
      if (words !== undefined) world.words.set(edited, words)
      world.edited.add(edited)
      if (world.moved.has(content)) noteMoved(edited)
      return `edit ${path} ${isInPlace ? 'in place' : 'through a new file'}`
    }
    if (kind < 0.6) {
      const to = newPath()
      move(path, to)
      world.files.delete(path)
      world.files.set(to, content)
      noteMoved(content)
      return `move ${path} to ${to}`
    }
    if (kind < 0.75) {
      const other = pick(paths)
      if (other === path) return undefined
      move(path, 'swap')
      move(other, path)
      move('swap', other)
      world.files.set(path, world.files.get(other)!)
      world.files.set(other, content)
      noteMoved(content)
      noteMoved(world.files.get(path)!)
      return `swap ${path} and ${other}`
    }
    if (kind < 0.87) {
      const from = dirname(path)
      const to = `${path.split('/')[0]}/tree ${made++}`
      if (!from.includes('/')) return undefined
      renameSync(library.path(from), library.path(to))
      for (const [inside, held] of [...world.files]) {
        if (!inside.startsWith(`${from}/`)) continue
        world.files.delete(inside)
        world.files.set(to + inside.slice(from.length), held)
        noteMoved(held)
      }
      return `rename ${from} to ${to}`
    }
    if (kind < 0.95) {
      rmSync(library.path(path))
      world.files.delete(path)
      return `delete ${path}`
    }
    const root = pick(roots)
    if (away.has(root)) {
      rmSync(library.path(root), { recursive: true, force: true })
      renameSync(library.path(`away ${root}`), library.path(root))
      away.delete(root)
      return `mount ${root}`
    }
    if (away.size > 0) return undefined
    renameSync(library.path(root), library.path(`away ${root}`))
    away.add(root)
    // Moved there unseen and taken away: what an edited file in its old place is, nobody can tell.
    for (const [path, content] of world.files) {
      if (path.startsWith(`${root}/`) && world.moved.has(content)) world.words.delete(content)
    }
    return `unmount ${root}`
  }

  /** Another program writes beside a photo, or takes away what it wrote. */
  function operateOnSidecar(photo: string): string {
    const sidecar = pick([`${photo}.xmp`, `${photo}.json`, photo.replace(/\.[^.]*$/, '.XMP')])
    if (existsSync(library.path(sidecar)) && random() < 0.5) {
      rmSync(library.path(sidecar))
      return `delete ${sidecar}`
    }
    library.put(sidecar, newContent())
    return `write ${sidecar}`
  }

  /** A person writes on some photos that have no words. */
  function writeWords(): void {
    for (const path of present()) {
      const content = world.files.get(path)!
      if (world.words.has(content) || random() > 0.3) continue
      const words = `words ${made++}`
      library.write(path, words)
      world.words.set(content, words)
      world.written.push(words)
    }
  }

  for (let round = 0; round < options.rounds; round++) {
    const done: string[] = []
    for (let i = 0; i < options.operationsPerRound; i++) {
      const what = operate()
      if (what !== undefined) done.push(what)
    }
    operations += done.length
    if (options.killEvery > 0 && round % options.killEvery === options.killEvery - 1) {
      done.push('kill')
      await killWhileScanning(join(library.directory, '.library'), 1 + Math.floor(random() * 3))
    }
    await library.sync()
    await library.sync()
    try {
      checkEqual(library, world, away)
      for (const path of present()) {
        world.edited.delete(world.files.get(path)!)
        world.moved.delete(world.files.get(path)!)
      }
      writeWords()
    } catch (thrown) {
      throw new assert.AssertionError({
        message: `seed ${options.seed}, round ${round}: ${(thrown as Error).message}\n${done.join('\n')}`,
      })
    }
    options.log?.(`round ${round}: ${done.length} operations, ${world.files.size} files`)
  }
  return { operations }
}

function checkEqual(library: LibraryOnDisk, world: World, away: ReadonlySet<string>): void {
  const isAway = (path: string) => away.has(path.split('/')[0]!)
  const known = Object.keys(library.photos()).filter((path) => !path.startsWith('-'))
  assert.deepEqual(
    known.filter((path) => !isAway(path)).sort(),
    [...world.files.keys()].filter((path) => !isAway(path)).sort(),
  )
  for (const [path, content] of world.files) {
    const photo = library.store.photos.byPath(library.path(path))
    if (isAway(path) && !photo) continue
    const hash = createHash('sha256').update(content).digest('hex')
    if (!isAway(path)) assert.equal(photo?.contentHash, hash, `${path} has its own content`)
    if (!isAway(path)) {
      const beside = sidecarsBeside(library.path(path))
      assert.deepEqual(library.sidecarsReadOf(photo!.id), beside, `the sidecars of ${path} were read`)
    }
    const words = world.words.get(content)
    if (words !== undefined && !isAway(path))
      assert.equal(library.wordsOf(path), words, `the words of ${path}`)
  }
  // Also of what was deleted: the words are kept with the missing photo.
  const kept = new Set(
    library.store.database
      .prepare<{ text: string }>(`SELECT text FROM captions WHERE source = 'person'`)
      .all()
      .map((row) => row.text),
  )
  for (const words of world.written) assert.ok(kept.has(words), `${words} are kept`)
}

/** Lets a process scan until it changed something for the nth time, or has nothing to do, and kills it. */
export async function killWhileScanning(libraryDirectory: string, changes: number): Promise<void> {
  const child = fork(new URL('./scanning-process.ts', import.meta.url), [libraryDirectory])
  const exited = once(child, 'exit')
  let left = changes + 1
  child.on('message', (what) => {
    left--
    if (left === 0 || what === 'scanned') child.kill('SIGKILL')
  })
  await exited
}

/** mulberry32: the same numbers for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
