import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { maxCaptionLength } from '../../src-main/contract/caption-length.ts'
import { hostile, makeDescribed } from './described-pictures.ts'
import { goTo, makePicture, needsBrowser, openWindow } from './open-window.ts'

/** A name of a file may not have a slash. */
const inName = `<img src=x onerror=alert(1)> "a" 'b' & \u202egpj.\u202c 👩‍👩‍👧`
/** EXIF is ASCII. */
const inExif = `<x-made> <b onerror="document.title='owned'">Tom & Ann's "dog"`
const long = `${hostile} <x-made>`.padEnd(maxCaptionLength, ' so long')

/** What came of words: elements that only they could have made, and what those would have done. */
const made = (page: Page) =>
  page.evaluate(() => ({
    elements: [...document.querySelectorAll('[onerror], [onload], [src="x"], x-made, script:not([src])')].map(
      ({ outerHTML }) => outerHTML,
    ),
    isOwned: document.title === 'owned',
  }))

/** Text that turns the direction of writing, where nothing keeps it from turning what stands beside it. */
const loose = (page: Page) =>
  page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const found = []
    while (walker.nextNode()) {
      if (!walker.currentNode.textContent!.includes('\u202e')) continue
      let element = walker.currentNode.parentElement!
      const isKept = () => /isolate|plaintext/.test(getComputedStyle(element).unicodeBidi)
      while (getComputedStyle(element).display === 'inline' && !isKept()) element = element.parentElement!
      const words = walker.currentNode.parentElement!.closest(':not(mark)')!.textContent!.trim()
      if (!isKept() && element.textContent!.trim() !== words) found.push(element.outerHTML.slice(0, 300))
    }
    return found
  })

async function assertHarmless(page: Page): Promise<void> {
  assert.deepEqual(await made(page), { elements: [], isOwned: false })
  assert.deepEqual(await loose(page), [])
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  assert.ok(wide <= 0, `${wide} px too wide`)
}

test('whatever stands in files and names is shown as text', needsBrowser, async (t) => {
  const { page } = await openWindow(t, {
    isAdded: false,
    async makePhotos(folder) {
      const inside = join(folder, inName)
      mkdirSync(inside)
      const photo = { name: `1 ${inName}.jpg`, caption: long, taken: '2022-07-03' }
      await makeDescribed(inside, { ...photo, title: hostile, keywords: [hostile], people: [hostile] }, 1)
      await makePicture(join(inside, 'plain.jpg'), 2)
      await sharp(join(inside, 'plain.jpg'))
        .withExif({ IFD0: { ImageDescription: inExif, Model: `Camera ${inExif}` } })
        .toFile(join(inside, '2.jpg'))
    },
  })

  await page.getByRole('button', { name: 'Choose a folder' }).click()
  const chooser = page.getByRole('dialog')
  await chooser.getByRole('button', { name: inName }).click()
  await chooser.getByRole('button', { name: `Add ${inName}` }).waitFor()
  await assertHarmless(page)
  await chooser.getByRole('button', { name: `Add ${inName}` }).click()
  await page.getByRole('group', { name: 'The newest photos' }).locator('img').nth(2).waitFor()
  await assertHarmless(page)
  await page.getByRole('button', { name: 'Start' }).click()

  const long1 = page.getByRole('gridcell', { name: long.slice(0, 500) })
  await long1.waitFor()
  await page.getByRole('navigation').getByRole('link', { name: inName }).waitFor()
  await page.getByRole('gridcell', { name: inExif }).hover()
  await page.keyboard.press('t')
  await page.locator('.under').first().waitFor()
  await assertHarmless(page)

  await goTo(page, '#/search?q=quoted')
  await page.getByRole('button', { name: 'List, best first' }).click()
  await page.getByRole('list', { name: 'Photos, best first' }).getByText(`1 ${inName}.jpg`).waitFor()
  await page.getByRole('complementary', { name: 'Filters' }).getByLabel(hostile).first().waitFor()
  await assertHarmless(page)
  await page.keyboard.press('Control+s')
  await page.getByRole('textbox', { name: 'Name' }).fill(hostile)
  await page.keyboard.press('Enter')
  await page.getByRole('navigation').getByRole('link', { name: hostile }).waitFor()
  await assertHarmless(page)

  await page.keyboard.press('Control+k')
  for (const typed of ['onerror', '\u202e']) {
    await page.getByRole('combobox', { name: 'Command' }).fill(typed)
    await page.getByRole('option').nth(2).waitFor()
    await assertHarmless(page)
  }
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: 'By date' }).click()
  await long1.focus()
  await page.keyboard.press('Enter')
  await page.waitForFunction((words) => document.querySelector('textarea')?.value === words, long)
  await page.getByRole('list', { name: 'Keywords' }).getByText(hostile).waitFor()
  await page.getByRole('list', { name: 'People' }).getByText(hostile).waitFor()
  await assertHarmless(page)
  await goTo(page, '#/library')
  await page.getByRole('gridcell', { name: inExif }).focus()
  await page.keyboard.press('Enter')
  await page.waitForFunction((words) => document.querySelector('textarea')?.value === words, inExif)
  await page.getByText(`Camera ${inExif}`).waitFor()
  await assertHarmless(page)

  await goTo(page, '#/work')
  await page.getByRole('button', { name: `Change ${inName}` }).click()
  await assertHarmless(page)
  await page.getByRole('button', { name: 'Remove from the library' }).click()
  await page.getByRole('dialog').getByText(inName).first().waitFor()
  await assertHarmless(page)
})
