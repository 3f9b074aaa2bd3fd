import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { makeAllDescribed } from './described-pictures.ts'
import { goTo, makePicture, needsBrowser, openWindow } from './open-window.ts'

const described = [
  { name: 'a.jpg', caption: 'A red kite over a beach', taken: '2022-07-03' },
  { name: 'b.jpg', caption: 'Two dogs on a beach', taken: '2022-07-02' },
  { name: 'c.jpg', caption: 'A cake on a table', taken: '2019-01-01' },
  { name: 'd.jpg', caption: 'A boat on a lake', taken: '2018-05-01' },
]
const undescribed = ['first.jpg', 'second.jpg', 'third.jpg']

const cells = (page: Page) => page.getByRole('gridcell')
const box = (page: Page) => page.getByRole('combobox', { name: 'Search' })
const found = (page: Page, count: string) =>
  page.locator('main h2', { hasText: new RegExp(`^${count}$`) }).waitFor()
const says = (page: Page, words: string) =>
  page.waitForFunction(
    (wanted) => document.querySelector<HTMLTextAreaElement>('textarea')?.value === wanted,
    words,
  )

/** In the view of a photo. */
async function write(page: Page, words: string): Promise<void> {
  await page.keyboard.press('c')
  await page.keyboard.type(words)
  await page.keyboard.press('Enter')
  await page
    .getByText(/^Your words\./)
    .first()
    .waitFor()
  await page.waitForFunction(() => document.activeElement?.tagName !== 'TEXTAREA')
}

/** Each step needs those before it: where one fails, the way ends there. */
async function step(t: TestContext, name: string, walk: () => Promise<void>): Promise<void> {
  t.diagnostic(name)
  await walk()
}

