import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { hostile, makeAllDescribed } from './described-pictures.ts'
import { accessibilityFaults, goTo, needsBrowser, openWindow } from './open-window.ts'

const photos = [
  { name: 'a.jpg', caption: 'A red kite over a beach', taken: '2021-05-01', keywords: ['holiday'] },
  { name: 'b.jpg', caption: 'Two kites in the sky', taken: '2022-07-02' },
  { name: 'c.jpg', caption: 'A brown dog on a beach', taken: '2022-07-03', keywords: ['holiday', 'pets'] },
  { name: 'd.jpg', caption: 'A cake on a table', taken: '2019-01-01' },
  { name: 'hostile <b>&.jpg', caption: hostile, taken: '2018-01-01' },
]

const box = (page: Page) => page.getByRole('combobox', { name: 'Search' })
const query = (page: Page) => box(page).inputValue()

/** Waits until what is found is so many. */
async function finds(page: Page, count: string): Promise<void> {
  await page.locator('main h2', { hasText: new RegExp(`^${count}$`) }).waitFor()
}

/** The line of a folder in the filters. */
const folderLine = (page: Page, name: string, photos: number) =>
  page.getByRole('complementary', { name: 'Filters' }).getByLabel(`${name} ${photos}`, { exact: true })

test('folders are opened in the filters, and one below finds its photos alone', needsBrowser, async (t) => {
  const { page } = await openWindow(t, {
    makePhotos: async (folder) => {
      for (const [at, path] of ['2019/Italy', '2019', '2019 Italy'].entries()) {
        mkdirSync(join(folder, path), { recursive: true })
        await makeAllDescribed(
          join(folder, path),
          photos.slice(at, at + 2).map((photo) => ({ ...photo, keywords: [`of ${path}`] })),
        )
      }
    },
  })
  await page.getByRole('gridcell').nth(5).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('is:favourite OR has:caption')
  await finds(page, '6 photos')
  const filters = page.getByRole('complementary', { name: 'Filters' })
  await filters.getByRole('button', { name: /^Folders in photos/ }).click()
  assert.equal(await folderLine(page, '2019 Italy', 2).isChecked(), false)
  await filters.getByRole('button', { name: 'Folders in 2019', exact: true }).click()
  await folderLine(page, 'Italy', 2).waitFor()
  assert.deepEqual(await accessibilityFaults(page), [])
  await folderLine(page, '2019', 4).check()
  await finds(page, '4 photos')
  assert.match(await query(page), /folder:\S*photos\/2019$/)
  await folderLine(page, '2019', 4).uncheck()
  await folderLine(page, 'Italy', 2).check()
  await finds(page, '2 photos')
  await page.reload()
  // What is ticked is in sight.
  await finds(page, '2 photos')
  assert.equal(await folderLine(page, 'Italy', 2).isChecked(), true)
})

