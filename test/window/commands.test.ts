import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { accessibilityFaults, goTo, makePicture, needsBrowser, openWindow } from './open-window.ts'

test(
  'all is reached by keys: palette, shortcuts, chords, parts, sidebar and theme',
  needsBrowser,
  async (t) => {
    const { page } = await openWindow(t, {
      makePhotos: (folder) => makePicture(join(folder, 'one.jpg'), 1),
    })
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme)
    const hash = () => page.evaluate(() => location.hash)
    const focused = () =>
      page.evaluate(() => document.activeElement?.closest('[data-part]')?.getAttribute('data-part'))

    await t.test('a chord goes to a view, and its letters do nothing while one types', async () => {
      await page.keyboard.press('g')
      await page.keyboard.press('w')
      await page.waitForSelector('h1:text("Work")')
      assert.equal(await page.title(), 'Work – Lenslore')
      await page.keyboard.press('/')
      await page.keyboard.type('gap')
      assert.equal(await page.locator('[role="combobox"]').inputValue(), 'gap')
      await page.keyboard.press('Escape')
    })

    await t.test('the palette finds by what is typed, runs, and gives the focus back', async () => {
      await goTo(page, '#/work')
      await page.getByRole('button', { name: 'Add a folder' }).focus()
      await page.keyboard.press('Control+k')
      const box = page.getByRole('combobox', { name: 'Command' })
      await box.waitFor()
      assert.deepEqual(await accessibilityFaults(page), [])
      await page.keyboard.press('Escape')
      assert.equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), 'Add a folder')

      await page.keyboard.press('Control+k')
      await page.keyboard.type('sett')
      assert.equal(await page.getByRole('option', { selected: true }).innerText(), 'Settings\nCtrl\n,')
      await page.keyboard.press('Enter')
      await page.waitForSelector('h1:text("Settings")')
    })

    await t.test('what no command is called is searched for', async () => {
      await page.keyboard.press('Control+k')
      await page.keyboard.type('kite on a beach')
      await page.keyboard.press('Enter')
      await page.waitForFunction(() => location.hash.startsWith('#/search'))
      assert.equal(await hash(), '#/search?q=kite+on+a+beach')
    })

    await t.test(
      'the sheet lists the keys of all views in any of them, and keys of what lies behind it do nothing',
      async () => {
        await goTo(page, '#/work')
        await page.locator('main').focus()
        await page.keyboard.press('?')
        const sheet = page.getByRole('dialog', { name: 'Shortcuts' })
        await sheet.waitFor()
        const listed = await sheet.innerText()
        assert.match(listed, /Pause or go on captioning\s+P/)
        assert.match(listed, /Select all\s+Ctrl\s+A/)
        assert.match(listed, /Show where the model looked\s+H/)
        assert.match(listed, /Rate with stars\s+0\s+to\s+5/)
        assert.match(listed, /Save the search\s+Ctrl\s+S/)
        assert.deepEqual(await accessibilityFaults(page), [])
        await page.keyboard.press('g')
        await page.keyboard.press('a')
        assert.equal(await hash(), '#/work')
        await page.keyboard.press('Escape')
        await sheet.waitFor({ state: 'detached' })
        await page.keyboard.press('Control+k')
        await page.keyboard.type('where the model looked')
        assert.equal(await page.getByRole('option').count(), 0)
        await page.keyboard.press('Escape')
      },
    )

    await t.test('F6 goes round the parts of the window', async () => {
      // What stands in the status bar while something is done goes with it, and the focus too.
      await page.getByText('Nothing to do').first().waitFor()
      await page.locator('nav a').first().focus()
      const seen = []
      for (let step = 0; step < 4; step++) {
        await page.keyboard.press('F6')
        seen.push(await focused())
      }
      assert.deepEqual(seen, ['bar', 'main', 'status', 'side'])
      await page.keyboard.press('Shift+F6')
      assert.equal(await focused(), 'status')
    })

    await t.test('the sidebar goes and comes, and the theme changes and stays', async () => {
      await page.keyboard.press('Control+b')
      assert.equal(await page.locator('nav[aria-label="Library"]').count(), 0)
      await page.keyboard.press('Control+b')
      assert.equal(await page.locator('nav[aria-label="Library"]').count(), 1)
      assert.equal(await theme(), 'dark')
      await page.keyboard.press('Control+Shift+l')
      await page.waitForFunction(() => document.documentElement.dataset.theme === 'light')
      await page.reload()
      await page.waitForFunction(() => document.documentElement.dataset.theme === 'light')
    })
  },
)
