import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ErrorRecord } from '../../src-main/contract/errors.ts'
import { createRandom } from './folders/chaos.ts'
import {
  type Comparison,
  countDifferences,
  differencesOf,
  exportDifferences,
  type PhotoRow,
  readSnapshot,
  searchDifferences,
  type Tally,
} from './live-chaos/compare.ts'
import { createDisk, type Picture, rootOf } from './live-chaos/disk.ts'
import { isOfDeath, killProcess, type LibraryProcess, startLibrary } from './live-chaos/library-process.ts'
import { createPerson } from './live-chaos/person.ts'

export interface LiveChaosOptions {
  seed: number
  /** Quiet points: after each the library must equal the disk. */
  rounds: number
  operationsPerRound: number
  log?: (line: string) => void
}

export interface LiveChaosSummary extends Tally {
  operations: number
  libraryKills: number
  engineKills: number
  /** The longest that the library took to equal the disk. */
  longestMs: number
}

/** How long the library may take to equal the disk after the last operation. */
const patienceMs = 60_000
/** A change is compared within three seconds, or when the file was left alone for one. */
const settledMs = 5000
const exportingRoot = 'two'

/**
 * Runs a library in a process of its own that watches two folders, with an engine, beside a second process that
 * opens the same library; changes files at random moments without waiting for either, writes words, and kills
 * them. After each round the library must come to equal the disk. The same seed makes the same operations, at
 * other moments.
 * @throws AssertionError with the seed, what differs, and the directory, which is kept, with all operations.
 */
