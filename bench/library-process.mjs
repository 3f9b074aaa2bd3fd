import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { withLibrary } from '../out/cli/open-library.js'

// The process that library-memory.ts measures. JavaScript over the built product, for in a process that runs
// TypeScript the compiler takes thirty megabytes.

const allowedMb = 250
const [directory, count] = process.argv.slice(2)
const photos = Number(count)
const startedMs = performance.now()

await withLibrary({ directory: join(directory, 'library') }, async (library) => {
  tell('the library is open')
  const stop = new AbortController()
  let isCaptioning = false
  library.on('progress', (works) => {
    isCaptioning = works.some(({ phase }) => phase === 'caption')
  })
  const watching = library.watch({}, { signal: stop.signal }).catch((thrown) => {
    if (!stop.signal.aborted) throw thrown
  })
  while (!isCaptioning) await sleep(50)
  const { folders, waiting, captioned } = await library.status({})
  if (waiting > 0 || captioned !== photos) throw new Error(`${captioned} captioned, ${waiting} waiting`)
  const elapsed = ((performance.now() - startedMs) / 1000).toFixed(1)
  tell(`all was looked through and is ${folders[0].watchMode}, after ${elapsed} s`)
  for (let n = 0; n < 100; n++) {
    const queries = [
      `number ${n * 17}`,
      'red dog',
      'dog camera:7 -snow',
      '"the beach"',
      `folder:${n % 50} cat`,
    ]
    await library.search({ query: queries[n % queries.length] })
    await library.photo({ photo: 1 + ((n * 1009) % photos) })
  }
  tell('a hundred searches were answered')
  // The daily backup goes on beside.
  await sleep(30_000)
  const mostMb = tell('half a minute later')
  console.log(`most memory of the library process: ${mostMb.toFixed(0)} MB`)
  console.log(`ratio to the ${allowedMb} MB it may have: ${(mostMb / allowedMb).toFixed(2)}`)
  stop.abort()
  await watching
})

/** @returns the most memory that was resident at any time so far. */
function tell(what) {
  const status = readFileSync('/proc/self/status', 'utf8')
  const [now, most] = ['VmRSS', 'VmHWM'].map(
    (name) => (Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / 1e6,
  )
  console.log(`${what}: ${now.toFixed(0)} MB, at most ${most.toFixed(0)} MB`)
  return most
}
