import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { makeTemporaryFolder } from '../cli/lenslore.ts'
import { accessibilityFaults, goTo, needsBrowser, openWindow } from './open-window.ts'

const photosPath = fileURLToPath(new URL('../../../shared/photos/flickr8k-dev.tar', import.meta.url))
const skip = existsSync(photosPath) ? needsBrowser.skip : `${photosPath} is not on this machine`

const climbers = ['205682549_713aa6cd88.jpg', '1478268555_7e301fc510.jpg']
const dogs = ['1319634306_816f21677f.jpg', '1469000260_5d473c8283.jpg']
/** Another dog, that stays outside. */
const outside = '2217328285_b1d55c17ca.jpg'

function unpack(folder: string, names: readonly string[]): void {
  assert.equal(spawnSync('tar', ['-xf', photosPath, '-C', folder, ...names]).status, 0)
}

const query = (page: Page) =>
  page.evaluate(() => new URLSearchParams(location.hash.split('?')[1] ?? '').get('q'))
const hits = (page: Page) => page.getByRole('list', { name: 'Photos, best first' }).getByRole('link')
const chip = (page: Page, name: string | RegExp) =>
  page.getByRole('group', { name: 'Filters in use' }).getByRole('group', { name })
const counts = (page: Page, line: string) => page.getByRole('heading', { name: line, exact: true }).waitFor()

/** As a file that a person drops there, or copies and pastes. */
async function give(page: Page, way: 'drop' | 'paste', name: string, bytes: Buffer): Promise<void> {
  await page.getByRole('combobox', { name: 'Search' }).evaluate(
    (box, [way, name, base64]) => {
      const data = new DataTransfer()
      const bytes = Uint8Array.from(atob(base64!), (each) => each.charCodeAt(0))
      data.items.add(new File([bytes], name!, { type: 'image/jpeg' }))
      const event =
        way === 'drop'
          ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
          : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
      box.dispatchEvent(event)
    },
    [way, name, bytes.toString('base64')],
  )
}

test('photos are found by what they look like: words, a photo, several, and a picture from outside', {
  skip,
}, async (t) => {
  const home = makeTemporaryFolder(t)
  unpack(home, [outside])
  const picture = readFileSync(join(home, outside))
  const { page } = await openWindow(t, {
    // Of a photo that there is not.
    expectedFaults: /\/999\//,
    makePhotos: async (folder) => unpack(folder, [...climbers, ...dogs]),
  })
  await page.getByRole('gridcell').nth(3).waitFor()
  // All were looked at.
  await page.waitForFunction(() => /^4/.test(document.querySelector('footer strong')?.textContent ?? ''))

  await t.test('words stand in a chip, and each hit says why it is there', async () => {
    await goTo(page, `#/search?q=${encodeURIComponent('like:"someone climbing rocks"')}`)
    await hits(page).nth(1).waitFor()
    assert.equal(await hits(page).count(), climbers.length)
    await hits(page).first().getByText('Looks like: someone climbing rocks').waitFor()
    await chip(page, 'Looks like someone climbing rocks').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
  })

  await t.test('the chip turns to the other sign, and goes', async () => {
    await chip(page, 'Looks like someone climbing rocks')
      .getByRole('button', { name: /not to look like/ })
      .click()
    await chip(page, 'Does not look like someone climbing rocks').waitFor()
    assert.equal(await query(page), '-like:"someone climbing rocks"')
    await counts(page, '2 photos')
    await page.getByRole('button', { name: /^Take the filter away: Does not look like/ }).click()
    await counts(page, '4 photos')
  })

  await t.test('M asks for more like a photo, and like those selected', async () => {
    await goTo(page, '#/search?q=dog')
    // What was found before stays until then.
    await page.getByRole('gridcell').nth(2).waitFor({ state: 'detached' })
    await page.getByRole('gridcell').first().focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/#\/photo\//)
    const photo = /photo\/(\d+)/.exec(page.url())![1]
    await page.getByRole('button', { name: 'More like this' }).waitFor()
    await page.keyboard.press('m')
    await page.waitForURL(new RegExp(`q=like%3A${photo}|q=like:${photo}`))
    await hits(page).nth(1).waitFor()
    assert.equal(await hits(page).count(), dogs.length)
    await chip(page, `Looks like photo ${photo}`).locator('img').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])

    await page.getByRole('button', { name: 'By date' }).click()
    await page.getByRole('gridcell').nth(1).waitFor()
    await page.getByRole('gridcell').first().focus()
    await page.keyboard.press('Control+a')
    await page.getByRole('toolbar').getByRole('button', { name: 'More like this' }).click()
    await chip(page, 'Looks like 2 pictures').waitFor()
    assert.match((await query(page))!, /^like:\d+,\d+$/)
    await counts(page, '2 photos')
  })

  await t.test('a picture is dropped onto the box, pasted or chosen, beside what is asked for', async () => {
    await goTo(page, '#/search?q=rock')
    await give(page, 'drop', outside, picture)
    await chip(page, 'Looks like a picture from outside').waitFor()
    assert.match((await query(page))!, /^rock like:picture-[0-9a-f]{16}$/)

    await goTo(page, '#/library')
    await give(page, 'paste', outside, picture)
    await chip(page, 'Looks like a picture from outside').waitFor()
    await goTo(page, '#/library')
    await page.locator('[data-picture]').setInputFiles(join(home, outside))
    await chip(page, 'Looks like a picture from outside').waitFor()
    await give(page, 'drop', 'notes.txt', Buffer.from('no picture'))
    await page.getByText('notes.txt: This file is no picture of a kind we can read.').first().waitFor()
  })

  await t.test('words are added among the filters, and what is not known is said', async () => {
    await goTo(page, '#/search?q=')
    await page.getByRole('textbox', { name: 'Looks like' }).fill('a dog on grass')
    await page.keyboard.press('Enter')
    await chip(page, 'Looks like a dog on grass').waitFor()
    await goTo(page, '#/search?q=like:999')
    await page.getByText('There is no such photo in the library').waitFor()
  })
})
