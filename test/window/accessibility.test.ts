import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { makeAllDescribed } from './described-pictures.ts'
import { accessibilityFaults, goTo, makePicture, needsBrowser, openWindow } from './open-window.ts'
import { Listener, tableOf } from './spoken.ts'

// Eleven things that a person does who sees nothing, by keyboard alone. `WALKS=FILE` writes out all that is spoken, as in
// docs/accessibility.md.

const photos = [
  { name: 'kite.jpg', caption: 'A red kite over a beach', taken: '2022-07-03' },
  { name: 'dogs.jpg', caption: 'Two dogs in the grass', taken: '2022-07-02' },
  { name: 'cake.jpg', caption: 'A cake on a table', taken: '2022-07-01' },
  { name: 'boat.jpg', caption: 'A white boat on a lake', taken: '2022-06-12' },
  { name: 'cat.jpg', caption: 'A cat on a sofa', taken: '2022-06-11' },
]

const untilFocused = (page: Page, words: string) =>
  page.waitForFunction((wanted) => document.activeElement?.textContent?.includes(wanted), words)

test('eleven walks by keyboard alone are told as they go', needsBrowser, async (t) => {
  const { page } = await openWindow(t, {
    isAdded: false,
    // Of the file that is no picture.
    expectedFaults: /404 \(Not Found\)/,
    makePhotos: async (folder) => {
      await makeAllDescribed(folder, photos)
      await makePicture(join(folder, 'stripes.jpg'), 9)
      writeFileSync(join(folder, 'broken.jpg'), 'no picture')
    },
  })
  const ear = await Listener.of(page)
  const last = () => ear.heard.at(-1)!
  const tables: string[] = []
  async function walk(title: string, steps: () => Promise<void>): Promise<void> {
    await t.test(title, steps)
    tables.push(tableOf(`${tables.length + 1}. ${title}`, ear.heard.splice(0)))
  }

  await walk('First start: a folder is chosen, and captioning starts', async () => {
    await untilFocused(page, 'Choose a folder')
    assert.equal((await ear.hear('the window opens')).focused, 'button “Choose a folder”')
    await ear.press('Enter')
    await page.keyboard.press('Enter')
    await untilFocused(page, 'Start')
    await ear.hear('Enter')
    assert.equal((await ear.press('Enter')).focused, 'main “All photos”')
    await page.waitForFunction(
      () => /\b6\b/.test(document.querySelector('footer strong')?.textContent ?? ''),
      null,
      { timeout: 90_000 },
    )
    await ear.hear('captions come')
  })

  await walk('The grid: rows, months, a selection, a range', async () => {
    assert.match((await ear.press('Home')).focused, /^gridcell “.*”, row 2 of 5, column 1$/)
    await ear.press('Control+ArrowDown')
    assert.deepEqual(last().entered, ['rowgroup “June – July 2022”'])
    assert.equal(last().focused, 'gridcell “A red kite over a beach.”, row 4 of 5, column 1')
    await ear.press('ArrowRight')
    await ear.press('ArrowDown')
    await ear.press('ArrowUp')
    await ear.press('ArrowRight')
    await ear.press('Space')
    assert.ok(last().told.includes('1 selected'))
    await ear.press('Shift+ArrowRight')
    assert.match(last().focused, /^gridcell “A cake on a table.”, selected,/)
    assert.ok(last().told.includes('2 selected'))
    await ear.press('Control+a')
    await ear.press('Tab')
    assert.match(last().focused, /^slider “Date”, .*said as “\w+ 20\d\d”$/)
    await ear.press('Tab')
    await ear.press('ArrowRight')
    await ear.press('Escape')
    assert.ok(last().told.includes('Nothing selected'))
    assert.match(last().focused, /^gridcell “A cake on a table.”, row/)
    await ear.press('v')
    assert.match(last().told.join(), /Favourite/)
    await ear.press('x')
    await ear.press('x')
    await ear.press('v')
    await ear.press('F6')
    await ear.press('F6')
    await ear.press('F6')
    await ear.press('Shift+F6')
  })

  await walk('A search, and from the box to the photos', async () => {
    await ear.press('/')
    await ear.type('beac')
    await page.getByRole('option', { name: /^beach/ }).waitFor()
    assert.match(
      (await ear.hear('a moment')).focused,
      /^combobox “Search”, .*→ option “beach, word, 1 photo”/,
    )
    await ear.press('Tab')
    await page.waitForFunction(() => document.querySelectorAll('[role=gridcell]').length === 1)
    await ear.hear('a moment')
    await ear.press('ArrowDown')
    assert.match(last().focused, /^gridcell “A red kite over a beach.”/)
  })

  await walk('A photo is opened and read', async () => {
    await goTo(page, '#/library')
    await page.getByRole('gridcell', { name: /red kite/ }).focus()
    await ear.hear('the grid')
    await ear.press('Enter')
    await page
      .getByRole('group', { name: /^A red kite over a beach. kite.jpg. 1 of 3 in July 2022/ })
      .waitFor()
    await ear.press('ArrowRight')
    assert.match(last().told.join(), /^Two dogs in the grass. dogs.jpg. 2 of 3 in July 2022/)
    await ear.press('ArrowLeft')
    for (let tabs = 0; tabs < 9; tabs++) await ear.press('Tab')
  })

  await walk('A caption is corrected and taken back', async () => {
    await ear.press('c')
    assert.match(last().focused, /^textbox “Caption”, value “A red kite over a beach”/)
    await ear.type('A red kite over the sea')
    await page.keyboard.press('Enter')
    await page.getByRole('group', { name: /^A red kite over the sea/ }).waitFor()
    assert.match((await ear.hear('Enter')).focused, /^group “A red kite over the sea\./)
    await ear.press('Control+z')
    assert.match(last().told.join(), /Taken back: Caption on 1 photo/)
  })

  await walk('Word by word where the model looked', async () => {
    await ear.press('Alt+ArrowRight')
    await ear.press('Alt+ArrowRight')
    await page.getByText(/^“red”\. (Looked at|Not tied)/).waitFor({ state: 'attached', timeout: 60_000 })
    await ear.hear('the model answers')
    await ear.press('Alt+ArrowRight')
    assert.match(last().told.join(), /^“kite”\. (Looked at|Not tied)/)
  })

  await walk('A photo is rated', async () => {
    assert.ok((await ear.press('4')).told.includes('4 stars.'))
    assert.ok((await ear.press('v')).told.includes('Favourite.'))
    assert.ok((await ear.press('x')).told.includes('Rejected.'))
    await ear.press('Escape')
  })

  await walk('Many are captioned at once, and it is taken back', async () => {
    await ear.press('Control+a')
    await ear.press('c')
    await ear.type('A day at the lake')
    await page.keyboard.press('Enter')
    await page
      .getByRole('gridcell', { name: /^A day at the lake/ })
      .first()
      .waitFor()
    await ear.hear('Enter')
    await ear.press('Control+z')
    assert.match(last().told.join(), /Taken back/)
    await ear.press('Escape')
  })

  await walk('Work: captioning is paused, what failed is found', async () => {
    await page.keyboard.press('g')
    assert.equal((await ear.press('w')).focused, 'main “Work”')
    assert.match((await ear.press('p')).told.join(), /Captioning is paused/)
    await page.getByRole('button', { name: 'Go on' }).first().waitFor()
    assert.match((await ear.press('p')).told.join(), /Captioning goes on/)
    for (let tabs = 0; tabs < 8; tabs++) await ear.press('Tab')
  })

  await walk('Settings and commands: the theme, the palette', async () => {
    assert.equal((await ear.press('Control+,')).focused, 'main “Settings”')
    for (let tabs = 0; tabs < 5; tabs++) await ear.press('Tab')
    await ear.press('Enter')
    await ear.press('Tab')
    assert.match((await ear.press('Control+Shift+l')).told.join(), /Light theme/)
    await ear.press('Control+k')
    await ear.type('all photos')
    await ear.press('Enter')
    assert.equal(last().focused, 'main “All photos”')
  })

  await walk('Teach: a caption is right, and another is skipped', async () => {
    // The model's words are what is confirmed.
    await page.getByRole('gridcell').first().focus()
    await page.keyboard.press('Control+a')
    await page.keyboard.press('r')
    await page.getByText(/will be captioned again/).waitFor()
    await page.waitForFunction(() => /\b6 of 7/.test(document.querySelector('footer')!.innerText))
    await page.keyboard.press('Escape')
    await ear.hear('the model has spoken of all photos')
    await page.keyboard.press('g')
    assert.equal((await ear.press('t')).focused, 'main “Teach”')
    await page.getByRole('group', { name: / 1 of \d+\.$/ }).waitFor()
    for (let tabs = 0; tabs < 2; tabs++) await ear.press('Tab')
    assert.match(last().focused, /^group “.* 1 of \d+\.”$/)
    await ear.press('y')
    await page.getByRole('group', { name: / 2 of \d+\.$/ }).waitFor()
    assert.match((await ear.hear('a moment')).focused, /^group “.* 2 of \d+\.”$/)
    await ear.press('b')
    await ear.press('s')
    await ear.press('c')
    await ear.press('Escape')
    for (let tabs = 0; tabs < 6; tabs++) await ear.press('Tab')
  })

  if (process.env.WALKS) writeFileSync(process.env.WALKS, tables.join('\n'))
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe-core finds nothing in the ${colorScheme} theme`, needsBrowser, async (t) => {
    const { page } = await openWindow(t, {
      colorScheme,
      makePhotos: (folder) => makeAllDescribed(folder, photos),
    })
    await page.getByRole('gridcell', { name: /red kite/ }).focus()
    await page.keyboard.press('Control+a')
    await page.getByRole('toolbar').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.keyboard.press('t')
    await page.locator('.under').first().waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await goTo(page, '#/search?q=kite')
    await page.locator('main mark', { hasText: 'kite' }).first().waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.getByRole('gridcell', { name: /red kite/ }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('group', { name: /^A red kite/ }).waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
  })
}
