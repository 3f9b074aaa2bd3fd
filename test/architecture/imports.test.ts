import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { libraryCalls } from '../../src-main/contract/library-calls.ts'

// The house's walls: which part may import which, and which file alone may hold a native package.

const root = fileURLToPath(new URL('../..', import.meta.url))

const mayImport: Record<string, readonly string[]> = {
  'src-main/contract': ['src-main/contract'],
  'src-main/files': ['src-main/files', 'src-main/contract'],
  'src-main/channels': ['src-main/channels', 'src-main/contract', 'src-main/files'],
  'src-main/library': ['src-main/library', 'src-main/contract', 'src-main/channels', 'src-main/files'],
  'src-main/engine': ['src-main/engine', 'src-main/contract', 'src-main/channels', 'src-main/files'],
  'src-main/processes': ['src-main/processes', 'src-main/contract', 'src-main/channels', 'root'],
  'src-main/cli': [
    'src-main/cli',
    'src-main/contract',
    'src-main/channels',
    'src-main/files',
    'src-main/processes',
    'root',
  ],
  'src-main/server': [
    'src-main/server',
    'src-main/host',
    'src-main/contract',
    'src-main/channels',
    'src-main/processes',
    'root',
  ],
  'src-main/desktop': [
    'src-main/desktop',
    'src-main/host',
    'src-main/contract',
    'src-main/channels',
    'src-main/processes',
    'root',
  ],
  'src-main/workers': ['src-main/workers', 'src-main/contract', 'root'],
  'src-main/start': ['src-main/start', 'src-main/contract', 'root'],
  'src-main/host': ['src-main/host', 'src-main/contract', 'src-main/channels'],
  'src-renderer': ['src-renderer', 'src-main/contract', 'page'],
}

/** The files of `library` and `engine` that the hosts may import. */
const roots = [
  'src-main/library/library.ts',
  'src-main/engine/engine.ts',
  'src-main/server/serve-library.ts',
  'src-main/cli/command-line.ts',
  'src-main/workers/library-side.ts',
  'src-main/workers/worker.ts',
]

/** The channels that a page speaks over. */
const pageChannels = ['src-main/channels/web-socket.ts', 'src-main/channels/window-port.ts']

const packageHomes: Record<string, string> = {
  electron: 'src-main/desktop/',
  'electron-updater': 'src-main/desktop/updates.ts',
  'node:worker_threads': 'src-main/channels/message-port.ts',
  'better-sqlite3': 'src-main/library/store/database.ts',
  'onnxruntime-node': 'src-main/engine/captioning/session.ts',
  chokidar: 'src-main/library/folders/watch.ts',
  sharp: 'src-main/engine/imaging/',
  bullmq: 'src-main/workers/',
  ioredis: 'src-main/workers/',
  systeminformation: 'src-main/engine/trial/device.ts',
}

interface Import {
  from: string
  specifier: string
  typeOnly: boolean
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const pattern =
    /^\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]/gm
  return [...text.matchAll(pattern)].map((match) => ({
    from: file,
    specifier: (match[2] ?? match[3] ?? match[4])!,
    typeOnly: Boolean(match[1]),
  }))
}

const partOf = (file: string) => Object.keys(mayImport).find((part) => file.startsWith(`${part}/`))
const imports = ['src-main', 'src-renderer'].flatMap(sourceFiles).flatMap(importsOf)

test('every source file stands in a part of the house', () => {
  const homeless = ['src-main', 'src-renderer'].flatMap(sourceFiles).filter((file) => !partOf(file))
  assert.deepEqual(homeless, [])
  assert.ok(imports.length > 20, 'the imports were read')
})

test('parts import only what the plan allows', () => {
  const wrong = imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .filter(({ from, specifier }) => {
      const target = relative(root, resolve(root, dirname(from), specifier))
        .split(sep)
        .join('/')
      const allowed = mayImport[partOf(from)!]!
      const isRoot = roots.includes(target) && allowed.includes('root')
      const isOfPage = pageChannels.includes(target) && allowed.includes('page')
      return !isRoot && !isOfPage && !allowed.includes(partOf(target) ?? target)
    })
  assert.deepEqual(wrong, [])
})

test('the contract knows nothing of its hosts', () => {
  const outside = imports.filter(
    ({ from, specifier }) =>
      from.startsWith('src-main/contract/') && !specifier.startsWith('.') && specifier !== 'zod',
  )
  assert.deepEqual(outside, [])
})

test('native packages have one home each', () => {
  const astray = imports.filter(({ from, specifier }) => {
    const home = packageHomes[specifier]
    return home !== undefined && !from.startsWith(home)
  })
  assert.deepEqual(astray, [])
})

test('no file imports itself by way of others, not even for types', () => {
  const targets = new Map<string, string[]>()
  for (const { from, specifier } of imports) {
    if (!specifier.startsWith('.')) continue
    const target = relative(root, resolve(root, dirname(from), specifier))
      .split(sep)
      .join('/')
    targets.set(from, [...(targets.get(from) ?? []), target])
  }
  const circles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file)
    if (at >= 0) circles.push([...way.slice(at), file].join(' → '))
    if (at >= 0 || done.has(file)) return
    for (const target of targets.get(file) ?? []) visit(target, [...way, file])
    done.add(file)
  }
  for (const file of targets.keys()) visit(file, [])
  assert.deepEqual(circles, [])
})

/** Stand beside the rooms, and know at most the store. */
const leaves = ['src-main/library/thumbnails.ts']

/** The rooms of the library: on which others each stands. Only the files beside them put rooms together. */
const rooms: Record<string, readonly string[]> = {
  store: [],
  models: [],
  search: ['store'],
  places: ['store'],
  meaning: ['store'],
  metadata: ['store'],
  copies: ['store', 'search', 'meaning', 'metadata'],
  folders: ['store', 'metadata'],
  queue: ['store', 'metadata', 'folders'],
  editing: ['store', 'metadata', 'folders', 'queue'],
  teaching: ['store', 'queue'],
}

const library = 'src-main/library/'
const roomOf = (file: string) =>
  file.startsWith(library) && file.slice(library.length).includes('/')
    ? file.slice(library.length).split('/')[0]!
    : null

test('a room of the library imports only those it stands on, and never the library that is made of them', () => {
  const wrong = imports
    .filter(({ from, specifier }) => roomOf(from) !== null && specifier.startsWith('.'))
    .map(({ from, specifier }) => ({
      from,
      target: relative(root, resolve(root, dirname(from), specifier))
        .split(sep)
        .join('/'),
    }))
    .filter(({ from, target }) => {
      if (!target.startsWith(library) || leaves.includes(target)) return false
      const room = roomOf(target)
      return room === null || (room !== roomOf(from) && !rooms[roomOf(from)!]?.includes(room))
    })
  assert.deepEqual(wrong, [])
})

test('of the store, the search knows the database alone, and how to work on it in slices', () => {
  const others = imports.filter(
    ({ from, specifier }) =>
      from.startsWith(`${library}search/`) &&
      specifier.includes('/store/') &&
      !['../store/database.ts', '../store/slices.ts'].includes(specifier),
  )
  assert.deepEqual(others, [])
})

test('every call of the library has a host or a page that makes it', () => {
  const callers = ['src-main/cli', 'src-main/host', 'src-main/server', 'src-main/desktop', 'src-renderer']
    .flatMap(sourceFiles)
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n')
  const idle = Object.keys(libraryCalls).filter((name) => !new RegExp(`\\.${name}\\(`).test(callers))
  assert.deepEqual(idle, [])
})
