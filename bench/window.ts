/**
 * How quick the window is over a large library, in real Chromium (headless, which draws in software: frames are no figure here)
 * on the real server: from the start of the process to the first photo, the longest task of the page while it is scrolled and
 * scrubbed, from a key to what it found, selecting all, a caption for all, and memory.
 *
 *   node bench/window.ts [--photos 100000] [--keep DIRECTORY] [--seconds 20] [--built] [--batch]
 *
 * The baseline is a bare page that shows as many pictures as one screen of the window has, from the same server's thumbnails.
 * The browser is open and at rest before anything is measured. `--built` runs the server from `out/`, as people have it, in place
 * of the sources. With `--keep` the library stays for another run; what is done to it there is taken back. `--batch` also captions all photos to
 * the end, through a kill of the library's process, and takes it back, which takes minutes for each 100,000.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core'
import { makeCaptionedLibrary } from './captioned-library.ts'

const { values: options } = parseArgs({
  options: {
    photos: { type: 'string', default: '100000' },
    keep: { type: 'string' },
    seconds: { type: 'string', default: '20' },
    built: { type: 'boolean', default: false },
    batch: { type: 'boolean', default: false },
  },
})
const photos = Number(options.photos)
const seconds = Number(options.seconds)
const root = fileURLToPath(new URL('..', import.meta.url))
const looks = 1000
const program = options.built ? 'out/cli/main.js' : 'src-main/cli/main.ts'
/** After scrolling, until what is seen is there in full; and of a browser that was just begun, with windows of its own. */
const restMs = 3000

interface Server {
  link: string
  /** Of the library's process. */
  libraryMb(): number
  /** Processor time so far. */
  serverMs(): number
  libraryMs(): number
  killLibrary(): void
  end(): Promise<void>
}

async function startServer(directory: string, dataDirectory: string): Promise<Server> {
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=1', program, 'serve', '--json', '--library', directory],
    {
      cwd: root,
      env: { ...process.env, LENSLORE_DATA: dataDirectory },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const { link } = await new Promise<{ link: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)))
    child.once('exit', () => reject(new Error('The server ended.')))
  })
  return {
    link,
    libraryMb: () => residentMb(libraryProcessOf(child.pid!)),
    serverMs: () => processorMs(child.pid!),
    libraryMs: () => processorMs(libraryProcessOf(child.pid!)),
    killLibrary: () => void process.kill(libraryProcessOf(child.pid!), 'SIGKILL'),
    async end() {
      child.kill('SIGINT')
      await ended
    },
  }
}

function childrenOf(pid: number): number[] {
  return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(Number)
}

function libraryProcessOf(pid: number): number {
  return childrenOf(pid).find((child) =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('library-process'),
  )!
}

/** The most that was resident at any time so far. */
function residentMb(pid: number): number {
  const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])
  return (kilobytes * 1024) / 1e6
}

/** What a process computed so far, in all its threads. Linux counts it in hundredths of a second. */
function processorMs(pid: number): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11, 13)
  return (Number(user) + Number(system)) * 10
}

async function renderersOf(browser: Browser): Promise<number[]> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
}

/** Of the process that computed most since: that of the page which was opened meanwhile. */
async function pageMs(browser: Browser, before: ReadonlyMap<number, number>): Promise<number> {
  return Math.max(...(await renderersOf(browser)).map((pid) => processorMs(pid) - (before.get(pid) ?? 0)))
}

/** The most that was resident so far of the renderer that draws a page. A trace is kept in it: one that was traced tells nothing. */
async function rendererMb(browser: Browser): Promise<number> {
  return Math.max(...(await renderersOf(browser)).map(residentMb))
}

interface TraceEvent {
  name: string
  /** In µs, by the clock and by the thread's own, which stands still while another program has the processor. */
  dur?: number
  tdur?: number
  pid: number
  tid: number
  args: { name?: string }
}

interface LongestTask {
  ms: number
  /** What the one that computed longest computed. */
  computedMs: number
}

/** @returns how long the longest task of the page's main thread took meanwhile. */
async function longestTask(browser: Browser, page: Page, work: () => Promise<void>): Promise<LongestTask> {
  await browser.startTracing(page, {
    categories: ['toplevel', 'disabled-by-default-devtools.timeline', 'devtools.timeline'],
  })
  await work()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[]
  }
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const tasks = traceEvents.filter(
    ({ name, pid, tid }) => /RunTask$/.test(name) && mains.has(`${pid} ${tid}`),
  )
  const longest = (values: number[]) => Math.max(0, ...values) / 1000
  return {
    ms: longest(tasks.map(({ dur = 0 }) => dur)),
    computedMs: longest(tasks.map(({ tdur = 0 }) => tdur)),
  }
}

const firstPicture = () =>
  [...document.images].some((image) => image.complete && image.naturalWidth > 0 && image.clientHeight > 40)

