import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { hostile, makeAllDescribed } from './described-pictures.ts'
import { accessibilityFaults, goTo, makePicture, needsBrowser, openWindow } from './open-window.ts'

const photos = [
  { name: 'newest.jpg', caption: 'A red kite over a beach', taken: '2022-07-03' },
  { name: 'middle.jpg', caption: 'Two dogs in the grass', taken: '2022-07-02' },
  { name: 'oldest <i>.jpg', caption: `${hostile} ${'long '.repeat(1900)}`, taken: '2022-07-01' },
]

const field = (page: Page) => page.getByRole('textbox', { name: 'Caption' })

async function says(page: Page, words: string): Promise<void> {
  await page.waitForFunction(
    (wanted) => document.querySelector<HTMLTextAreaElement>('textarea')?.value === wanted,
    words,
  )
}

test('a photo that was left before its picture came is not asked again', needsBrowser, async (t) => {
  const { page, context } = await openWindow(t, {
    makePhotos: (folder) => makeAllDescribed(folder, photos),
  })
  const left = Promise.withResolvers<void>()
  await context.route(/\/full$/, async (route) => {
    await left.promise
    await route.continue()
  })
  await page.getByRole('gridcell', { name: /red kite/ }).focus()
  await page.keyboard.press('Enter')
  // What is read of the photo comes first, and then the order that it stands in: its picture is the same in both.
  await page.getByRole('button', { name: 'Next photo' }).waitFor()
  const image = await page.waitForSelector('img.full', { state: 'attached' })
  const isLoaded = image.evaluate(
    (image) =>
      new Promise<boolean>((resolve) => image.addEventListener('load', () => resolve(!image.isConnected))),
  )
  await page.keyboard.press('Escape')
  await page.getByRole('gridcell').first().waitFor()
  left.resolve()
  assert.ok(await isLoaded)
})

test('how and where a photo was taken stands among its details', needsBrowser, async (t) => {
  const { page } = await openWindow(t, {
    makePhotos: async (folder) => {
      const place = {
        GPSLatitudeRef: 'N',
        GPSLatitude: '40/1 39/1 0/1',
        GPSLongitudeRef: 'W',
        GPSLongitude: '73/1 57/1 0/1',
      }
      const taken = { ExposureTime: '1/250', FNumber: '4/1', FocalLength: '57/10', ISOSpeedRatings: '100' }
      await sharp({ create: { width: 64, height: 48, channels: 3, background: '#368' } })
        .withExif({ IFD0: { Model: 'DiMAGE X', Make: 'Minolta' }, IFD2: taken, IFD3: place })
        .jpeg()
        .toFile(join(folder, 'taken.jpg'))
      await makePicture(join(folder, 'drawn.jpg'), 1)
    },
  })
  const exposure = page.getByRole('definition').filter({ hasText: '1/250 s, f/4, 5.7 mm, ISO 100' })
  await page.getByRole('gridcell').nth(1).waitFor()
  await page.getByRole('gridcell').first().focus()
  await page.keyboard.press('Enter')
  const file = page.getByRole('definition').filter({ hasText: /^(taken|drawn)\.jpg$/ })
  if ((await file.innerText()) === 'drawn.jpg') {
    assert.equal(await exposure.count(), 0)
    // What lies beside a photo is known when it can be clicked; a key before that does nothing.
    await page.getByRole('button', { name: 'Next photo' }).waitFor()
    await page.keyboard.press('ArrowRight')
  }
  await exposure.waitFor()
  await page
    .getByRole('definition')
    .filter({ hasText: 'Brooklyn, New York City, United States by its position, GeoNames' })
    .waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('place:broo')
  await page.getByRole('option', { name: 'Brooklyn, place, 1 photo' }).waitFor()
})

