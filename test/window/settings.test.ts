import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { accessibilityFaults, goTo, makePicture, needsBrowser, openWindow } from './open-window.ts'

test('settings act at once, in all windows, and say what they cause', needsBrowser, async (t) => {
  const { page, another } = await openWindow(t, {
    makePhotos: (folder) => makePicture(join(folder, 'one.jpg'), 1),
  })
  const other = await another()
  await goTo(page, '#/settings')

  await t.test('the theme is that of all windows', async () => {
    await page.getByRole('radio', { name: 'Light' }).check()
    await other.waitForFunction(() => document.documentElement.dataset.theme === 'light')
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.getByRole('radio', { name: 'Dark' }).check()
    await other.waitForFunction(() => document.documentElement.dataset.theme === 'dark')
    assert.deepEqual(await accessibilityFaults(page), [])
  })

  await t.test('threads are kept, and what is no number of them is not', async () => {
    const threads = page.getByLabel('Threads')
    await threads.fill('1')
    await threads.blur()
    await threads.fill('0')
    await threads.blur()
    await page.reload()
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('#threads')?.value === '1')
  })

  await t.test('only the model that captions is offered; the others stand there as untried', async () => {
    assert.deepEqual(await page.locator('#model option').count(), 1)
    await page.getByText('Models not tried by us').click()
    await page.getByText('Download one with').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
  })

  await t.test('a backup is made and restored, and both windows have the library again', async () => {
    await page.getByRole('button', { name: 'Back up now' }).click()
    await page.getByText('A copy of the library is made.').waitFor({ timeout: 30_000 })
    await page.getByText('Backups to restore').click()
    await page
      .getByRole('button', { name: /^Restore the backup/ })
      .first()
      .click()
    await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click()
    await page.getByText(/The library is that of .* again/).waitFor({ timeout: 60_000 })
    await goTo(other, '#/work')
    await other
      .locator('main')
      .getByText(/1 photo\./)
      .waitFor({ timeout: 30_000 })
  })

  await t.test('the session of this browser is listed as its own', async () => {
    await page.getByText('this browser').waitFor()
  })

  await t.test('at 1024 and at half of 1280, as at 200 %, nothing is wider than the window', async () => {
    for (const width of [1024, 640]) {
      await page.setViewportSize({ width, height: 700 })
      for (const view of ['settings', 'work', 'first']) {
        await goTo(page, `#/${view}`)
        const overflow = await page.evaluate(() =>
          [document.documentElement, ...document.querySelectorAll('main, main > div')].some(
            (element) => element.scrollWidth > element.clientWidth + 1,
          ),
        )
        assert.equal(overflow, false, `${view} at ${width}`)
      }
    }
  })
})
