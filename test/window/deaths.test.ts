import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { makeAllDescribed } from './described-pictures.ts'
import { goTo, makePicture, needsBrowser, openWindow } from './open-window.ts'

const manyPhotos = 80
const described = [
  { name: 'a.jpg', caption: 'A red kite over a beach', taken: '2022-07-03' },
  { name: 'b.jpg', caption: 'Two dogs in the grass', taken: '2022-07-02' },
]

async function makeMany(folder: string): Promise<void> {
  for (let number = 1; number <= manyPhotos; number++) {
    await makePicture(join(folder, `photo-${number}.jpg`), number)
  }
}

/** The child of a process that runs this program. */
function childOf(parent: number, program: string): number | undefined {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n')
  const processes = lines.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)/.exec(line)?.slice(1) ?? [])
  const child = processes.find(([, ppid, args]) => ppid === String(parent) && args!.includes(program))
  return child && Number(child[0])
}

const libraryProcess = () => childOf(process.pid, 'library-process')

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
    const engine = childOf(libraryProcess()!, 'engine-process')!
    process.kill(engine, 'SIGKILL')
    const before = countIn((await said()).at(-1)!)
    assert.ok(before < manyPhotos, 'it was killed while it captioned')

    await untilCaptioned(page, manyPhotos)
    await page.locator('footer').getByText('Nothing to do').waitFor()
    assert.notEqual(childOf(libraryProcess()!, 'engine-process'), engine)
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
