/**
 * A library of an early version is brought up to date: how long that takes with its backup, and for how long at most the
 * host's thread stands still, beside the longest stall of the same time with nothing to do. The baseline of the time is a
 * copy of the database by SQLite, which the backup is.
 *
 *   node bench/update.ts [--photos 1000000]
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { prepareLibrary, type UpdateProgress } from '../src-main/library/library.ts'
import { openDatabase } from '../src-main/library/store/database.ts'
import { databaseFileIn } from '../src-main/library/store/store.ts'
import { makeOldLibrary, oldVersion } from '../test/library/store/old-library.ts'

const { values: options } = parseArgs({ options: { photos: { type: 'string', default: '1000000' } } })
const photos = Number(options.photos)
const directory = mkdtempSync(join(tmpdir(), 'lenslore-bench-update-'))
const lookEveryMs = 2

/** @returns the longest time, beyond what was asked for, that a timer of this thread came late. */
async function longestStall(work: () => Promise<void>): Promise<number> {
  let isDone = false
  let longestMs = 0
  const working = work().finally(() => {
    isDone = true
  })
  for (let beganMs = performance.now(); !isDone; beganMs = performance.now()) {
    await sleep(lookEveryMs)
    longestMs = Math.max(longestMs, performance.now() - beganMs - lookEveryMs)
  }
  await working
  return longestMs
}

try {
  const library = join(directory, 'library')
  const file = databaseFileIn(library)
  mkdirSync(library)
  makeOldLibrary(file, photos)
  const megabytes = (statSync(file).size / 1e6).toFixed(0)
  console.log(`${photos.toLocaleString('en')} photos at version ${oldVersion}, ${megabytes} MB`)

  const database = openDatabase(file)
  const copyBeganMs = performance.now()
  database.copyTo(join(directory, 'copy.sqlite'))
  const copyMs = performance.now() - copyBeganMs
  database.close()

  const steps: { progress: UpdateProgress; atMs: number }[] = []
  const beganMs = performance.now()
  const stallMs = await longestStall(() =>
    prepareLibrary(library, {
      onProgress: (progress) => steps.push({ progress, atMs: performance.now() - beganMs }),
    }),
  )
  const tookMs = performance.now() - beganMs
  const idleStallMs = await longestStall(() => sleep(Math.min(tookMs, 10_000)))
  for (const [index, { progress, atMs }] of steps.entries()) {
    const seconds = ((steps[index + 1]?.atMs ?? tookMs) - atMs) / 1000
    if (progress.phase === 'waiting' || seconds < 0.5) continue
    const name = progress.phase === 'backup' ? 'backup' : `step ${progress.done + 1} of ${progress.total}`
    console.log(`${name}: ${seconds.toFixed(1)} s`)
  }
  console.log(`update with its backup: ${(tookMs / 1000).toFixed(1)} s`)
  console.log(
    `ratio to a copy of the database (${(copyMs / 1000).toFixed(1)} s): ${(tookMs / copyMs).toFixed(1)}`,
  )
  console.log(
    `longest stall of the host's thread: ${stallMs.toFixed(0)} ms, idle ${idleStallMs.toFixed(0)} ms`,
  )
} finally {
  rmSync(directory, { recursive: true })
}
