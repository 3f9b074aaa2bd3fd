import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { accessibilityFaults, makePicture, needsBrowser, openWindow } from './open-window.ts'

test(
  'the first start asks for one folder, shows its photos, and goes on to them',
  needsBrowser,
  async (t) => {
    const { page, context } = await openWindow(t, {
      isAdded: false,
      colorScheme: 'light',
      makePhotos: (folder) =>
        Promise.all([1, 2, 3].map((number) => makePicture(join(folder, `photo-${number}.jpg`), number))),
    })
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim())

    await page.waitForSelector('h1:text("Every photo")')
    await page.waitForFunction(() => document.activeElement?.textContent?.includes('Choose a folder'))
    assert.deepEqual(await accessibilityFaults(page), [])

    await t.test('nothing of the library is drawn before it, whatever the address says', async () => {
      const other = await context.newPage()
      await other.addInitScript(() => {
        const drawn = new Set<string>()
        Object.assign(window, { drawn })
        new MutationObserver(() => {
          for (const element of document.querySelectorAll('nav, main, [role="grid"]')) {
            drawn.add(`${element.localName} ${element.querySelector('h1')?.textContent}`)
          }
        }).observe(document, { childList: true, subtree: true })
      })
      await other.goto(`${new URL(page.url()).origin}/#/library`)
      await other.waitForSelector('h1:text("Every photo")')
      const drawn = await other.evaluate(() => [...(window as unknown as { drawn: Set<string> }).drawn])
      assert.equal(drawn.length, 1, drawn.join())
      assert.match(drawn[0]!, /^main Every photo/)
      await other.close()
    })

    await page.bringToFront()
    // There is nothing to be searched yet.
    await page.keyboard.press('/')
    assert.match(page.url(), /#\/first$/)
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
    await page.keyboard.press('/')
    await page.waitForFunction(() => document.activeElement?.id === 'search-box')
    await page.goBack()
    await page.waitForFunction(() => document.activeElement?.textContent?.includes('Start'))
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