export async function runLiveChaos(options: LiveChaosOptions): Promise<LiveChaosSummary> {
  const { seed, rounds, operationsPerRound } = options
  const random = createRandom(seed)
  const home = mkdtempSync(join(tmpdir(), `lenslore-chaos-${seed}-`))
  const libraryDirectory = join(home, 'library')
  mkdirSync(libraryDirectory)
  const disk = createDisk(home, seed, random)
  const tally: Tally = { ids: 0, words: 0, copies: 0, imported: 0, exports: 0, searches: 0 }
  const summary = { operations: 0, libraryKills: 0, engineKills: 0, longestMs: 0 }
  const done: string[] = []
  const startedMs = performance.now()
  const engineKilledIn = new WeakSet<LibraryProcess>()
  /** Captions that another program's words stand beside, by photo: nothing is written out for these. */
  const exempt = new Map<number, number | null>()
  let failure: unknown
  let watching = await open('library')
  let desk: LibraryProcess | undefined
  /** The deaths and births of processes, one after the other. */
  let fate: Promise<void> = Promise.resolve()
  const person = createPerson(disk, random, () => (desk ? [watching, desk] : [watching]))

  function note(what: string): void {
    const line = `${((performance.now() - startedMs) / 1000).toFixed(3)} ${what}`
    done.push(line)
    options.log?.(line)
  }

  function open(name: string): Promise<LibraryProcess> {
    return startLibrary(libraryDirectory, (problem) => complain(name, problem))
  }

  function complain(name: string, problem: ErrorRecord): void {
    note(`problem of ${name}: ${problem.code} ${problem.message}`)
    if (problem.code === 'INTERNAL') failure ??= new Error(`${name}: ${problem.message}`)
  }

  function watch(library: LibraryProcess): void {
    void library.client.watch({}).then(
      () => {
        failure ??= new Error('watching ended')
      },
      (thrown: unknown) => {
        if (!isOfDeath(thrown) || !library.isOver()) failure ??= thrown
      },
    )
  }

  function inTime(work: () => Promise<void>): void {
    fate = fate.then(work).catch((thrown: unknown) => {
      failure ??= thrown
    })
  }

  function planKills(): (() => void)[] {
    const kills: (() => void)[] = []
    const [beforeMs, afterMs] = [random() * 1500, random() * 1500]
    if (random() < 0.5) {
      kills.push(() =>
        inTime(async () => {
          await sleep(beforeMs)
          note('kill -9 the library')
          summary.libraryKills++
          await watching.kill()
          await sleep(afterMs)
          watching = await open('library')
          watch(watching)
          note('start the library')
        }),
      )
    }
    if (random() < 0.15) {
      kills.push(() =>
        inTime(async () => {
          await sleep(afterMs)
          note('kill -9 the second process')
          summary.libraryKills++
          await desk!.kill()
          desk = await open('second')
        }),
      )
    }
    if (random() < 0.6) {
      kills.push(() => {
        const pid = watching.enginePid()
        // The picture that an engine dies of twice is set aside, and rightly so.
        if (pid === undefined || watching.isOver() || engineKilledIn.has(watching) || !killProcess(pid))
          return
        engineKilledIn.add(watching)
        summary.engineKills++
        note('kill -9 the engine')
      })
    }
    return kills
  }

  /** Long work beside all that, to be killed in the middle of. */
  function planWork(): (() => void)[] {
    const works: (() => void)[] = []
    if (random() < 0.4) {
      works.push(() => {
        note('make the search index anew')
        void watching.client.rebuildSearch({}).catch((thrown: unknown) => {
          if (!isOfDeath(thrown)) failure ??= thrown
        })
      })
    }
    const pausedMs = random() * 2000
    if (random() < 0.25) {
      works.push(() =>
        inTime(async () => {
          note('pause captioning')
          await orDie(desk!.client.pauseCaptioning({}))
          await sleep(pausedMs)
          // Whoever is there goes on, also where the one that paused was killed.
          while (!(await orDie(desk!.client.resumeCaptioning({})))) await sleep(50)
          note('resume captioning')
        }),
      )
    }
    return works
  }

  /** @returns whether it was answered, and did not die over it. */
  function orDie(call: Promise<unknown>): Promise<boolean> {
    return call.then(
      () => true,
      (thrown: unknown) => {
        if (isOfDeath(thrown)) return false
        throw thrown
      },
    )
  }

  function pauseMs(): number {
    const kind = random()
    return random() * (kind < 0.5 ? 30 : kind < 0.85 ? 300 : 1500)
  }

  async function playRound(): Promise<void> {
    const kills = [...planKills(), ...planWork()].map((kill) => ({
      kill,
      at: Math.floor(random() * operationsPerRound),
    }))
    for (let index = 0; index < operationsPerRound; index++) {
      for (const { kill, at } of kills) if (at === index) kill()
      note(disk.operate())
      if (random() < 0.35) note(person.act())
      summary.operations++
      await sleep(pauseMs())
      if (failure) throw failure
    }
  }

  async function differences(): Promise<[string[], Comparison]> {
    const snapshot = readSnapshot(libraryDirectory, home)
    const comparison = { disk, person, snapshot, tally: { ...tally } }
    const status = await watching.client.status({})
    const found = [...countDifferences(comparison, status), ...differencesOf(comparison)]
    if (found.length > 0) return [found, comparison]
    const isExpected = (picture: Picture, row: PhotoRow) =>
      !disk.isDescribed(picture) && (!exempt.has(row.id) || exempt.get(row.id) !== row.captionId)
    found.push(...(await exportDifferences(comparison, exportingRoot, isExpected)))
    if (found.length > 0) return [found, comparison]
    found.push(...(await searchDifferences(comparison, watching)))
    found.push(...(await watching.client.checkDatabase({})))
    found.push(...openFiles(watching.pid, home))
    return [found, comparison]
  }

  /** Waits until the library equals the disk; from then on, what is there is what was. */
  async function comeToRest(): Promise<void> {
    await disk.finished()
    await fate
    await person.finished()
    note('wait')
    const beganMs = performance.now()
    for (;;) {
      if (failure) throw failure
      const [found, comparison] = await differences()
      const elapsedMs = performance.now() - beganMs
      if (found.length === 0) {
        Object.assign(tally, comparison.tally)
        summary.longestMs = Math.max(summary.longestMs, elapsedMs)
        settle(comparison)
        return
      }
      if (elapsedMs > patienceMs) throw new Error(found.join('\n'))
      await sleep(250)
    }
  }

  function settle({ snapshot }: Comparison): void {
    for (const picture of disk.pictures) {
      const row = picture.path === null ? undefined : snapshot.byPath.get(picture.path)?.[0]
      if (row && disk.isDescribed(picture)) exempt.set(row.id, row.captionId)
      else if (row && exempt.get(row.id) !== row.captionId) exempt.delete(row.id)
      if (row && !disk.away.has(rootOf(picture.path!))) picture.id = row.id
    }
    disk.settle()
    const current = snapshot.photos.flatMap(({ id, captions, captionId }): [number, string][] => {
      const caption = captions.find((each) => each.id === captionId)
      return caption?.source === 'person' ? [[id, caption.text]] : []
    })
    const written = snapshot.captions.filter(({ source }) => source === 'person')
    person.settle(
      current,
      written.map(({ text, photoId }) => [text, photoId]),
    )
    const dead = disk.away.size > 0 ? `, without ${[...disk.away].join()}` : ''
    note(`at rest: ${disk.present().length} pictures${dead}`)
  }

  /** A library that begins anew finds nothing that the one that watched did not know. */
  async function lookThroughOnceMore(): Promise<void> {
    // What another process wrote out last is looked at when it is settled, which nothing else waits for.
    await sleep(settledMs)
    const pid = watching.enginePid()
    await watching.kill()
    const scan = await desk!.client.scan({})
    const { added, changed, moved, missing, restored } = scan
    assert.deepEqual(
      { added, changed, moved, missing, restored },
      { added: 0, changed: 0, moved: 0, missing: 0, restored: 0 },
      'a scan after all finds nothing new',
    )
    const { captioned, failed } = await desk!.client.captionAll({})
    assert.deepEqual({ captioned, failed }, { captioned: 0, failed: 0 }, 'nothing is left to caption')
    assert.ok(pid === undefined || !isRunning(pid), 'no engine outlives its library')
  }

  try {
    for (const root of disk.roots) {
      const { id } = await watching.client.addFolder({ path: join(home, root) })
      if (root === exportingRoot) await watching.client.setExportsAlways({ folderId: id, always: true })
    }
    desk = await open('second')
    watch(watching)
    for (let round = 0; round < rounds; round++) {
      note(`round ${round}`)
      await playRound()
      await comeToRest()
    }
    await lookThroughOnceMore()
  } catch (thrown) {
    const log = join(home, 'operations.txt')
    writeFileSync(log, `${done.join('\n')}\n`)
    await end()
    const how = isOfDeath(thrown) && watching.isOver() ? ` (by ${await watching.endedBy})` : ''
    const message = `${(thrown as Error).message}${how}`
    throw new assert.AssertionError({ message: `seed ${seed}: ${message}\nkept in ${home}, see ${log}` })
  }
  await end()
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  return { ...summary, ...tally }

  async function end(): Promise<void> {
    await fate
    await Promise.all([watching.kill(), desk?.kill(), disk.finished()])
  }
}

/** Files below the home's folders that a process still has open, where the system tells. */
function openFiles(pid: number, home: string): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync(`/proc/${pid}/fd`)
    .map((handle) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${handle}`)
      } catch {
        return ''
      }
    })
    .filter((path) => path.startsWith(`${home}/`) && !path.startsWith(`${home}/library/`))
    .map((path) => `${path} is still open`)
}

/** Whether a process runs; one that ended but was not waited for does not. */
function isRunning(pid: number): boolean {
  try {
    if (process.platform === 'linux') return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
