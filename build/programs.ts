/**
 * Makes the programs in `out` of the sources: each a small file at its source's place, and what they have in common in a few large ones
 * in `parts`, for reading hundreds of modules one by one is most of what a start costs. Types were checked before, or are not.
 *
 *   node build/programs.ts
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type OutputOptions, type Plugin, rolldown } from 'rolldown'

const checkout = fileURLToPath(new URL('..', import.meta.url))
const sources = join(checkout, 'src-main')
const out = join(checkout, 'out')

/** Packages that every start reads, of plain JavaScript. All others stay where they are, and are read when they are needed. */
const packedIn = new Set([
  '@hono/node-server',
  '@msgpack/msgpack',
  'commander',
  'env-paths',
  'hono',
  'picomatch',
  'ws',
  'zod',
])

/** Relative to the sources, with `/`. */
function programsOf(folder: string, isProgram: (name: string) => boolean): string[] {
  return readdirSync(join(sources, folder), { recursive: true, encoding: 'utf8' })
    .filter(isProgram)
    .map((file) => join(folder, file).split(sep).join('/'))
    .sort()
}

/** What stands beside the archive in a package, and may read nothing from it; and the command line, which starts the same. */
const unpacked = [
  'cli/main.ts',
  ...programsOf('processes', (name) => /-process\.ts$/.test(name)),
  ...programsOf('', (name) => /-thread(-main)?\.ts$/.test(name)),
]
/** What Electron's main runs, whole in the archive. */
const packed = ['desktop/main.ts']
const preload = 'desktop/preload.cts'

/** A module looks for others, and for migrations and models, from where it stood, not from the part that it went into. */
const places: Plugin = {
  name: 'places',
  transform(code, id) {
    if (!id.startsWith(sources) || !code.includes('import.meta.url')) return null
    const place = relative(sources, id).split(sep).join('/').replace(/\.ts$/, '.js')
    return code.replaceAll('import.meta.url', `placeInOut(${JSON.stringify(place)})`)
  },
  renderChunk(code, { fileName }) {
    if (!code.includes('placeInOut(')) return null
    return code.replaceAll(/\bplaceInOut\("([^"]+)"\)/g, (_, place: string) => {
      const way = relative(dirname(fileName), place).split(sep).join('/')
      return `new URL(${JSON.stringify(way.startsWith('.') ? way : `./${way}`)}, import.meta.url).href`
    })
  },
}

function isLeftAlone(id: string): boolean {
  if (/^(\.|\/|[A-Za-z]:)/.test(id)) return false
  const name = id
    .split('/')
    .slice(0, id.startsWith('@') ? 2 : 1)
    .join('/')
  return !packedIn.has(name)
}

async function write(programs: readonly string[], options: OutputOptions): Promise<void> {
  const bundle = await rolldown({
    input: Object.fromEntries(
      programs.map((program) => [program.replace(/\.c?ts$/, ''), join(sources, program)]),
    ),
    platform: 'node',
    external: isLeftAlone,
    plugins: [places],
  })
  await bundle.write({ dir: out, ...options })
  await bundle.close()
}

mkdirSync(out, { recursive: true })
for (const entry of readdirSync(out, { withFileTypes: true })) {
  const isBuilt = entry.isDirectory() && entry.name !== 'page' && entry.name !== 'build.lock'
  if (isBuilt) rmSync(join(out, entry.name), { recursive: true })
}
await write(unpacked, { chunkFileNames: 'parts/[name].js' })
await write(packed, { chunkFileNames: 'desktop/parts/[name].js' })
await write([preload], { format: 'cjs', entryFileNames: '[name].cjs' })