/** From a key to the frame in which what the page shows has changed for the last time within a second. */
async function untilPainted(page: Page, selector: string, act: () => Promise<void>): Promise<number> {
  await page.evaluate((watched) => {
    const state = { fromMs: 0, paintedMs: 0 }
    Object.assign(window, { measured: state })
    const target = document.querySelector(watched)!
    const from = () => {
      if (state.fromMs === 0) state.fromMs = performance.now()
    }
    window.addEventListener('keydown', from, { capture: true, once: true })
    new MutationObserver(() => {
      if (state.fromMs === 0 || state.paintedMs > 0) return
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          state.paintedMs ||= performance.now()
        }),
      )
    }).observe(target, { subtree: true, childList: true, characterData: true })
  }, selector)
  await act()
  await page.waitForFunction(
    () => (window as unknown as { measured: { paintedMs: number } }).measured.paintedMs > 0,
    undefined,
    { timeout: 30_000 },
  )
  return page.evaluate(() => {
    const { fromMs, paintedMs } = (window as unknown as { measured: { fromMs: number; paintedMs: number } })
      .measured
    return paintedMs - fromMs
  })
}

function tell(what: string, value: number, unit: string, baseline?: number): void {
  const ratio = baseline === undefined ? '' : `   ${(value / baseline).toFixed(1)} × the bare page`
  console.log(`${what.padEnd(52)} ${value.toFixed(0).padStart(7)} ${unit}${ratio}`)
}

function tellTask(what: string, { ms, computedMs }: LongestTask, baselineMs: number): void {
  tell(what, ms, 'ms', baselineMs)
  tell('  the most that one computed', computedMs, 'ms')
}

const middle = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** Pictures of the bare page, each another one, as in the window: of what is shown twice a browser keeps one. */
const barePictures = 192

/** A page of nothing but pictures, as many as are near the view in the window, from files. */
async function measureBarePage(browser: Browser, directory: string) {
  const sources = execFileSync('find', [join(directory, 'looks'), '-name', '*.webp'], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)
    .slice(0, barePictures)
  const file = join(directory, 'bare.html')
  const images = sources.map((source) => `<img src="file://${source}" width="240" height="160">`).join('')
  writeFileSync(file, `<!doctype html><body style="height:40000px">${images}</body>`)
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  await sleep(restMs)
  const startMs = performance.now()
  await page.goto(`file://${file}`, { waitUntil: 'commit' })
  await page.waitForFunction(firstPicture)
  const firstMs = performance.now() - startMs
  const scrollDown = async () => {
    for (let turn = 0; turn < 60; turn++) {
      await page.mouse.wheel(0, 600)
      await sleep(30)
    }
  }
  await scrollDown()
  await sleep(restMs)
  const megabytes = await rendererMb(browser)
  const { ms: taskMs } = await longestTask(browser, page, scrollDown)
  await page.close()
  return { firstMs, taskMs, megabytes }
}

async function measure(directory: string, dataDirectory: string): Promise<void> {
  const library = join(directory, 'library')
  execFileSync('npm', ['run', '-s', options.built ? 'build' : 'build:page'], { cwd: root, stdio: 'ignore' })
  const launch = () =>
    chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--headless=new'] })

  async function open(isCold: boolean) {
    const browser = await launch()
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await sleep(restMs)
    const before = new Map((await renderersOf(browser)).map((pid) => [pid, processorMs(pid)]))
    if (isCold) execFileSync('sh', ['-c', 'sync; echo 1 > /proc/sys/vm/drop_caches 2>/dev/null || true'])
    const startMs = performance.now()
    const server = await startServer(library, dataDirectory)
    const listenMs = performance.now() - startMs
    await page.goto(server.link, { waitUntil: 'commit' })
    await page.waitForFunction(firstPicture, undefined, { timeout: 120_000 })
    const firstMs = performance.now() - startMs
    const computedMs = {
      server: server.serverMs(),
      library: server.libraryMs(),
      page: await pageMs(browser, before),
    }
    return { browser, server, page, listenMs, firstMs, computedMs }
  }

  const bareBrowser = await launch()
  const bare = await measureBarePage(bareBrowser, directory)
  await bareBrowser.close()
  console.log(
    `${photos} photos, served by ${program}; a bare page of ${barePictures} pictures: first ${bare.firstMs.toFixed(0)} ms, longest task ${bare.taskMs.toFixed(0)} ms, ${bare.megabytes.toFixed(0)} MB`,
  )

  for (const isCold of [true, false, false]) {
    const { browser, server, listenMs, firstMs, computedMs } = await open(isCold)
    const how = isCold ? 'file caches dropped' : 'warm'
    tell(`from spawning the server to the first photo (${how})`, firstMs, 'ms', bare.firstMs)
    tell('  of which until the address is printed', listenMs, 'ms')
    for (const [what, ms] of Object.entries(computedMs))
      tell(`  processor time of the ${what} by then`, ms, 'ms')
    await browser.close()
    await server.end()
  }

  const { browser, server, page } = await open(false)
  const session = await page.context().newCDPSession(page)
  const grid = page.getByRole('grid')
  await grid.waitFor()
  await wheel(session, seconds)
  await sleep(restMs)
  tell('memory of the page, scrolled and at rest', await rendererMb(browser), 'MB', bare.megabytes)
  const scrolling = await longestTask(browser, page, () => wheel(session, seconds))
  tellTask('longest task while scrolling', scrolling, bare.taskMs)
  const scrubbing = await longestTask(browser, page, () => scrub(page))
  tellTask('longest task while scrubbing from end to end', scrubbing, bare.taskMs)

  await grid.getByRole('gridcell').first().focus()
  const selecting = [await untilPainted(page, 'main', () => page.keyboard.press('Control+a'))]
  await page.keyboard.press('Escape')
  await sleep(500)
  selecting.push(await untilPainted(page, 'main', () => page.keyboard.press('Control+a')))
  tell('select all to painted', Math.max(...selecting), 'ms')
  await page.keyboard.press('Escape')

  const typing = await typeSearch(page, 'red dog')
  tell('a key to painted results, the middle one', middle(typing), 'ms')
  tell('a key to painted results, the slowest', Math.max(...typing), 'ms')
  await measureBatch(page, server)

  tell('memory of the library', server.libraryMb(), 'MB')
  await browser.close()
  await server.end()
}

