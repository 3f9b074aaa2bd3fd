import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Builds the app into `out`, as `npm run build` does: what is tested is what is packed. */
export function buildApp(): void {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  for (const args of [
    ['node_modules/typescript-7/bin/tsc', '-p', 'tsconfig.build.json'],
    ['node_modules/vite/bin/vite.js', 'build', 'src-renderer', '--logLevel', 'error'],
  ]) {
    execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  }
}
