import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { makeCaptionedLibrary } from './captioned-library.ts'

// Memory of the library's process with many photos, all captioned: after it looked through all of them and watches
// their folders, and after searches. The engine is a process of its own and not counted. The baseline is what the
// process may have. Measured is the product as it is built, started as its command line is:
//   npm run build && node bench/library-memory.ts [--photos 1000000]

const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: '1000000' },
    fill: { type: 'string' },
  },
})
const photos = Number(values.photos)

if (values.fill !== undefined) await makeCaptionedLibrary(values.fill, photos)
else {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-bench-memory-'))
  try {
    await run(import.meta.filename, ['--fill', directory, '--photos', String(photos)], [])
    const measured = fileURLToPath(new URL('library-process.mjs', import.meta.url))
    await run(measured, [directory, String(photos)], ['--max-semi-space-size=1'])
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function run(program: string, args: string[], execArgv: string[]): Promise<void> {
  const [status] = await once(fork(program, args, { execArgv }), 'exit')
  if (status !== 0) throw new Error(`${program} failed`)
}
