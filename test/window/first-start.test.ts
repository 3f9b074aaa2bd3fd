import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { accessibilityFaults, makePicture, needsBrowser, openWindow } from './open-window.ts'

test(
  'the first start asks for one folder, shows its photos, and goes on to them',
  needsBrowser,
  async (t) => {
    const { page } = await openWindow(t, {
      isAdded: false,
      colorScheme: 'light',
      makePhotos: (folder) =>
        Promise.all([1, 2, 3].map((number) => makePicture(join(folder, `photo-${number}.jpg`), number))),
    })
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim())

    await page.waitForSelector('h1:text("Every photo")')
    await page.waitForFunction(() => document.activeElement?.textContent?.includes('Choose a folder'))
    assert.deepEqual(await accessibilityFaults(page), [])

    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Choose a folder with photos' })
    await dialog.getByText('Its folders are in it').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    assert.equal(await focused(), `Add ${await dialog.locator('.path button').last().innerText()}`)
    await page.keyboard.press('Enter')

    await page.waitForFunction(() => document.activeElement?.textContent?.includes('Start'))
    await page.waitForFunction(
      () => document.querySelectorAll('[aria-label="The newest photos"] img').length === 3,
    )
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.keyboard.press('Enter')
    await page.waitForSelector('[role="grid"]')
    // The status line counts captions as they come.
    await page.waitForFunction(
      () => /\b3 of 3/.test(document.querySelector('footer.status')?.textContent ?? ''),
      null,
      {
        timeout: 90_000,
      },
    )
  },
)
