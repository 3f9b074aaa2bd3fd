import { type ChildProcess, fork } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import picomatch from 'picomatch'
import { type Browser, chromium, type Page } from 'playwright-core'
import { browserProgram } from '../server/browser-program.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

type StandIn = typeof import('./stand-in/electron.ts')

export interface RunningApp {
  page: Page
  /** What the console of the page said that is a problem, and policies that were violated. */
  complaints: string[]
  /** Runs a function in the app's main process, which may use nothing from around it. */
  inMain<T, Arg = undefined>(
    work: (electron: StandIn, arg: Arg) => T,
    ...arg: Arg extends undefined ? [] : [Arg]
  ): Promise<Awaited<T>>
  /** Starts it once more with these arguments. Settles when the second start has ended. */
  startAgain(args: string[]): Promise<number | null>
  quit(): Promise<number | null>
  home: string
  libraryDirectory: string
}

/**
 * The built app laid out as in a package: in `app.asar` what `electron-builder.yml` leaves in the archive, and beside it what is
 * unpacked. Electron's main sees both under the archive's path; here that is true of modules and of what the page is built of.
 */
export function layOutPackage(t: TestContext): string {
  const resources = mkdtempSync(join(tmpdir(), 'lenslore-package-'))
  t.after(() => rmSync(resources, { recursive: true, force: true }))
  const archive = join(resources, 'app.asar')
  const beside = join(resources, 'app.asar.unpacked')
  const config = readFileSync(join(root, 'electron-builder.yml'), 'utf8')
  const list = /^asarUnpack:\n((?: {2}- .*\n)+)/m.exec(config)![1]!
  const isUnpacked = picomatch(
    list
      .split('\n')
      .map((line) => line.replace(/^ {2}- /, ''))
      .filter(Boolean),
  )
  for (const folder of [archive, beside]) mkdirSync(folder)
  cpSync(join(root, 'out'), join(archive, 'out'), { recursive: true })
  cpSync(join(root, 'out'), join(beside, 'out'), {
    recursive: true,
    filter: (file) => !/\.\w+$/.test(file) || isUnpacked(file.slice(root.length)),
  })
  cpSync(join(root, 'build'), join(archive, 'build'), { recursive: true })
  cpSync(join(root, 'package.json'), join(archive, 'package.json'))
  for (const name of ['migrations', 'models', 'node_modules', 'package.json']) {
    if (isUnpacked(`${name}/any/file`) || isUnpacked(name)) symlinkSync(join(root, name), join(beside, name))
  }
  symlinkSync(join(root, 'node_modules'), join(archive, 'node_modules'))
  return archive
}

/** Runs the package's command line. @returns its exit status and what it printed */
export async function runPackaged(
  application: string,
  args: string[],
  home: string,
): Promise<{ status: number | null; text: string }> {
  const child = fork(fileURLToPath(new URL('./stand-in/run.ts', import.meta.url)), [application, ...args], {
    env: { ...process.env, LENSLORE_DATA: join(home, 'data'), STAND_IN_PACKAGED: '1' },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  let text = ''
  child.stdout!.on('data', (chunk) => {
    text += chunk
  })
  return { status: await ended(child), text }
}

export async function openApp(
  t: TestContext,
  {
    application,
    args = [],
    home,
    env = {},
  }: { application: string; args?: string[]; home: string; env?: NodeJS.ProcessEnv },
): Promise<RunningApp> {
  const port = await freePort()
  const libraryDirectory = join(home, 'data', 'library')
  const environment = {
    ...process.env,
    LENSLORE_DATA: join(home, 'data'),
    XDG_DATA_HOME: join(home, 'share'),
    XDG_CACHE_HOME: join(home, 'cache'),
    ...env,
    STAND_IN_CHROMIUM: browserProgram(),
    STAND_IN_PACKAGED: '1',
    STAND_IN_PORT: String(port),
    STAND_IN_FIRST: '1',
  }
  const program = fileURLToPath(new URL('./stand-in/run.ts', import.meta.url))
  function start(more: string[], first: boolean): ChildProcess {
    return fork(program, [application, ...more], {
      env: { ...environment, STAND_IN_FIRST: first ? '1' : '0' },
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
  }
  const child = start(args, true)
  const exit = ended(child)
  t.after(async () => {
    child.kill('SIGKILL')
    await exit
  })
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    void exit.then((code) => reject(new Error(`The app ended with ${code}.`)))
  })
  const browser: Browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`)
  t.after(() => browser.close())
  const context = browser.contexts()[0]!
  // The machine may have much else to do.
  context.setDefaultTimeout(60_000)
  const page = context.pages()[0]!
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))

  let nextId = 1
  return {
    page,
    complaints,
    home,
    libraryDirectory,
    inMain(work, arg?: unknown) {
      const id = nextId++
      return new Promise((resolve, reject) => {
        const hear = (message: { id: number; value: never; error?: string }) => {
          if (message.id !== id) return
          child.off('message', hear)
          if (message.error) reject(new Error(message.error))
          else resolve(message.value)
        }
        child.on('message', hear)
        child.send({ id, source: work.toString(), arg })
      })
    },
    startAgain: (more) => ended(start(more, false)),
    async quit() {
      child.send({ id: -1, source: '({ app }) => { app.quit() }' })
      return exit
    },
  }
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', resolve))
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
