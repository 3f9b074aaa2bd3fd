import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CDPSession, Locator, Page } from 'playwright-core'
import { makePicture, needsBrowser, openWindow } from './open-window.ts'

interface Point {
  x: number
  y: number
}

async function middleOf(element: Locator): Promise<Point> {
  const { x, y, width, height } = (await element.boundingBox())!
  return { x: x + width / 2, y: y + height / 2 }
}

/** Fingers come down, go through these places, and are lifted. */
async function touch(cdp: CDPSession, ways: readonly Point[][], restMs = 0): Promise<void> {
  const at = (step: number) => ways.map((way, id) => ({ ...way[Math.min(step, way.length - 1)]!, id }))
  await cdp.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(0) })
  for (let step = 1; step < ways[0]!.length; step++) {
    await cdp.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(step) })
  }
  await sleep(restMs)
  await cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
}

const across = (from: Point, to: Point, steps = 8): Point[] =>
  Array.from({ length: steps + 1 }, (_, at) => ({
    x: from.x + ((to.x - from.x) * at) / steps,
    y: from.y + ((to.y - from.y) * at) / steps,
  }))

const zoomed = (page: Page) =>
  page.waitForFunction(() => {
    const picture = document.querySelector('[data-part=stage] .picture:not(.beside)')
    return picture !== null && new DOMMatrix(getComputedStyle(picture).transform).a > 1.2
  })
const fitted = (page: Page) =>
  page.waitForFunction(() => {
    const picture = document.querySelector('[data-part=stage] .picture:not(.beside)')
    return picture !== null && new DOMMatrix(getComputedStyle(picture).transform).a === 1
  })

test('with fingers photos are opened, selected, made larger and turned', needsBrowser, async (t) => {
  const { page, context } = await openWindow(t, {
    hasTouch: true,
    makePhotos: (folder) =>
      Promise.all([1, 2, 3].map((number) => makePicture(join(folder, `photo-${number}.jpg`), number))),
  })
  const cdp = await context.newCDPSession(page)
  const cells = page.getByRole('gridcell')
  await cells.nth(2).waitFor()

  await t.test('a finger that rests selects, and then each tap does', async () => {
    await touch(cdp, [[await middleOf(cells.nth(0))]], 700)
    await page.getByRole('toolbar').getByText('1 selected').waitFor()
    assert.doesNotMatch(page.url(), /photo/)
    const { x, y } = await middleOf(cells.nth(1))
    await page.touchscreen.tap(x, y)
    await page.getByRole('toolbar').getByText('2 selected').waitFor()
    await page.touchscreen.tap(x, y)
    await page.getByRole('toolbar').getByText('1 selected').waitFor()
    await page.getByRole('button', { name: 'Clear the selection' }).tap()
  })

  await t.test('a tap opens a photo, and a finger that goes across turns to the next', async () => {
    const { x, y } = await middleOf(cells.nth(0))
    await page.touchscreen.tap(x, y)
    await page.waitForURL(/#\/photo\/\d+/)
    await page.getByRole('button', { name: 'Next photo' }).waitFor()
    const first = page.url()
    const stage = await middleOf(page.locator('[data-part=stage]'))
    await touch(cdp, [across({ x: stage.x + 150, y: stage.y }, { x: stage.x - 150, y: stage.y + 10 })])
    await page.waitForURL((url) => String(url) !== first)
    await page.getByRole('button', { name: 'Previous photo' }).waitFor()
    await touch(cdp, [across({ x: stage.x - 150, y: stage.y }, { x: stage.x + 150, y: stage.y })])
    await page.waitForURL(first)
  })

  await t.test('two fingers, or two taps, make it larger and as it was', async () => {
    const { x, y } = await middleOf(page.locator('[data-part=stage]'))
    const apart = [across({ x: x - 40, y }, { x: x - 160, y }), across({ x: x + 40, y }, { x: x + 160, y })]
    await fitted(page)
    await touch(cdp, apart)
    await zoomed(page)
    await touch(
      cdp,
      apart.map((way) => way.toReversed()),
    )
    await touch(
      cdp,
      apart.map((way) => way.toReversed()),
    )
    await fitted(page)
    await page.touchscreen.tap(x, y)
    await page.touchscreen.tap(x, y)
    await zoomed(page)
  })
})
