import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { databaseFileIn, openStore } from '../../src-main/library/store/store.ts'
import { createLargeLibraries, manyPhotos } from '../library/large-library.ts'
import { drawSquares } from '../processes/library-in-process.ts'
import { needsBrowser, openWindow } from './open-window.ts'

const colors = ['navy', 'maroon', 'teal', 'olive', 'purple', 'gray']

const untilFocused = (page: Page, place: number) =>
  page.waitForFunction((place) => document.activeElement?.getAttribute('data-place') === String(place), place)
const selected = (page: Page) => page.locator('[role=gridcell][aria-selected=true]').count()

test('photos stand in a grid that the keyboard walks and that is come back to', needsBrowser, async (t) => {
  const { page } = await openWindow(t, {
    makePhotos: async (photos) => {
      for (const color of colors) await drawSquares(join(photos, `${color}.jpg`), color)
    },
  })
  const cells = page.getByRole('gridcell')
  await cells.nth(colors.length - 1).waitFor()
  await page.waitForFunction((count) => {
    const images = [...document.querySelectorAll<HTMLImageElement>('[role=gridcell] img')]
    return images.filter(({ naturalWidth }) => naturalWidth > 0).length === count
  }, colors.length)
  assert.equal(await page.getByRole('rowgroup').count(), 1)
  assert.equal(await page.getByRole('rowheader').locator('h2').count(), 1)

  await page.keyboard.press('Home')
  await untilFocused(page, 0)
  await page.keyboard.press('ArrowRight')
  await untilFocused(page, 1)
  await page.keyboard.press('Shift+ArrowRight')
  await untilFocused(page, 2)
  await page.getByRole('toolbar').getByText('2 selected').waitFor()
  assert.equal(await selected(page), 2)
  const circle = (await cells.nth(1).locator('[data-pick]').boundingBox())!
  assert.deepEqual([circle.width, circle.height], [20, 20])
  await page.keyboard.press('3')
  await page.locator('[role=gridcell][aria-label*="3 stars"]').nth(1).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('toolbar').waitFor({ state: 'detached' })
  assert.equal(await selected(page), 0)
  await page.keyboard.press('Space')
  await page.getByRole('toolbar').getByText('1 selected').waitFor()
  await page.keyboard.press('Control+a')
  await page.getByRole('toolbar').getByText('6 selected').waitFor()
  assert.equal(await selected(page), colors.length)
  await page.keyboard.press('Escape')

  await page.keyboard.press('Enter')
  await page.waitForURL(/#\/photo\/\d+/)
  await page.keyboard.press('Escape')
  await page.waitForURL(/#\/library/)
  await untilFocused(page, 2)

  await cells.nth(0).click()
  await cells.nth(3).click({ modifiers: ['Shift'] })
  assert.equal(await selected(page), 4)
  await cells.nth(1).click({ modifiers: ['Control'] })
  assert.equal(await selected(page), 3)
})

const libraries = createLargeLibraries()
after(() => libraries.remove())

test('a month of thousands is walked from end to end, few of them on the page', needsBrowser, async (t) => {
  const made = await libraries.copy()
  const { page } = await openWindow(t, {
    makeLibrary: (directory) => {
      cpSync(join(made, 'library'), directory, { recursive: true })
      // Their drive is not there, and no picture can be had of them.
      const store = openStore(databaseFileIn(directory))
      store.database.exec(`UPDATE folders SET path = path || '-gone', state = 'offline'`)
      store.close()
    },
  })
  await page.getByRole('gridcell').first().waitFor()
  await page.keyboard.press('End')
  await untilFocused(page, manyPhotos - 1)
  const cells = await page.getByRole('gridcell').count()
  assert.ok(cells > 0 && cells < 400, `${cells}`)
  const row = page.locator('[role=row]', { has: page.locator(`[data-place="${manyPhotos - 1}"]`) })
  const rows = await page.getByRole('grid').getAttribute('aria-rowcount')
  assert.equal(await row.getAttribute('aria-rowindex'), rows)

  // Every row ends at the same right edge, but the last of the month.
  const ends = await page.evaluate(() =>
    [...document.querySelectorAll('[role=row]')].flatMap((row) => {
      const last = [...row.querySelectorAll('[role=gridcell]')].at(-1)
      return last ? [Math.round(last.getBoundingClientRect().right)] : []
    }),
  )
  assert.ok(ends.length > 3 && new Set(ends).size <= 2, ends.join(' '))

  await page.keyboard.press('Control+a')
  await page.getByRole('toolbar').getByText('3,000 selected').waitFor()
  await page.keyboard.press('Home')
  await untilFocused(page, 0)

  const scrubber = page.getByRole('slider', { name: 'Date' })
  const { x, y, width, height } = (await scrubber.boundingBox())!
  await page.mouse.click(x + width / 2, y + height / 2)
  await page.waitForFunction((middle) => {
    const places = [...document.querySelectorAll<HTMLElement>('[data-place]')].map(
      (tile) => tile.dataset.place,
    )
    return places.some((place) => Math.abs(Number(place) - middle) < 60)
  }, manyPhotos / 2)
  assert.match((await scrubber.getAttribute('aria-valuetext')) ?? '', /January 1970/)
})
