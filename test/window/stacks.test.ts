import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { accessibilityFaults, goTo, needsBrowser, openWindow } from './open-window.ts'

const photosPath = fileURLToPath(new URL('../../../shared/photos/flickr8k-dev.tar', import.meta.url))
const [climber, dogs] = ['205682549_713aa6cd88.jpg', '2217328285_b1d55c17ca.jpg']
const skip = existsSync(photosPath) ? needsBrowser.skip : `${photosPath} is not on this machine`

test('copies of a photo are a stack: one stands for all, a person chooses which, and the list is saved', {
  skip,
}, async (t) => {
  const { page } = await openWindow(t, {
    async makePhotos(folder) {
      const { status } = spawnSync('tar', ['-xf', photosPath, '-C', folder, climber, dogs])
      assert.equal(status, 0)
      await copyFile(join(folder, climber), join(folder, 'again.jpg'))
      const { width = 0 } = await sharp(join(folder, climber)).metadata()
      await sharp(join(folder, climber))
        .resize(Math.round(0.6 * width))
        .jpeg({ quality: 70 })
        .toFile(join(folder, 'small.jpg'))
    },
  })
  const tiles = page.getByRole('gridcell')
  await tiles.nth(3).waitFor()
  await page
    .getByRole('gridcell', { name: /One of 3 copies\./ })
    .nth(2)
    .waitFor({ timeout: 60_000 })

  const stacked = page.getByRole('button', { name: 'One photo for its copies', exact: true })
  await stacked.click()
  await page.waitForFunction(() => document.querySelectorAll('[role="gridcell"]').length === 2)
  await page.reload()
  await tiles.nth(1).waitFor()
  assert.equal(await stacked.getAttribute('aria-pressed'), 'true')
  assert.equal(await tiles.count(), 2)
  assert.deepEqual(await accessibilityFaults(page), [])

  // Photos beside it are those of the grid.
  const best = page.getByRole('gridcell', { name: /One of 3 copies\./ })
  await best.dblclick()
  await page.waitForURL(/#\/photo/)
  const facts = page.getByRole('region', { name: 'Details' })
  await facts.getByText('3 photos, nearly the same picture').waitFor()
  await facts.getByRole('link', { name: 'small.jpg' }).waitFor()
  await page.keyboard.press('k')
  const copies = page.getByRole('region', { name: 'Copies' })
  await copies.getByRole('listitem').nth(2).waitFor()
  await tiles.nth(2).waitFor()
  assert.deepEqual(await accessibilityFaults(page), [])
  const small = copies.getByRole('listitem').filter({ hasText: 'small.jpg' })
  assert.match(await small.innerText(), /Nearly the same/)
  assert.match(await copies.getByRole('listitem').first().innerText(), /Stands for the others[\s\S]*Largest/)

  await copies.getByRole('button', { name: 'Let small.jpg stand for the others' }).click()
  await copies
    .getByRole('listitem')
    .first()
    .filter({ hasText: /small\.jpg[\s\S]*as you chose/ })
    .waitFor()
  await copies.getByRole('button', { name: 'Let Lenslore choose' }).click()
  await copies.getByRole('button', { name: 'Let small.jpg stand for the others' }).waitFor()

  await goTo(page, '#/work')
  const part = page.getByRole('region', { name: 'Copies' })
  await part.getByText('3 photos in 1 stack.').waitFor()
  assert.deepEqual(await accessibilityFaults(page), [])
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    part.getByRole('button', { name: 'List as CSV' }).click(),
  ])
  const table = await readFile(await download.path(), 'utf8')
  for (const name of [climber, 'again.jpg', 'small.jpg']) assert.ok(table.includes(name), table)
  assert.ok(!table.includes(dogs))
})