test('/ comes to the box from a photo too, and stays there', needsBrowser, async (t) => {
  const { page } = await openWindow(t, { makePhotos: (folder) => makeAllDescribed(folder, photos) })
  await page.getByRole('gridcell').nth(4).waitFor()
  await page.getByRole('gridcell').nth(2).focus()
  await page.keyboard.press('Enter')
  await page.waitForURL(/#\/photo\/\d+/)
  await page.getByRole('textbox', { name: 'Caption' }).waitFor()
  await page.keyboard.press('/')
  await page.waitForURL(/#\/library/)
  await page.getByRole('gridcell').nth(2).waitFor()
  await page.keyboard.type('kite')
  await finds(page, '2 photos')
  assert.equal(await query(page), 'kite')
  // From a photo among hits, to the hits, once they are drawn below their count.
  await page.getByRole('gridcell').nth(1).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.waitForURL(/#\/photo\/\d+\?q=kite/)
  await page.getByRole('textbox', { name: 'Caption' }).waitFor()
  await page.keyboard.press('/')
  await page.waitForURL(/#\/search\?q=kite/)
  await page.keyboard.type('cake')
  await finds(page, '1 photo')
})

test('a search is typed, refined, kept and left', needsBrowser, async (t) => {
  const { page, another } = await openWindow(t, {
    makePhotos: (folder) => makeAllDescribed(folder, photos),
  })
  await page.waitForFunction(
    () => /5/.test(document.querySelector('footer strong')?.textContent ?? ''),
    null,
    {
      timeout: 60_000,
    },
  )

  await t.test('photos are found while typing, and the words are marked', async () => {
    await page.keyboard.press('/')
    await page.keyboard.type('kite')
    await finds(page, '2 photos')
    await page.locator('main mark', { hasText: 'kites' }).first().waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
  })

  await t.test('Tab takes the suggestion, and then lets the focus go on', async () => {
    await box(page).fill('kite be')
    await page.getByRole('option', { name: /^beach/ }).waitFor()
    await page.keyboard.press('Tab')
    assert.match(await query(page), /^kite beach\s*$/)
    await finds(page, '1 photo')
    await page.keyboard.press('Tab')
    assert.equal(await box(page).evaluate((element) => element === document.activeElement), false)
  })

  await t.test(
    'a tick in the filters writes what a person would type, and its chip takes it away',
    async () => {
      await box(page).fill('beach')
      await finds(page, '2 photos')
      await page.getByRole('complementary', { name: 'Filters' }).getByLabel('pets').check()
      await finds(page, '1 photo')
      assert.equal(await query(page), 'beach keyword:pets')
      await page.getByRole('button', { name: /^Take the filter away: Keyword pets/ }).click()
      await finds(page, '2 photos')
      assert.equal(await query(page), 'beach')
    },
  )

  await t.test('as a list the best stand first, and arrows and Enter open one', async () => {
    await box(page).press('Escape')
    await box(page).fill('kite')
    await finds(page, '2 photos')
    await page.getByRole('button', { name: 'List, best first' }).click()
    const list = page.getByRole('list', { name: 'Photos, best first' })
    await list.getByRole('listitem').nth(1).waitFor()
    await box(page).focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('textbox', { name: 'Caption' }).waitFor()
    await page.keyboard.press('Escape')
    await finds(page, '2 photos')
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.getByRole('button', { name: 'By date' }).click()
  })

  await t.test('where nothing is found it says what would, and Enter goes there', async () => {
    await page.keyboard.press('/')
    await box(page).fill('kite before:2020')
    await page.getByText('No photo says “kite” before 2020; 2 do later.').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await box(page).press('Enter')
    await finds(page, '2 photos')
  })

  await t.test('a misspelt word is told and shown corrected', async () => {
    await box(page).fill('kyte')
    await page.getByText(/Nothing says “kyte”/).waitFor()
    await finds(page, '2 photos')
  })

  await t.test('a search is saved and stands in the sidebar of all windows', async () => {
    await box(page).fill('dog')
    await finds(page, '1 photo')
    await page.keyboard.press('Control+s')
    await page.getByRole('textbox', { name: 'Name' }).fill('Dogs')
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.keyboard.press('Enter')
    await page.getByRole('navigation').getByRole('link', { name: /Dogs/ }).waitFor()
  })

  await t.test('Escape empties the box, and then leaves the search', async () => {
    await box(page).focus()
    await page.keyboard.press('Escape')
    assert.equal(await query(page), '')
    await page.keyboard.press('Escape')
    await page.waitForFunction(() => location.hash === '#/library')
  })

  await t.test('hostile words stand as text, by date and as a list', async () => {
    await goTo(page, '#/search?q=quoted')
    await page.getByRole('gridcell', { name: '<img src=x onerror' }).waitFor()
    await page.getByRole('button', { name: 'List, best first' }).click()
    await page.getByText('hostile <b>&.jpg').waitFor()
    assert.equal(await page.locator('main img[onerror]').count(), 0)
    assert.notEqual(await page.title(), 'owned')
    await goTo(page, `#/search?q=${encodeURIComponent(`${hostile} camera:"<b>x</b>"`)}`)
    await page.getByRole('button', { name: /Take the filter away: Camera <b>x<\/b>/ }).waitFor()
    assert.notEqual(await page.title(), 'owned')
  })

  await t.test('at 1024 and at half of 1280 nothing is wider than the window', async () => {
    for (const width of [1024, 640]) {
      await page.setViewportSize({ width, height: 700 })
      await goTo(page, '#/search?q=kite')
      await finds(page, '2 photos')
      assert.equal(
        await page.evaluate(
          () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
        ),
        false,
        String(width),
      )
    }
  })

  await t.test('what would find photos stays while it is counted anew', async () => {
    await goTo(page, `#/search?q=${encodeURIComponent('kite before:2020')}`)
    await page.getByText('No photo says “kite” before 2020; 2 do later.').waitFor()
    await page.evaluate(() => {
      const said: string[] = []
      Object.assign(window, { said })
      const sentence = document.querySelector('main h2')!
      new MutationObserver(() => {
        said.push(sentence.textContent!)
      }).observe(sentence, { subtree: true, childList: true, characterData: true })
    })
    const other = await another()
    await goTo(other, '#/library')
    await other.getByRole('gridcell', { name: 'A brown dog' }).focus()
    await other.keyboard.press('Enter')
    await other.waitForFunction(() => document.querySelector('textarea')?.value === 'A brown dog on a beach')
    await other.keyboard.press('c')
    await other.keyboard.type('A dog with a kite')
    await other.keyboard.press('Enter')
    const more = 'No photo says “kite” before 2020; 3 do later.'
    await page.getByText(more).waitFor()
    assert.deepEqual(await page.evaluate(() => (window as unknown as { said: string[] }).said), [more])
  })
})