test(
  'from an empty library to photos that are found by what was written on them',
  needsBrowser,
  async (t) => {
    const { page, served, another } = await openWindow(t, {
      isAdded: false,
      async makePhotos(folder) {
        await makeAllDescribed(folder, described)
        for (const [at, name] of undescribed.entries()) await makePicture(join(folder, name), at + 10)
      },
    })

    await step(t, 'a folder is chosen, its photos come at once, and then the model’s captions', async () => {
      await page.getByRole('button', { name: 'Choose a folder' }).click()
      await page.getByRole('dialog').getByRole('button', { name: /^Add / }).click()
      await page.getByRole('group', { name: 'The newest photos' }).locator('img').first().waitFor()
      await page.getByRole('button', { name: 'Start' }).click()
      await cells(page).nth(6).waitFor()
      await page.waitForFunction((photos) => {
        const names = [...document.querySelectorAll('[role=gridcell]')].map((cell) => cell.ariaLabel ?? '')
        return names.length === photos && names.every((name) => !name.startsWith('No caption yet'))
      }, described.length + undescribed.length)
      await page.locator('footer').getByText('Nothing to do').waitFor()
    })

    await step(t, 'a word is typed, the photo opened, and its caption corrected', async () => {
      await page.keyboard.press('/')
      await page.keyboard.type('kit')
      await page.getByRole('gridcell', { name: /red kite/ }).waitFor()
      await page.keyboard.type('e')
      await page.waitForURL(/q=kite$/)
      await box(page).press('ArrowDown')
      await page.keyboard.press('Enter')
      await says(page, 'A red kite over a beach')
      await write(page, 'Anna flies her zeppelin')
    })

    await step(
      t,
      'it is found by the new words at once, by the file’s as before, and by these alone after an undo',
      async () => {
        await page.keyboard.press('Escape')
        await page.getByRole('gridcell', { name: 'Anna flies her zeppelin. Your words.' }).waitFor()
        await page.keyboard.press('/')
        await page.keyboard.type('zeppelin')
        await found(page, '1 photo')
        await page.getByRole('gridcell', { name: 'Anna flies her zeppelin. Your words.' }).focus()
        await page.keyboard.press('Control+z')
        await page.getByText('No photo says “zeppelin”.').waitFor()
        await goTo(page, '#/search?q=kite')
        await page.getByRole('gridcell', { name: /^A red kite over a beach\.$/ }).waitFor()
        await page.locator('footer').getByText('Taken back: Caption on 1 photo.').waitFor()
      },
    )

    await step(t, 'several get the same words, which one undo takes back', async () => {
      await goTo(page, '#/search?q=beach')
      await found(page, '2 photos')
      await cells(page).first().focus()
      await page.keyboard.press('Control+a')
      await page.getByRole('toolbar').getByText('2 selected').waitFor()
      await page.keyboard.press('c')
      const dialog = page.getByRole('dialog', { name: 'Caption 2 photos' })
      await dialog.getByRole('textbox', { name: 'Caption' }).fill('Holiday on Sylt')
      await page.keyboard.press('Enter')
      // The words of their files are found, below these.
      await page.getByRole('gridcell', { name: 'Holiday on Sylt. Your words.' }).nth(1).waitFor()
      await goTo(page, '#/search?q=sylt')
      await found(page, '2 photos')
      await cells(page).first().focus()
      await page.keyboard.press('Control+z')
      await page.getByText('No photo says “sylt”.').waitFor()
      await goTo(page, '#/search?q=beach')
      await found(page, '2 photos')
      await page.getByRole('gridcell', { name: /^Two dogs on a beach\.$/ }).waitFor()
    })

    await step(t, 'a replacement is seen before it is done, for all that a search finds', async () => {
      await page.keyboard.press('Control+h')
      const dialog = page.getByRole('dialog', { name: 'Replace words in 2 captions' })
      await dialog.getByLabel('Find').fill('beach')
      await dialog.getByLabel('Put').fill('shore')
      await dialog.locator('ins', { hasText: 'shore' }).nth(1).waitFor()
      assert.equal(await dialog.locator('del').count(), 2)
      await dialog.getByRole('button', { name: 'Replace in 2' }).click()
      await goTo(page, '#/search?q=shore')
      await found(page, '2 photos')
    })

    await step(t, 'a saved search stands in the sidebar and runs', async () => {
      await page.keyboard.press('Control+s')
      await page.getByRole('textbox', { name: 'Name' }).fill('By the sea')
      await page.keyboard.press('Enter')
      const link = page.getByRole('navigation').getByRole('link', { name: 'By the sea' })
      await link.waitFor()
      await goTo(page, '#/library')
      await link.click()
      await found(page, '2 photos')
      assert.equal(await box(page).inputValue(), 'shore')
    })

    await step(t, 'what is written in one window stands in the other, which is not loaded anew', async () => {
      const other = await another()
      await goTo(other, '#/library')
      await other.getByRole('gridcell', { name: /boat/ }).waitFor()
      await other.evaluate(() => Object.assign(window, { isTheSame: true }))
      await goTo(page, '#/search?q=boat')
      await page.getByRole('gridcell', { name: /boat/ }).focus()
      await page.keyboard.press('Enter')
      await says(page, 'A boat on a lake')
      await write(page, 'Our boat, moored')
      await other.getByRole('gridcell', { name: 'Our boat, moored. Your words.' }).waitFor()
      await page.keyboard.press('5')
      await other.getByRole('gridcell', { name: 'Our boat, moored. Your words. 5 stars.' }).waitFor()
      assert.equal(await other.evaluate(() => 'isTheSame' in window), true)
      await other.close()
    })

    await step(t, 'a folder that is away says so and keeps its photos, and it comes back', async () => {
      await goTo(page, '#/library')
      await cells(page).first().waitFor()
      await rename(served.photos, `${served.photos}-away`)
      await page.locator('footer').getByText('1 folder not connected').waitFor()
      await page.getByRole('navigation').locator('a[title$="Not connected."]').waitFor()
      await page.getByRole('gridcell', { name: /cake .* Drive not connected\.$/ }).waitFor()
      assert.equal(await cells(page).count(), described.length + undescribed.length)
      await goTo(page, '#/search?q=cake')
      await page.getByRole('gridcell', { name: /cake/ }).focus()
      await page.keyboard.press('Enter')
      await says(page, 'A cake on a table')
      await page.getByText('The drive is not connected. Shown is the thumbnail that was kept.').waitFor()
      await write(page, 'Cake for Grandma')
      await rename(`${served.photos}-away`, served.photos)
      await page.locator('footer').getByText('1 folder not connected').waitFor({ state: 'detached' })
      await goTo(page, '#/library')
      await page.getByRole('gridcell', { name: 'Cake for Grandma. Your words.', exact: true }).waitFor()
    })
  },
)
