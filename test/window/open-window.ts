import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'
import axe from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import type { ServeLibraryOptions } from '../../src-main/server/serve-library.ts'
import { pageBuild } from '../../src-main/start/up-to-date.ts'
import { buildOnce, checkout } from '../built.ts'
import { makeFolders, type ServedLibrary, serveFor } from '../server/served-library.ts'

// The window as a person has it: the built page in a real browser, over a real server, library and engine.

const programs = ['chromium', 'chromium-browser', 'google-chrome', 'chrome']

/** A browser of this machine; undefined where there is none. */
export const browserProgram = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => programs.map((name) => join(folder, name)))
  .find(existsSync)

/** For `test(name, needsBrowser, …)`: says so where there is none. */
export const needsBrowser = browserProgram ? {} : { skip: 'there is no Chromium on this machine' }

export interface OpenWindow {
  served: ServedLibrary
  context: BrowserContext
  page: Page
  /** Another window on the same library. */
  another(): Promise<Page>
}

export interface WindowOptions {
  /** Makes the photos before anything looks at them. */
  makePhotos?(folder: string): Promise<unknown>
  /** Makes the library itself, with folders of its own. */
  makeLibrary?(directory: string): unknown
  /** Whether the folder with the photos belongs to the library from the beginning. */
  isAdded?: boolean
  viewport?: { width: number; height: number }
  colorScheme?: 'light' | 'dark'
  /** At which other machines caption. */
  queue?: ServeLibraryOptions['queue']
  /** As a tablet has it. */
  hasTouch?: boolean
  /** What the page may complain of, as of a picture that cannot be shown. */
  expectedFaults?: RegExp
}

/** Any error of the page, and any request but to its own origin, fails the test at its end. */
export async function openWindow(
  t: TestContext,
  {
    makePhotos,
    makeLibrary,
    isAdded = makeLibrary === undefined,
    viewport = { width: 1280, height: 800 },
    colorScheme = 'dark',
    hasTouch = false,
    queue,
    expectedFaults,
  }: WindowOptions = {},
): Promise<OpenWindow> {
  await buildOnce(pageBuild)
  const browser: Browser = await chromium.launch({ executablePath: browserProgram!, args: ['--no-sandbox'] })
  const faults: string[] = []
  // Before the server goes, for a page that loses it says so.
  t.after(() => browser.close())
  const folders = makeFolders(t)
  await makePhotos?.(folders.photos)
  await makeLibrary?.(folders.directory)
  const served = await serveFor(
    t,
    { page: join(checkout, 'out', 'page'), queue, ...(isAdded && { folders: [folders.photos] }) },
    folders,
  )
  // Last, for a hook that fails keeps those after it from closing what they opened.
  t.after(() => {
    assert.deepEqual(
      faults.filter((fault) => !expectedFaults?.test(fault)),
      [],
    )
  })
  const context = await browser.newContext({ viewport, colorScheme, hasTouch, reducedMotion: 'reduce' })
  context.setDefaultTimeout(longestWaitMs)
  const origin = `http://127.0.0.1:${served.port}`
  noteFaults(context, origin, faults)
  const page = await context.newPage()
  await page.goto(`${origin}/open/${served.secret}`)
  await page.waitForSelector('main h1')
  return {
    served,
    context,
    page,
    async another() {
      const other = await context.newPage()
      await other.goto(origin)
      await other.waitForSelector('main h1')
      return other
    },
  }
}

/** For whatever a test waits for: the machine may have much else to do. */
const longestWaitMs = 60_000

function noteFaults(context: BrowserContext, origin: string, faults: string[]): void {
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      faults.push(`${message.text()} ${message.location().url}`)
  })
  context.on('weberror', (error) => faults.push(String(error.error().stack)))
  context.on('request', (request) => {
    const url = request.url()
    if (!/^(data|blob):/.test(url) && new URL(url).origin !== origin) faults.push(`asked ${url}`)
  })
}

/** Goes to a view, as its link would. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to
  }, hash)
  await page.waitForSelector('main h1')
}

/** What axe-core finds against WCAG and its own good practice, each as one line. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document)
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
  })
}

/** A picture of stripes and blocks: of another number no copy, for colours alone would not make it another. */
export async function makePicture(file: string, number: number, { width = 640, height = 480 } = {}) {
  const bands = Array.from(
    { length: 8 },
    (_, at) =>
      `<rect y="${at * 60}" width="640" height="60" fill="hsl(${(number * 67 + at * 30) % 360} 60% 50%)"/>` +
      `<rect x="${((number * 29 + at * at * (number + 3)) % 11) * 50}" y="${at * 60}" width="140" height="60" fill="${at % 2 === 0 ? 'white' : 'black'}"/>`,
  )
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480">${bands.join('')}</svg>`
  await sharp(Buffer.from(svg)).resize(width, height).jpeg().toFile(file)
}
