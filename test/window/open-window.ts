import assert from 'node:assert/strict'
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { bringUpToDate, pageBuild } from '../../src-main/start/up-to-date.ts'
import { type Folders, makeFolders, type ServedLibrary, serveFor } from '../server/served-library.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))

/** The browser to test in, where there is one: `LENSLORE_CHROMIUM` names another. */
const browserFile = [
  process.env.LENSLORE_CHROMIUM,
  chromium.executablePath(),
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((file) => file && existsSync(file))

/** For the options of a test: a sentence where there is no browser. */
export const needsBrowser = {
  skip: browserFile ? false : 'No Chromium is installed here, so the window was not tested.',
}

export interface OpenOptions {
  /** Before the library is opened, as to draw pictures into `photos`. */
  prepare?(folders: Folders): Promise<void> | void
  viewport?: { width: number; height: number }
  theme?: 'light' | 'dark'
  /** Whether the folder of photos is added; a library that was prepared has its own. */
  addsFolder?: boolean
}

export interface OpenedWindow {
  page: Page
  context: BrowserContext
  served: ServedLibrary
  /** Another window of the same library, held to the same. */
  openPage(): Promise<Page>
}

/**
 * The real window in a real browser over a real library and engine. The test fails where the page writes an error, breaks its
 * content policy, throws, or asks anything of another origin.
 */
export async function openWindow(t: TestContext, options: OpenOptions = {}): Promise<OpenedWindow> {
  await buildPage()
  const folders = makeFolders(t)
  await options.prepare?.(folders)
  const problems: string[] = []
  const browser = await chromium.launch({
    executablePath: browserFile!,
    // Chromium has no sandbox for root, as whom tests run in containers.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  })
  // Before the server ends, for its pages would miss it.
  t.after(() => browser.close())
  const served = await serveFor(
    t,
    {
      page: join(checkout, 'out/page'),
      ...(options.addsFolder === false ? {} : { folders: [folders.photos] }),
    },
    folders,
  )
  t.after(() => assert.deepEqual(problems, []))
  const context = await browser.newContext({
    viewport: options.viewport ?? { width: 1280, height: 800 },
    colorScheme: options.theme ?? 'dark',
  })
  const origin = `http://127.0.0.1:${served.port}`

  async function openPage(address = `${origin}/`): Promise<Page> {
    const page = await context.newPage()
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(`${message.text()} ${message.location().url}`)
    })
    page.on('pageerror', (error) => problems.push(error.stack ?? error.message))
    page.on('request', (request) => {
      const url = new URL(request.url())
      if (/^(https?|wss?):$/.test(url.protocol) && url.origin !== origin) problems.push(`asked ${url}`)
    })
    await page.goto(address)
    return page
  }

  const page = await openPage(`${origin}/open/${served.secret}`)
  return { page, context, served, openPage: () => openPage() }
}

const waitMs = 200
/** Whoever builds for longer died of it. */
const longestBuildMs = 180_000

/** Test files run at once: one of them builds, the others wait. */
async function buildPage(): Promise<void> {
  const lock = join(checkout, 'out', 'page.lock')
  mkdirSync(join(checkout, 'out'), { recursive: true })
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch {
      const ageMs = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
      if (ageMs > longestBuildMs) rmSync(lock, { recursive: true, force: true })
      else await sleep(waitMs)
    }
  }
  try {
    await bringUpToDate(checkout, pageBuild, () => {})
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}
