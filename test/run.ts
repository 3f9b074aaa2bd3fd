import { globSync } from 'node:fs'
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { availableParallelism } from 'node:os'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { runGroups } from './run-groups.ts'

// All tests, or those of the files named. What needs a browser runs by itself: a window waits for its library, its engine and
// its browser, which take all cores as it is. All else runs a file to a core.

enableCompileCache()
const cache = getCompileCacheDir()
// Most of what a file's process does first is to read the same modules as the one before it.
if (cache) process.env.NODE_COMPILE_CACHE ??= cache

const named = process.argv.slice(2)
const files = named.length > 0 ? named : globSync('test/**/*.test.ts').sort()
const isOfBrowser = (file: string) => /test\/(window|desktop)\/|\/in-browser\.test\.ts$/.test(file)

const groups = [
  { files: files.filter((file) => !isOfBrowser(file)), concurrency: availableParallelism() },
  { files: files.filter(isOfBrowser), concurrency: 1 },
].filter(({ files }) => files.length > 0)

runGroups(
  groups.map((group) => () => run(group)),
  (success) => {
    if (!success) process.exitCode = 1
  },
)
  .compose(spec)
  .pipe(process.stdout)
