import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { makeAwayLibrary } from '../../bench/captioned-library.ts'
import { makeAllDescribed } from './described-pictures.ts'
import { accessibilityFaults, goTo, makePicture, needsBrowser, openWindow } from './open-window.ts'

const manyPhotos = 80
/** All photos of a large library, on a machine that has much else to do. */
const manyTakeAtMostMs = 240_000
const described = [
  { name: 'a.jpg', caption: 'A red kite over a beach', taken: '2022-07-03' },
  { name: 'b.jpg', caption: 'Two dogs in the grass', taken: '2022-07-02' },
]

async function makeMany(folder: string): Promise<void> {
  for (let number = 1; number <= manyPhotos; number++) {
    await makePicture(join(folder, `photo-${number}.jpg`), number)
  }
}

/** The children of a process that run this program. */
function childrenOf(parent: number, program: string): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n')
  const processes = lines.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)/.exec(line)?.slice(1) ?? [])
  return processes
    .filter(([, ppid, args]) => ppid === String(parent) && args!.includes(program))
    .map(([pid]) => Number(pid))
}

const libraryProcess = () => childrenOf(process.pid, 'library-process')[0]
const engines = () => childrenOf(libraryProcess()!, 'engine-process')

/** What the status line said from here on, whenever it changed. */
async function noteStatus(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const line = document.querySelector<HTMLElement>('footer.status')!
    const said = [line.innerText.replace(/\s+/g, ' ')]
    Object.assign(window, { said })
    new MutationObserver(() => {
      said.push(line.innerText.replace(/\s+/g, ' '))
    }).observe(line, { subtree: true, childList: true, characterData: true })
  })
  return () => page.evaluate(() => (window as unknown as { said: string[] }).said)
}

const countIn = (line: string) => Number(/(\d+) of \d+/.exec(line)?.[1] ?? 0)
const untilCaptioned = (page: Page, least: number) =>
  page.waitForFunction(
    (least) => Number(document.querySelector('footer.status strong')?.textContent) >= least,
    least,
  )

test(
  'captions go on when the engine is killed, and the window says nothing false',
  needsBrowser,
  async (t) => {
    const { page } = await openWindow(t, { makePhotos: makeMany })
    const said = await noteStatus(page)
    await untilCaptioned(page, 1)
    const [engine] = engines()
    process.kill(engine!, 'SIGKILL')
    const before = countIn((await said()).at(-1)!)
    assert.ok(before < manyPhotos, 'it was killed while it captioned')

    await untilCaptioned(page, manyPhotos)
    await page.locator('footer').getByText('Nothing to do').waitFor()
    assert.ok(!engines().includes(engine!))
    const lines = await said()
    const counts = lines.map(countIn)
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    )
    const early = lines.filter((line) => countIn(line) < manyPhotos)
    assert.deepEqual(
      early.filter((line) => /Nothing to do|Not captioning|failed|does not answer/.test(line)),
      [],
    )
    assert.equal(await page.getByRole('gridcell', { name: /No caption yet|cannot|failed/ }).count(), 0)
  },
)

test(
  'nothing written is lost when the library is killed, and the window goes on',
  needsBrowser,
  async (t) => {
    const { page, another } = await openWindow(t, {
      // Pictures that were asked for while no library was there.
      expectedFaults: /503 .*\/(thumb|full)$/,
      async makePhotos(folder) {
        await makeAllDescribed(folder, described)
        await makeMany(folder)
      },
    })
    const field = page.getByRole('textbox', { name: 'Caption' })
    async function open(words: string): Promise<void> {
      await goTo(page, `#/search?q=${encodeURIComponent(words)}`)
      await page.getByRole('gridcell', { name: words }).focus()
      await page.keyboard.press('Enter')
      await page.waitForFunction((words) => document.querySelector('textarea')?.value === words, words)
    }
    await open('A red kite over a beach')
    await page.keyboard.press('c')
    await page.keyboard.type('Anna and her dragon')
    await page.keyboard.press('Enter')
    await page
      .getByText(/^Your words\./)
      .first()
      .waitFor()
    await open('Two dogs in the grass')
    await page.keyboard.press('c')
    await page.keyboard.type('Biscuit and')

    const killed = libraryProcess()!
    process.kill(killed, 'SIGKILL')
    await page.keyboard.type(' his brother')
    await page.locator('footer').getByText('The library’s process ended by itself').waitFor()
    await page.waitForFunction(() => document.querySelector('textarea')?.value === 'Biscuit and his brother')
    await page.keyboard.press('Enter')
    await page
      .getByText(/^Your words\./)
      .first()
      .waitFor()
    assert.equal(await field.inputValue(), 'Biscuit and his brother')
    assert.notEqual(libraryProcess(), killed)

    const other = await another()
    for (const words of ['dragon', 'brother']) {
      await goTo(other, `#/search?q=${words}`)
      await other.locator('main h2', { hasText: /^1 photo$/ }).waitFor()
    }
    await untilCaptioned(page, manyPhotos + described.length)
  },
)

