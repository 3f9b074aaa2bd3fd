import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { accessibilityFaults, goTo, needsBrowser, openWindow } from './open-window.ts'

const photosPath = fileURLToPath(new URL('../../../shared/photos/flickr8k-dev.tar', import.meta.url))
const climbers = ['205682549_713aa6cd88.jpg', '1478268555_7e301fc510.jpg']
const dogs = '2217328285_b1d55c17ca.jpg'
const skip = existsSync(photosPath) ? needsBrowser.skip : `${photosPath} is not on this machine`

test('photos that look like the words stand below a line, until a person does without', {
  skip,
}, async (t) => {
  const { page } = await openWindow(t, {
    async makePhotos(folder) {
      const { status } = spawnSync('tar', ['-xf', photosPath, '-C', folder, ...climbers, dogs])
      assert.equal(status, 0)
    },
  })
  await page.getByRole('gridcell').nth(2).waitFor()
  // None of the captions says all of this.
  const search = `#/search?q=${encodeURIComponent('someone climbing rocks')}`
  await goTo(page, search)
  const alike = page.getByRole('region', { name: 'Looks like: someone climbing rocks' })
  await alike.getByRole('link').nth(1).waitFor()
  assert.equal(await alike.getByRole('link').count(), climbers.length)
  assert.deepEqual(await accessibilityFaults(page), [])

  await alike.getByRole('button', { name: 'Without photos that look like the words' }).click()
  await alike.waitFor({ state: 'detached' })
  const also = page.getByRole('button', { name: 'Also photos that look like the words' })
  assert.equal(await also.getAttribute('aria-pressed'), 'false')
  await page.reload()
  assert.equal(await also.getAttribute('aria-pressed'), 'false')
  await also.click()
  await alike.getByRole('link').first().click()
  await page.waitForURL(/#\/photo/)
})
