import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeLink } from '../../src-main/server/running-servers.ts'
import { accessibilityFaults, goTo, makePicture, needsBrowser, openWindow } from './open-window.ts'

test('saved searches have their counts, and go by button or key', needsBrowser, async (t) => {
  const { page, served } = await openWindow(t, {
    makePhotos: (folder) =>
      Promise.all([1, 2].map((number) => makePicture(join(folder, `photo-${number}.jpg`), number))),
  })
  const library = await served.openPage(await served.enter(makeLink(served.directory).split('/open/')[1]))
  for (const [name, query] of [
    ['Rated', 'rating:5'],
    ['Rest', '-rating:5'],
  ] as const) {
    await library.saveSearch({ name, query })
  }
  const saved = page.getByRole('list', { name: 'Saved searches' })
  const names = () => saved.getByRole('link').locator('.name').allInnerTexts()

  await t.test('each with how many photos it finds', async () => {
    await saved.getByRole('link', { name: /Rated\s*0/ }).waitFor({ timeout: 30_000 })
    await saved.getByRole('link', { name: /Rest\s*2/ }).waitFor()
    const { ids } = await library.timelinePage({ query: '' })
    await library.setMarks({ selection: { photos: [ids[0]!] }, change: { rating: 5 } })
    await saved.getByRole('link', { name: /Rated\s*1/ }).waitFor({ timeout: 30_000 })
    await saved.getByRole('link', { name: /Rest\s*1/ }).waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
  })

  await t.test('Delete forgets the one with the focus, which goes to the next', async () => {
    const [first, second] = await names()
    await saved.getByRole('link').first().focus()
    await page.keyboard.press('Delete')
    await page.getByText(`The saved search “${first}” is forgotten.`).waitFor()
    await page.waitForFunction((name) => document.activeElement?.textContent?.includes(name), second!)
    assert.equal(await page.getByRole('dialog').count(), 0)
  })

  await t.test('so does the button beside it', async () => {
    const [first] = await names()
    await goTo(page, '#/work')
    await saved.getByRole('link').first().hover()
    await saved.getByRole('button', { name: `Forget the saved search “${first}”` }).click()
    await page.waitForFunction(() => document.querySelectorAll('[aria-labelledby="saved"] li').length === 0)
    assert.deepEqual((await library.savedSearches({})).length, 0)
  })
})
