import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
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
      // Of the picture that is damaged.
      expectedFaults: /\(Not Found\) .*\/thumb$/,
      makePhotos: async (folder) => {
        mkdirSync(join(folder, 'elsewhere'))
        mkdirSync(join(folder, 'photos'))
        const path = (name: string) => join(folder, 'photos', name)
        await Promise.all([1, 2, 3].map((number) => makePicture(path(`photo-${number}.jpg`), number)))
        writeFileSync(path('damaged.jpg'), 'no picture')
      },
    })

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
    const press = async (key: string, comesTo: string) => {
      await page.keyboard.press(key)
      await page.waitForFunction((name) => document.activeElement?.textContent?.trim() === name, comesTo)
    }
    await page.waitForFunction(() => document.activeElement?.textContent?.trim() === 'elsewhere')
    assert.deepEqual(await accessibilityFaults(page), [])
    await press('ArrowDown', 'photos')
    await press('ArrowRight', 'Add photos')
    await dialog.getByText('There is no folder in it').waitFor()
    await press('ArrowLeft', 'photos')
    await press('Home', 'elsewhere')
    await press('End', 'photos')
    await press('ArrowRight', 'Add photos')
    await page.keyboard.press('Enter')

    await page.waitForFunction(() => document.activeElement?.textContent?.includes('Start'))
    await page.waitForFunction(() => {
      const images = [...document.querySelectorAll<HTMLImageElement>('[aria-label="The newest photos"] img')]
      return images.length === 3 && images.every((image) => image.naturalWidth > 0)
    })
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.keyboard.press('/')
    await page.waitForFunction(() => document.activeElement?.id === 'search-box')
    await page.goBack()
    await page.waitForFunction(() => document.activeElement?.textContent?.includes('Start'))
    await page.keyboard.press('Enter')
    await page.waitForSelector('[role="grid"]')
    // The status line counts captions as they come.
    await page.waitForFunction(
      () => /\b[34] of 4/.test(document.querySelector('footer.status')?.textContent ?? ''),
      null,
      {
        timeout: 90_000,
      },
    )
  },
)
