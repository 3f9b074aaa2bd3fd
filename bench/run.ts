/**
 * Runs a program of this folder by its name: `npm run bench -- NAME [arguments]`. Through npm it runs on the project's
 * own Node, whichever the system has.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Files that programs share. */
const notPrograms = new Set([
  'run.ts',
  'captioned-library.ts',
  'captioner-sides.ts',
  'empty-pictures.ts',
  'in-turns.ts',
  'labelled-photos.ts',
  'logistic-regression.ts',
  'made-captions.ts',
  'made-photos.ts',
  'made-vectors.ts',
  'random-checkpoint.ts',
  'renamed-photos.ts',
  'scenes.ts',
  'visual-memories.ts',
])

const [name = '', ...args] = process.argv.slice(2)
const program = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
if (!/^[a-z0-9-]+$/.test(name) || name === 'run' || !existsSync(program)) {
  const names = readdirSync(new URL('.', import.meta.url))
    .filter((file) => file.endsWith('.ts') && !notPrograms.has(file))
    .map((file) => file.slice(0, -3))
  console.error(`usage: npm run bench -- NAME [arguments]\nNAME is one of: ${names.sort().join(', ')}`)
  process.exitCode = 2
} else process.exitCode = spawnSync(process.execPath, [program, ...args], { stdio: 'inherit' }).status ?? 1
