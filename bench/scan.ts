import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { createReconciler } from '../src-main/library/folders/reconcile.ts'
import { databaseFileIn, openStore } from '../src-main/library/store/store.ts'
import { makeEmptyPictures } from './empty-pictures.ts'

// Comparing a folder in which nothing changed with the library, against `find` that prints size, time and inode
// of every file of it, both with what the disk has in memory already.

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    perDirectory: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '5' },
  },
})
const files = Number(values.files)
const perDirectory = Number(values.perDirectory)

const directory = mkdtempSync(join(tmpdir(), 'lenslore-bench-scan-'))
try {
  await run()
} finally {
  rmSync(directory, { recursive: true })
}

async function run(): Promise<void> {
  const pictures = join(directory, 'pictures')
  makeEmptyPictures(pictures, files, perDirectory)
  const store = openStore(databaseFileIn(join(directory, 'library')))
  store.folders.insert(pictures, Date.now())
  const reconciler = createReconciler(store.database)

  const first = await watched(() => reconciler.scan())
  console.log(
    `first scan: ${first.result.added} photos in ${seconds(first.elapsedMs)}, ` +
      `${Math.round(files / (first.elapsedMs / 1000))} a second; longest stall ${first.stallMs.toFixed(0)} ms`,
  )

  const finds: number[] = []
  const scans: Awaited<ReturnType<typeof watched>>[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    finds.push(timeFind(pictures))
    const scan = await watched(() => reconciler.scan())
    if (scan.result.unchanged !== files) throw new Error(`${scan.result.unchanged} of ${files} are unchanged`)
    scans.push(scan)
  }
  const find = median(finds)
  const scan = median(scans.map((one) => one.elapsedMs))
  console.log(`find -printf '%s %T@ %i\\n': ${seconds(find)} (median of ${finds.length})`)
  console.log(`scan of ${files} unchanged files: ${seconds(scan)} (median of ${scans.length})`)
  console.log(`ratio scan / find: ${(scan / find).toFixed(2)}`)
  console.log(
    `longest stall of the main thread: ${Math.max(...scans.map((one) => one.stallMs)).toFixed(0)} ms`,
  )
  console.log(`peak memory of the process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`)
  await reconciler.close()
  store.close()
}

async function watched<Result>(work: () => Promise<Result>) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const startedMs = performance.now()
  const result = await work()
  const elapsedMs = performance.now() - startedMs
  delay.disable()
  return { result, elapsedMs, stallMs: delay.max / 1e6 }
}

function timeFind(path: string): number {
  const startedMs = performance.now()
  const { status } = spawnSync('find', [path, '-printf', '%s %T@ %i\\n'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) throw new Error('find failed')
  return performance.now() - startedMs
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
