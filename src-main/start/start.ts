import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { electronProgram, fetchElectron } from './electron-program.ts'
import { reasonOfToday, rememberReason } from './no-window-today.ts'
import { bringUpToDate, mainBuild, pageBuild } from './up-to-date.ts'

/** A window that ends sooner, with an error, never opened. */
const openedMs = 15_000

export interface StartOptions {
  /** Folder of the sources. */
  checkout: string
  environment: NodeJS.ProcessEnv
  platform: NodeJS.Platform
  /** Whether there is somebody to see a window. */
  isTerminal: boolean
  runCommandLine(args: string[]): Promise<number>
  say(sentence: string): void
  /** In the place of the line before. */
  showProgress(line: string): void
}

/** Of the command line alone: whoever says one of these wants no window. */
const headlessOptions = ['--watch', '--json', '--model']

/**
 * What `npm start` does: opens the desktop window, or where there can be none the same window in a browser; without
 * anybody to see it, captions the folders and ends.
 * @returns the exit status
 */
export async function start(args: readonly string[], options: StartOptions): Promise<number> {
  const { checkout, runCommandLine, say } = options
  const rest = args.filter((arg) => arg !== '--headless' && arg !== '--browser')
  const wantsBrowser = args.includes('--browser')
  const isSeen = wantsBrowser || (options.isTerminal && !isTrue(options.environment.CI))
  const wantsNoWindow = rest.some((arg) => headlessOptions.includes(arg.split('=')[0]!))
  if (args.includes('--headless') || wantsNoWindow || !isSeen) return runCommandLine(['run', ...rest])

  await bringUpToDate(checkout, pageBuild, say)
  if (!wantsBrowser) {
    const status = await openDesktop(rest, options)
    if (status !== null) return status
  }
  return runCommandLine(['serve', ...rest])
}

/** @returns the exit status, or null where there can be no desktop window: the reason was said */
async function openDesktop(args: readonly string[], options: StartOptions): Promise<number | null> {
  const { checkout, environment, platform, say } = options
  const note = join(checkout, 'out', 'no-window.json')
  const instead = 'here is the same window in a browser'
  if (platform === 'linux' && !environment.DISPLAY && !environment.WAYLAND_DISPLAY) {
    say(`There is no display for a desktop window; ${instead}.`)
    return null
  }
  const before = reasonOfToday(note)
  if (before) {
    say(`${before} (tried today); ${instead}.`)
    return null
  }
  const program = await findElectron(options)
  if (!program) {
    const reason = 'Electron, which draws the desktop window, cannot be fetched at present'
    rememberReason(note, reason)
    say(`${reason}; ${instead}.`)
    return null
  }
  await bringUpToDate(checkout, mainBuild, say)
  const startedMs = performance.now()
  const child = spawn(program, [checkout, ...args], { env: environment, stdio: 'inherit' })
  const status = await Promise.race([
    once(child, 'exit').then(([code]) => (code as number | null) ?? 1),
    once(child, 'error').then(() => 1),
  ])
  if (status === 0 || performance.now() - startedMs > openedMs) return status
  const reason = 'The desktop window does not open on this machine'
  rememberReason(note, reason)
  say(`${reason}; ${instead}.`)
  return null
}

async function findElectron({ checkout, showProgress, say }: StartOptions): Promise<string | undefined> {
  const folder = join(checkout, 'node_modules', 'electron')
  const there = electronProgram(folder)
  if (there) return there
  say('Fetching Electron, which draws the desktop window, once (--browser does without).')
  await fetchElectron(folder, {
    onProgress: (bytes) => showProgress(`${(bytes / 1e6).toFixed(0)} MB of about 120`),
  })
  showProgress('')
  return electronProgram(folder)
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'false' && value !== '0'
}
