import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { withLibrary } from '../src-main/cli/open-library.ts'
import type { SearchHit } from '../src-main/contract/records.ts'

// How long it takes from a new file in a watched folder to a caption that a search finds, with the embedded
// model. The baseline is the time that passes on purpose: a file is left alone until nothing was written to
// its directory for half a second and to itself for a second.
//   node bench/arrivals.ts PICTURE [--count 20]

const quietByDesignMs = 1000
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string', default: '20' } },
})
const picture = positionals[0]
if (!picture) throw new Error('Name a picture.')

const home = mkdtempSync(join(tmpdir(), 'lenslore-arrivals-'))
const photos = join(home, 'photos')
mkdirSync(photos)
const bytes = readFileSync(picture)
writeFileSync(join(photos, 'first.jpg'), bytes)
try {
  await withLibrary({ directory: join(home, 'library') }, async (library) => {
    await library.addFolder({ path: photos })
    const stop = new AbortController()
    const watching = library.watch({}, { signal: stop.signal }).catch(() => {})
    const findCaptionOf = async (name: string) => {
      const isThere = (hit: SearchHit) => hit.path.endsWith(name) && hit.caption !== null
      while (!(await library.search({ query: `"${name}"` })).photos.some(isThere)) await sleep(10)
    }
    await findCaptionOf('first.jpg')
    await sleep(3000)
    const elapsedMs: number[] = []
    for (let n = 0; n < Number(values.count); n++) {
      const startedMs = performance.now()
      // A few bytes behind the picture make it another file, which cannot share a caption with an exact copy.
      writeFileSync(join(photos, `arrival${n}.jpg`), Buffer.concat([bytes, Buffer.from(`arrival ${n}`)]))
      await findCaptionOf(`arrival${n}.jpg`)
      elapsedMs.push(performance.now() - startedMs)
      await sleep(500)
    }
    stop.abort()
    await watching
    elapsedMs.sort((a, b) => a - b)
    const at = (share: number) =>
      elapsedMs[Math.min(elapsedMs.length - 1, Math.floor(share * elapsedMs.length))]!
    const [p50, p95] = [at(0.5), at(0.95)]
    console.log(`${elapsedMs.length} arrivals: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`)
    console.log(
      `ratio of p95 to the ${quietByDesignMs} ms waited on purpose: ${(p95 / quietByDesignMs).toFixed(2)}`,
    )
  })
} finally {
  rmSync(home, { recursive: true, force: true })
}