test(
  'a caption for many goes on by itself when the library is killed, is seen to, and is one edit',
  needsBrowser,
  async (t) => {
    const many = 10_000
    const { page } = await openWindow(t, {
      makeLibrary: (directory) => makeAwayLibrary(dirname(directory), many, 20),
      expectedFaults: /503 .*\/(thumb|full)$/,
    })
    page.setDefaultTimeout(manyTakeAtMostMs)
    const status = page.locator('footer')
    const running = status.getByRole('progressbar', { name: 'Changing captions' })
    const stop = status.getByRole('button', { name: 'Stop' })
    const found = (count: string) =>
      page.locator('main h2', { hasText: new RegExp(`^${count} photos?$`) }).waitFor()
    async function captionAllAndKill(words: string): Promise<void> {
      await goTo(page, '#/library')
      await page.getByRole('gridcell').first().focus()
      await page.keyboard.press('Control+a')
      await page.keyboard.press('c')
      await page.getByRole('dialog').getByRole('textbox').fill(words)
      await page.keyboard.press('Enter')
      await page.waitForFunction(
        () => (document.querySelector<HTMLProgressElement>('footer .running progress')?.value ?? 0) > 0,
      )
      process.kill(libraryProcess()!, 'SIGKILL')
      await status.getByText('The library’s process ended by itself').waitFor()
    }

    await captionAllAndKill('a heron in the reeds')
    await running.waitFor()
    await stop.waitFor()
    await stop.waitFor({ state: 'detached' })
    await goTo(page, '#/search?q=heron')
    await found('10,000')
    await page.keyboard.press('Control+z')
    await status.getByText('Taken back: Caption on 10,000 photos.').waitFor()
    await page.getByText('No photo says').first().waitFor()

    await captionAllAndKill('an egret in the reeds')
    await stop.click()
    await stop.waitFor({ state: 'detached' })
    await goTo(page, '#/search?q=egret')
    await page.getByText('No photo says').first().waitFor()
    await status.getByRole('button', { name: 'Undo' }).waitFor({ state: 'detached' })
  },
)

test(
  'a training that is cut off says so and goes on, and one that is cut off for good says that',
  needsBrowser,
  async (t) => {
    const { page, served, context } = await openWindow(t, {
      async makePhotos(folder) {
        for (let number = 1; number <= 10; number++) await makePicture(join(folder, `${number}.jpg`), number)
      },
    })
    await untilCaptioned(page, 10)
    const [session] = await context.cookies()
    const library = await served.openPage(`${session!.name}=${session!.value}`)
    const { photos } = await library.search({ query: '', limit: 10 })
    for (const { id } of photos) await library.setCaption({ photo: id, text: `Today we saw quilt ${id}` })

    await goTo(page, '#/teach')
    const train = page.getByRole('region', { name: 'Train', exact: true })
    await train.getByText('More', { exact: true }).click()
    await train.getByRole('spinbutton').fill('1000')
    const others = engines()
    await train.getByRole('button', { name: 'Train' }).click()
    const learning = train.getByText(/step \d+ of \d+/)
    const killed = new Set(others)
    async function cutOff(): Promise<void> {
      const trainer = await eventually(() => engines().find((engine) => !killed.has(engine)))
      await learning.waitFor()
      killed.add(trainer)
      process.kill(trainer, 'SIGKILL')
    }
    async function lookInBothThemes(): Promise<void> {
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme })
        assert.deepEqual(await accessibilityFaults(page), [])
      }
    }
    await cutOff()
    await train.getByText('It was cut off once, and goes on where it was.').waitFor()
    await lookInBothThemes()
    for (const times of [2, 3]) {
      await cutOff()
      await train.getByText(`It was cut off ${times} times, and goes on where it was.`).waitFor()
    }
    await cutOff()
    await train.getByText('The last training ended without a result. Nothing changed.').waitFor()
    await lookInBothThemes()
    await train
      .getByText(/stopped 4 times\. It ended by itself, as happens where memory is short\./)
      .waitFor()
    assert.equal(await train.getByRole('progressbar').count(), 0)
    assert.ok(await train.getByRole('button', { name: 'Train' }).isEnabled())
    assert.deepEqual((await library.adapters({})).adapters, [])
  },
)

/** What comes to be there. */
async function eventually<T>(find: () => T | undefined): Promise<T> {
  const untilMs = Date.now() + 60_000
  for (;;) {
    const found = find()
    if (found !== undefined) return found
    assert.ok(Date.now() < untilMs, 'it came in time')
    await sleep(50)
  }
}