test(
  'a photo of several files is one tile that says so, and its details name them',
  needsBrowser,
  async (t) => {
    const { page } = await openWindow(t, {
      makePhotos: async (folder) => {
        await makePicture(join(folder, 'IMG_1.jpg'), 1)
        await makePicture(join(folder, 'single.jpg'), 2)
        for (const name of ['IMG_1.CR2', 'IMG_1.MOV']) writeFileSync(join(folder, name), 'of a camera')
      },
    })
    await page.getByRole('gridcell').nth(1).waitFor()
    assert.equal(await page.getByRole('gridcell').count(), 2)
    const pair = page.getByRole('gridcell', { name: /With its raw file\. Live Photo\./ })
    await pair.waitFor()
    assert.deepEqual(await pair.locator('.sign', { hasText: /RAW|Live/ }).allInnerTexts(), ['RAW', 'Live'])
    assert.equal(await page.locator('.sign', { hasText: /RAW|Live/ }).count(), 2)
    await pair.focus()
    await page.keyboard.press('Enter')
    await page
      .getByRole('definition')
      .filter({ hasText: /^IMG_1\.CR2, raw file, / })
      .waitFor()
    await page
      .getByRole('definition')
      .filter({ hasText: /^IMG_1\.MOV, video, / })
      .waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
  },
)

test('a photo that is left while its words are saved stays left', needsBrowser, async (t) => {
  const { page } = await openWindow(t, { makePhotos: (folder) => makeAllDescribed(folder, photos) })
  await page.getByRole('gridcell', { name: /red kite/ }).focus()
  await page.keyboard.press('Enter')
  await says(page, 'A red kite over a beach')
  await page.keyboard.press('c')
  await page.keyboard.type('Anna and her dragon')
  await page.evaluate(() => {
    const enter = { key: 'Enter', bubbles: true, cancelable: true }
    document.querySelector('textarea')!.dispatchEvent(new KeyboardEvent('keydown', enter))
    location.hash = '#/library'
  })
  await page.getByRole('gridcell', { name: 'Anna and her dragon' }).waitFor()
})