/** @returns how long each key took until what it found was painted, in ms */
async function typeSearch(page: Page, words: string): Promise<number[]> {
  await page.keyboard.press('/')
  await sleep(300)
  const typing: number[] = []
  for (const letter of words) {
    if (letter === ' ') {
      await page.keyboard.press('Space')
      continue
    }
    typing.push(await untilPainted(page, 'main', () => page.keyboard.press(letter)))
    await sleep(400)
  }
  return typing
}

const batchMs = 24 * 3600_000

/** One caption for all photos: begun, searched beside, stopped; then to the end, and taken back. */
async function measureBatch(page: Page, server: Server): Promise<void> {
  const stop = page.getByRole('button', { name: 'Stop', exact: true })
  const since = (fromMs: number) => performance.now() - fromMs

  async function begin(words: string): Promise<number> {
    await page.goto(`${new URL(page.url()).origin}/#/library`)
    await page.getByRole('gridcell').first().focus()
    await page.keyboard.press('Control+a')
    await page.keyboard.press('c')
    await page.getByRole('dialog').getByRole('textbox').fill(words)
    const startMs = performance.now()
    await page.keyboard.press('Enter')
    await stop.waitFor()
    return startMs
  }

  let startMs = await begin('a picture that the bench captioned')
  tell('a caption for all to its progress on screen', since(startMs), 'ms')
  const typing = await typeSearch(page, 'blue cat')
  tell('a key to painted results meanwhile, the slowest', Math.max(...typing), 'ms')
  startMs = performance.now()
  await stop.click()
  await stop.waitFor({ state: 'detached' })
  tell('from Stop to the end of it', since(startMs), 'ms')
  if (!options.batch) return

  // What was stopped is taken back behind it.
  await page.getByText('Putting captions back').waitFor({ state: 'detached', timeout: batchMs })
  startMs = await begin('all of them')
  await page.waitForFunction(
    () => (document.querySelector<HTMLProgressElement>('footer .running progress')?.value ?? 0) > 0,
    undefined,
    { timeout: batchMs },
  )
  tell('until all that is to change is known', since(startMs) / 1000, 's')
  await sleep(5000)
  const killedMs = performance.now()
  server.killLibrary()
  await page.waitForFunction(() => document.body.innerText.includes('library’s process ended'))
  await page.getByRole('progressbar', { name: 'Changing captions' }).waitFor()
  tell('killed, until the page shows that it goes on', since(killedMs), 'ms')
  await stop.waitFor({ state: 'detached', timeout: batchMs })
  tell('a caption for all, to its end, the kill included', since(startMs) / 1000, 's')
  startMs = performance.now()
  await page.keyboard.press('Control+z')
  await page.locator('footer').getByText('Taken back').waitFor({ timeout: batchMs })
  tell('all of it taken back by one undo', since(startMs) / 1000, 's')
}

async function wheel(session: CDPSession, forSeconds: number): Promise<void> {
  const endMs = performance.now() + forSeconds * 1000
  while (performance.now() < endMs) {
    await session.send('Input.dispatchMouseEvent', {
      type: 'mouseWheel',
      x: 640,
      y: 400,
      deltaX: 0,
      deltaY: 900,
    })
    await sleep(25)
  }
}

async function scrub(page: Page): Promise<void> {
  const box = (await page.getByRole('slider').last().boundingBox())!
  const x = box.x + box.width / 2
  await page.mouse.move(x, box.y + 4)
  await page.mouse.down()
  for (let step = 0; step <= 120; step++) {
    await page.mouse.move(x, box.y + 4 + ((box.height - 8) * step) / 120)
    await sleep(25)
  }
  await page.mouse.up()
  await sleep(500)
}

const home = mkdtempSync(join(tmpdir(), 'lenslore-bench-window-'))
const directory = options.keep ?? join(home, 'made')
try {
  if (!existsSync(directory)) {
    mkdirSync(directory, { recursive: true })
    await makeCaptionedLibrary(directory, photos, { looks: Math.min(looks, photos) })
  }
  await measure(directory, home)
} finally {
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}
