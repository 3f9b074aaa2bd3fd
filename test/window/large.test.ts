import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { makeCaptionedLibrary } from '../../bench/captioned-library.ts'
import { needsBrowser, openWindow } from './open-window.ts'

const photos = 3000

/** The photo of a place has the focus, and all that is in sight its picture. */
async function isSeen(page: Page, place: number): Promise<void> {
  await page.waitForFunction((place) => {
    const { activeElement } = document
    if (activeElement?.getAttribute('data-place') !== String(place)) return false
    const { top, bottom } = activeElement.getBoundingClientRect()
    const image = activeElement.querySelector('img')
    return bottom > 0 && top < innerHeight && image !== null && image.naturalWidth > 0
  }, place)
}

test('years of photos are walked to the very last and back by one key each', needsBrowser, async (t) => {
  const { page } = await openWindow(t, {
    makeLibrary: (directory) => makeCaptionedLibrary(dirname(directory), photos, { looks: 6 }),
  })
  await page.getByRole('gridcell').first().focus()
  await page.keyboard.press('End')
  await isSeen(page, photos - 1)
  const drawn = await page.getByRole('gridcell').count()
  assert.ok(drawn < 400, `${drawn}`)
  await page.keyboard.press('Home')
  await isSeen(page, 0)
})