test('a photo is looked at, read and corrected', needsBrowser, async (t) => {
  const { page, another } = await openWindow(t, {
    makePhotos: (folder) => makeAllDescribed(folder, photos),
  })
  await page.waitForFunction(
    () => /3/.test(document.querySelector('footer strong')?.textContent ?? ''),
    null,
    {
      timeout: 60_000,
    },
  )
  await page.getByRole('gridcell', { name: /red kite/ }).focus()
  await page.keyboard.press('Enter')
  await says(page, 'A red kite over a beach')

  await t.test('the picture itself comes, and those beside it before they are asked for', async () => {
    await page.waitForFunction(() => {
      const images = [...document.querySelectorAll<HTMLImageElement>('[data-part="stage"] img')]
      const full = images.filter((image) => image.src.endsWith('/full') && image.naturalWidth > 0)
      return full.length >= 2
    })
    assert.deepEqual(await accessibilityFaults(page), [])
  })

  await t.test('arrows go through the photos and end at the ends', async () => {
    await page.keyboard.press('ArrowLeft')
    await says(page, 'A red kite over a beach')
    await page.keyboard.press('ArrowRight')
    await says(page, 'Two dogs in the grass')
    await page.getByText('middle.jpg. 2 of 3 in July 2022', { exact: true }).waitFor()
  })

  await t.test('C writes, Enter saves and stays, Escape brings back what was there', async () => {
    await page.keyboard.press('c')
    await page.keyboard.type('Biscuit and his brother')
    await page.keyboard.press('Escape')
    await says(page, 'Two dogs in the grass')
    await page.keyboard.press('c')
    await page.keyboard.type('Biscuit and his brother')
    await page.keyboard.press('Enter')
    await page
      .getByText(/^Your words\./)
      .first()
      .waitFor()
    await says(page, 'Biscuit and his brother')
    assert.equal(await field(page).evaluate((element) => element === document.activeElement), false)
  })

  await t.test('another window has the words, and undo takes them back in both', async () => {
    const other = await another()
    await goTo(other, '#/search?q=biscuit')
    await other.locator('main h2', { hasText: '1 photo' }).first().waitFor()
    await page.keyboard.press('Control+z')
    await says(page, 'Two dogs in the grass')
    await other.getByText('No photo says “biscuit”.').waitFor()
    await other.close()
  })

  await t.test('what was said before is brought back from the history', async () => {
    await page.keyboard.press('c')
    await page.keyboard.type('Something else')
    await page.keyboard.press('Enter')
    await page
      .getByText(/^Your words\./)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Restore' }).first().click()
    await page.waitForFunction(() => document.querySelector('textarea')?.value !== 'Something else')
  })

  await t.test('Ctrl Enter saves and goes on', async () => {
    await page.keyboard.press('c')
    await page.keyboard.type('A pair of dogs')
    await page.keyboard.press('Control+Enter')
    await page.getByText('oldest <i>.jpg. 3 of 3 in July 2022', { exact: true }).waitFor()
  })

  await t.test('hostile words stand in the field as they are', async () => {
    const value = await field(page).inputValue()
    assert.ok(value.startsWith(hostile))
    assert.equal(await page.locator('main img[onerror]').count(), 0)
    assert.notEqual(await page.title(), 'owned')
    await page.keyboard.press('Escape')
  })

  await t.test('digits rate, and the rating is searched at once', async () => {
    await page.keyboard.press('ArrowLeft')
    await says(page, 'A pair of dogs')
    await page.keyboard.press('4')
    await page.locator('button[aria-label="4 stars"][aria-pressed="true"]').waitFor()
    await page.getByRole('button', { name: 'Add a keyword' }).click()
    await page.keyboard.type('<b>pets</b>')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    await page.getByRole('list', { name: 'Keywords' }).getByText('<b>pets</b>').waitFor()
    await goTo(page, '#/search?q=rating:4')
    await page.locator('main h2', { hasText: '1 photo' }).first().waitFor()
    await page.goBack()
  })

  await t.test('word by word it is shown where the model looked', async () => {
    await says(page, 'A pair of dogs')
    await page.keyboard.press('Alt+ArrowRight')
    await page.keyboard.press('Alt+ArrowRight')
    await page.locator('[data-part="stage"] canvas').waitFor({ timeout: 60_000 })
    await page.getByText(/^“[^”]+”\. (Looked at:|Not tied to)/).waitFor({ state: 'attached' })
    const dark = await page.locator('[data-part="stage"] canvas').evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
      const alphas = data.filter((_, at) => at % 4 === 3)
      return { most: alphas.reduce((a, b) => Math.max(a, b)), least: alphas.reduce((a, b) => Math.min(a, b)) }
    })
    assert.ok(dark.least < 10 && dark.most > 100, JSON.stringify(dark))
    await page.keyboard.press('h')
    await page.locator('[data-part="stage"] canvas').waitFor({ state: 'detached' })
    await page.keyboard.press('h')
  })

  await t.test('the wheel zooms, and Escape fits again before it leaves', async () => {
    await page.locator('[data-part="stage"]').hover()
    await page.mouse.wheel(0, -600)
    await page.waitForFunction(() =>
      /scale\((?!1\))/.test(document.querySelector<HTMLElement>('.picture')!.style.transform),
    )
    await page.locator('[data-part="stage"]').focus()
    await page.keyboard.press('Escape')
    await page.getByText('Fit', { exact: true }).waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.keyboard.press('Escape')
    await page.waitForFunction(() => !location.hash.startsWith('#/photo'))
  })

  await t.test('words are replaced in what is selected, seen before, and undone at once', async () => {
    await goTo(page, '#/library')
    await page.getByRole('gridcell', { name: /red kite/ }).focus()
    await page.keyboard.press('Control+a')
    await page.keyboard.press('Control+h')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Find').fill('kite')
    await dialog.getByLabel('Put').fill('dragon')
    await dialog.locator('ins', { hasText: 'dragon' }).waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await dialog.getByRole('button', { name: 'Replace in 1' }).click()
    await page.getByRole('gridcell', { name: /red dragon/ }).waitFor()
    await page.keyboard.press('Control+z')
    await page.getByRole('gridcell', { name: /red kite/ }).waitFor()
  })
})
