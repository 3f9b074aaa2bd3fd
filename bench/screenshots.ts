/**
 * Pictures of the window in both themes and two sizes, for the documentation: a library of landscapes drawn by numbers, the real
 * server, library, engine and embedded model, and Chromium.
 *
 *   node bench/screenshots.ts [--photos 80] [--to docs/screenshots] [--only photo] [--wide]
 *
 * `--wide` makes those of 2560 × 1440 in the place of 1280 × 800; the page is built anew.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import { createMemoryChannel } from '../src-main/channels/memory.ts'
import { type LibraryCalls, type LibraryEvents, libraryCalls } from '../src-main/contract/library-calls.ts'
import { type Client, connect, serve } from '../src-main/contract/rpc.ts'
import { createLibrary } from '../src-main/library/library.ts'
import { forkEngine } from '../src-main/processes/fork.ts'
import { serveLibrary } from '../src-main/server/serve-library.ts'
import { writeScenes } from './scenes.ts'

const { values: options } = parseArgs({
  options: {
    photos: { type: 'string', default: '80' },
    to: { type: 'string', default: fileURLToPath(new URL('../docs/screenshots', import.meta.url)) },
    only: { type: 'string' },
    wide: { type: 'boolean', default: false },
  },
})
const size = options.wide ? { width: 2560, height: 1440 } : { width: 1280, height: 800 }

/** What is opened, and what a person does there before the picture is taken. */
const views: Record<string, { route: string; act?: (page: Page) => Promise<void> }> = {
  library: { route: '#/library' },
  selection: { route: '#/library', act: selectSome },
  search: { route: '#/search?q=sea' },
  empty: { route: '#/search?q=kite+before%3A2019' },
  photo: { route: '#/photo/1', act: lookAtWord },
  teach: { route: '#/teach', act: (page) => page.waitForTimeout(2500) },
  work: { route: '#/work' },
  settings: { route: '#/settings' },
  first: { route: '#/first' },
  replace: { route: '#/library', act: replaceInSome },
  palette: { route: '#/library', act: (page) => page.keyboard.press('Control+k') },
  shortcuts: { route: '#/library', act: (page) => page.keyboard.press('?') },
}

async function selectSome(page: Page): Promise<void> {
  await page.getByRole('gridcell').first().focus()
  for (const key of ['Space', 'ArrowRight', 'Space', 'Shift+ArrowRight']) await page.keyboard.press(key)
}

async function replaceInSome(page: Page): Promise<void> {
  await page.getByRole('gridcell').first().focus()
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Control+h')
  await page.keyboard.type('sun')
  await page.keyboard.press('Tab')
  await page.keyboard.type('midnight sun')
}

async function lookAtWord(page: Page): Promise<void> {
  await page.waitForTimeout(2500)
  for (let word = 0; word < 4; word++) await page.keyboard.press('Alt+ArrowRight')
  // Until the model has looked.
  await page.waitForTimeout(6000)
}

/** Most captions are imported, some the person's own, and some the model's. */
async function makeLibrary(home: string): Promise<string> {
  const [pictures, directory] = [join(home, 'Pictures'), join(home, 'library')]
  const captions = await writeScenes(pictures, Number(options.photos))
  const [here, there] = createMemoryChannel()
  const library = createLibrary({ directory, dataDirectory: home, startEngine: forkEngine, version: '0.0.0' })
  const { emit } = serve<LibraryCalls, LibraryEvents>(there, libraryCalls, library.handlers)
  library.onEvent(emit)
  const client = connect<LibraryCalls, LibraryEvents>(here, libraryCalls)
  await client.addFolder({ path: pictures })
  await client.scan({})
  await client.captionAll({})
  const rows = [...captions]
    .filter((_, at) => at % 7 !== 3)
    .map(([name, caption], at) => ({
      path: join(pictures, name),
      caption,
      source: at % 5 === 0 ? 'person' : 'imported',
    }))
  const table = join(home, 'captions.json')
  writeFileSync(table, JSON.stringify(rows))
  await client.importTable({ path: table, format: 'json' })
  if (options.only === undefined || options.only === 'teach') await teach(client)
  here.close()
  await library.close()
  return directory
}

/** A short training on some captions that the person found right: its verdict waits. */
async function teach(client: Client<LibraryCalls, LibraryEvents>): Promise<void> {
  const { photos } = await client.search({ query: 'by:imported', limit: 24 })
  for (const { id } of photos) await client.confirmCaption({ photo: id })
  await client.startTraining({ passes: 6 })
  while ((await client.teaching({})).training?.state === 'running') await sleep(1000)
}

const home = mkdtempSync(join(tmpdir(), 'lenslore-screenshots-'))
mkdirSync(options.to, { recursive: true })
try {
  execFileSync('npm', ['run', '-s', 'build:page'], { cwd: new URL('..', import.meta.url), stdio: 'inherit' })
  const server = await serveLibrary({
    directory: await makeLibrary(home),
    dataDirectory: home,
    version: '0.0.0',
    allow: [home],
    host: '127.0.0.1',
  })
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--headless=new'],
  })
  const context = await browser.newContext({ viewport: size, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.on('console', (message) => message.type() === 'error' && console.error(message.text()))
  page.on('pageerror', (error) => console.error(error))
  await page.goto(server.link)
  await page.getByRole('navigation').first().waitFor()
  const address = new URL('.', page.url()).href
  for (const [name, { route, act }] of Object.entries(views)) {
    if (options.only !== undefined && options.only !== name) continue
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.goto('about:blank')
      await page.goto(address + route)
      await page.getByRole('main').waitFor()
      await page.waitForTimeout(1500)
      await act?.(page)
      await page.waitForTimeout(700)
      const file = join(options.to, `${name}-${colorScheme}${options.wide ? '-wide' : ''}.webp`)
      await sharp(await page.screenshot())
        .webp({ quality: 82 })
        .toFile(file)
      console.log(file)
    }
  }
  await browser.close()
  await server.close()
} finally {
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}
