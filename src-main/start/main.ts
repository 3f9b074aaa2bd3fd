import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { fileURLToPath } from 'node:url'

// As in the command line's first line.
enableCompileCache()
const cache = getCompileCacheDir()
if (cache) process.env.NODE_COMPILE_CACHE ??= cache
const { start } = await import('./start.ts')

try {
  process.exitCode = await start(process.argv.slice(2), {
    checkout: fileURLToPath(new URL('../..', import.meta.url)),
    environment: process.env,
    platform: process.platform,
    isTerminal: Boolean(process.stdin.isTTY && process.stdout.isTTY),
    // A window of Electron's needs nothing of it, and this process waits for as long as that is open.
    runCommandLine: async (args) => (await import('../cli/command-line.ts')).runCommandLine(args),
    say: (sentence) => void process.stderr.write(`${sentence}\n`),
    showProgress: (line) => void process.stderr.write(`\r\x1b[2K${line}`),
  })
} catch (thrown) {
  process.stderr.write(`lenslore: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
  process.exitCode = 70
}
