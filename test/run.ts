import { globSync } from 'node:fs'
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { availableParallelism } from 'node:os'
import { Readable } from 'node:stream'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

// Runs all tests, or those of the files named, a file to a core, and names at the end the files that took longest.

/** How many of them. */
const slowest = 10

/** Where nothing has happened for so long, a file hangs, as one whose test failed and left a process does. */
const patienceMs = Number(process.env.LENSLORE_TEST_PATIENCE_MS ?? 10 * 60 * 1000)

enableCompileCache()
const cache = getCompileCacheDir()
// Most of what a file's process does first is to read the same modules as the one before it.
if (cache) process.env.NODE_COMPILE_CACHE ??= cache

const named = process.argv.slice(2)
const files = named.length > 0 ? named : globSync('test/**/*.test.ts').sort()

const events = run({ files, concurrency: availableParallelism() })
Readable.from(withSlowest(events)).compose(spec).pipe(process.stdout)

type Events = typeof events

/** Tells of the slowest files before the run's own counts, and ends a run that hangs. */
async function* withSlowest(source: Events): AsyncGenerator {
  const took: { name: string; elapsedMs: number }[] = []
  const running = new Set<string>()
  const failed: string[] = []
  let areTold = false
  const watch = setTimeout(() => {
    // What waits for its turn behind the file that hangs was not printed yet.
    process.stderr.write(
      `\nNothing has happened for ${patienceMs} ms.\n` +
        [
          ...failed.map((name) => `failed: ${name}\n`),
          ...[...running].map((name) => `hangs: ${name}\n`),
        ].join(''),
    )
    process.exit(1)
  }, patienceMs)
  for await (const event of source) {
    watch.refresh()
    const { type, data } = event
    if (type === 'test:dequeue' && isFile(data.name)) running.add(data.name)
    if (type === 'test:complete') {
      if (isFile(data.name)) {
        running.delete(data.name)
        took.push({ name: data.name, elapsedMs: data.details.duration_ms })
      } else if (!data.details.passed)
        failed.push(`${data.file}: ${data.name}: ${data.details.error?.cause?.message ?? ''}`)
    }
    const isOfRun = (type === 'test:diagnostic' || type === 'test:summary') && data.file === undefined
    if (isOfRun && !areTold) {
      took.sort((a, b) => b.elapsedMs - a.elapsedMs)
      for (const { name, elapsedMs } of took.slice(0, slowest)) {
        const message = `${(elapsedMs / 1000).toFixed(1).padStart(6)} s  ${name}`
        yield { type: 'test:diagnostic', data: { nesting: 0, message, level: 'info' } }
      }
      areTold = true
    }
    if (type === 'test:summary' && isOfRun && !data.success) process.exitCode = 1
    yield event
  }
  clearTimeout(watch)
}

/** Whether a test is that of a whole file. */
function isFile(name: string): boolean {
  return name.endsWith('.test.ts')
}
