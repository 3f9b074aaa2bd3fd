import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { makeAwayLibrary } from '../../bench/captioned-library.ts'
import { captionOf } from '../../bench/made-captions.ts'
import { needsBrowser, openWindow } from './open-window.ts'

/** Enough that hardly any of them is on the page; LENSLORE_PHOTOS=100000 walks the same way through more. */
const photos = Number(process.env.LENSLORE_PHOTOS ?? 10_000)
/** What is written of more photos takes longer. */
const longestWaitMs = Math.max(60_000, 3 * photos)
const numbers = new Intl.NumberFormat('en')
/** Of a query's words, how many of the photos say them. */
const saying = (...words: string[]) =>
  Array.from({ length: photos }, (_, at) => ` ${captionOf(at + 1)} `).filter((caption) =>
    words.every((word) => caption.includes(` ${word} `)),
  ).length

async function step(t: TestContext, name: string, walk: () => Promise<void>): Promise<void> {
  const startMs = performance.now()
  await walk()
  t.diagnostic(`${name}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
}

const box = (page: Page) => page.getByRole('combobox', { name: 'Search' })

async function finds(page: Page, count: number): Promise<void> {
  await page.locator('main h2', { hasText: new RegExp(`^${numbers.format(count)} photos?$`) }).waitFor()
}

/** What is in sight has its pictures, and few tiles are on the page. @returns the places in sight */
async function seen(page: Page): Promise<number[]> {
  const places = await page.waitForFunction(() => {
    const tiles = [...document.querySelectorAll<HTMLElement>('[role=gridcell]')]
    const inSight = tiles.filter((tile) => {
      const { top, bottom } = tile.getBoundingClientRect()
      return bottom > 48 && top < innerHeight - 32
    })
    const isThere = inSight.every((tile) => (tile.querySelector('img')?.naturalWidth ?? 0) > 0)
    return inSight.length > 0 && isThere && tiles.length < 400
      ? inSight.map((tile) => Number(tile.dataset.place))
      : false
  })
  return (await places.jsonValue()) as number[]
}

/** The photo of a place has the focus, and is in sight. */
async function isFocused(page: Page, place: number): Promise<void> {
  await page.waitForFunction((place) => {
    const { activeElement } = document
    if (activeElement?.getAttribute('data-place') !== String(place)) return false
    const { top, bottom } = activeElement.getBoundingClientRect()
    return bottom > 0 && top < innerHeight
  }, place)
}

test('in many thousand photos one walks, searches, and writes as in a few', needsBrowser, async (t) => {
  let madeMs = -performance.now()
  const { page } = await openWindow(t, {
    makeLibrary: (directory) =>
      makeAwayLibrary(dirname(directory), photos, 20).then(() => {
        madeMs += performance.now()
      }),
  })
  page.setDefaultTimeout(longestWaitMs)
  t.diagnostic(`made in ${(madeMs / 1000).toFixed(1)} s`)
  const grid = page.getByRole('grid')
  await grid.hover()

  await step(t, 'the wheel comes to the very last photo', async () => {
    let [last, turns] = [0, 0]
    for (; last < photos - 1; turns++) {
      await page.mouse.wheel(0, 60_000)
      const places = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('[data-place]')].map((tile) => Number(tile.dataset.place)),
      )
      assert.ok(places.length < 400, `${places.length}`)
      last = Math.max(last, ...places)
      if (turns % 20 === 19) await seen(page)
    }
    assert.ok(turns > 3, 'the wheel went over them, and did not jump')
    assert.equal((await seen(page)).at(-1), photos - 1)
  })

  await step(t, 'one key comes back to the first, and one to the last', async () => {
    await page.getByRole('gridcell').last().focus()
    await page.keyboard.press('Home')
    await isFocused(page, 0)
    await page.keyboard.press('End')
    await isFocused(page, photos - 1)
    await page.keyboard.press('Home')
    await isFocused(page, 0)
    await seen(page)
  })

  await step(t, 'the scrubber comes to the middle, and the calendar to a day', async () => {
    const scrubber = page.getByRole('slider', { name: 'Date' })
    const { x, y, width, height } = (await scrubber.boundingBox())!
    await page.mouse.move(x + width / 2, y + 20)
    await page.mouse.down()
    for (let at = 1; at <= 20; at++)
      await page.mouse.move(x + width / 2, y + 20 + ((height / 2 - 20) * at) / 20)
    await page.mouse.up()
    await page.waitForFunction(
      (middle) =>
        [...document.querySelectorAll<HTMLElement>('[data-place]')].some(
          ({ dataset }) => Math.abs(Number(dataset.place) - middle) < 500,
        ),
      photos / 2,
    )
    await seen(page)
    await page.getByRole('gridcell').first().focus()
    await page.keyboard.press('d')
    await page.getByLabel('Day').fill('2010-05-17')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() =>
      /May 2010|April 2010/.test(document.activeElement?.closest('[role=rowgroup]')?.ariaLabel ?? ''),
    )
    assert.equal(await scrubber.getAttribute('aria-valuetext'), 'May 2010')
    await page
      .getByText(/^[\d,]+ photos\. All captioned\./)
      .first()
      .waitFor()
  })

  await step(t, 'each letter is answered while the next is typed', async () => {
    await page.keyboard.press('/')
    await page.keyboard.type('green snow', { delay: 60 })
    await finds(page, saying('green', 'snow'))
    await page.locator('main mark', { hasText: 'snow' }).first().waitFor()
    await seen(page)
  })

  await step(t, 'all that was found gets other words, and one undo takes them back', async () => {
    const found = saying('green', 'snow')
    await box(page).press('ArrowDown')
    await page.keyboard.press('Control+a')
    await page
      .getByRole('toolbar')
      .getByText(`${numbers.format(found)} selected`)
      .waitFor()
    await page.keyboard.press('c')
    await page.getByRole('dialog').getByRole('textbox', { name: 'Caption' }).fill('Winter on Sylt')
    await page.keyboard.press('Enter')
    await page
      .locator('footer')
      .getByText(`${numbers.format(found)} photos captioned.`)
      .waitFor()
    await box(page).fill('sylt')
    await finds(page, found)
    await page
      .getByRole('gridcell', { name: /^Winter on Sylt/ })
      .first()
      .focus()
    await page.keyboard.press('Control+z')
    await page.getByText('No photo says “sylt”.').waitFor()
  })

  await step(t, 'a batch over all of them is begun, seen, and ended without a trace', async () => {
    await page.keyboard.press('g')
    await page.keyboard.press('a')
    await page.getByRole('gridcell').first().focus()
    await page.keyboard.press('Control+a')
    await page
      .getByRole('toolbar')
      .getByText(`${numbers.format(photos)} selected`)
      .waitFor()
    await page.keyboard.press('c')
    await page.getByRole('dialog').getByRole('textbox', { name: 'Caption' }).fill('All the same')
    await page.keyboard.press('Enter')
    const stop = page.locator('footer').getByRole('button', { name: 'Stop' })
    await page.waitForFunction(
      () => (document.querySelector<HTMLProgressElement>('footer progress')?.value ?? 0) > 0,
    )
    await stop.click()
    await stop.waitFor({ state: 'detached' })
    await page.keyboard.press('/')
    await box(page).fill('"all the same"')
    await page.getByText('No photo says “all the same”.').waitFor()
    await box(page).fill('green snow')
    await finds(page, saying('green', 'snow'))
  })
})
