import assert from 'node:assert/strict'
import { rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { accessibilityFaults, goTo, makePicture, needsBrowser, openWindow } from './open-window.ts'

test('Work shows what is done, what failed and why, and what becomes of folders', needsBrowser, async (t) => {
  const { page, served } = await openWindow(t, {
    expectedFaults: /404 .*\/library\/\d+/,
    async makePhotos(folder) {
      await makePicture(join(folder, 'good.jpg'), 1)
      await writeFile(join(folder, 'cut.jpg'), Buffer.from('ffd8ffe000104a46', 'hex'))
    },
  })
  const name = basename(served.photos)
  await goTo(page, '#/work')

  await t.test('a photo that failed stands there with its reason, and is tried again', async () => {
    const failed = page.getByRole('region', { name: 'Failed' })
    await failed.getByText('cut.jpg', { exact: true }).waitFor({ timeout: 60_000 })
    assert.match(await failed.innerText(), /The file is .*damaged|The file .*read/)
    await makePicture(join(served.photos, 'cut.jpg'), 2)
    await failed.getByRole('button', { name: 'Retry cut.jpg' }).click()
    await failed.getByText('No photo failed.').waitFor({ timeout: 60_000 })
  })

  await t.test('the device is the one of the open session', async () => {
    const devices = page.getByRole('region', { name: 'Devices' })
    await devices.getByText('In use, as its open session says.').waitFor({ timeout: 60_000 })
    assert.match(await page.locator('footer.status').innerText(), /Processor, \d+ threads?/)
  })

  await t.test('captioning pauses and goes on by one key', async () => {
    await page.locator('main').focus()
    await page.keyboard.press('p')
    await page.locator('main').getByText('Paused until you go on.').waitFor()
    await page.keyboard.press('p')
    await page.locator('main').getByText('Nothing is left to do.').waitFor()
  })

  await t.test(
    'what is left out of a folder is kept, in both themes without a fault of accessibility',
    async () => {
      await page.getByRole('button', { name: `Change ${name}` }).click()
      const field = page.getByLabel('Leave out')
      await field.fill('*_edit.jpg\nprivate/')
      await field.blur()
      await page.waitForTimeout(0)
      assert.deepEqual(await accessibilityFaults(page), [])
      await page.keyboard.press('Control+Shift+l')
      await page.waitForFunction(() => document.documentElement.dataset.theme === 'light')
      assert.deepEqual(await accessibilityFaults(page), [])
      await page.reload()
      await page.getByRole('button', { name: `Change ${name}` }).click()
      assert.equal(await page.getByLabel('Leave out').inputValue(), '*_edit.jpg\nprivate/')
    },
  )

  await t.test('a folder that is gone says so, and its photos stay', async () => {
    await rename(served.photos, `${served.photos}-away`)
    await page.getByRole('button', { name: 'Change' }).first().waitFor()
    await page.getByText('Not there').waitFor({ timeout: 60_000 })
    assert.match(await page.locator('footer.status').innerText(), /1 folder not connected/)
    await rename(`${served.photos}-away`, served.photos)
    await page.getByText('Not there').waitFor({ state: 'detached', timeout: 60_000 })
  })

  await t.test('a folder is removed after a question, and an empty library begins anew', async () => {
    const change = page.getByRole('button', { name: `Change ${name}` })
    if ((await change.getAttribute('aria-expanded')) === 'false') await change.click()
    await page.getByRole('button', { name: 'Remove from the library' }).click()
    const question = page.getByRole('dialog')
    assert.deepEqual(await accessibilityFaults(page), [])
    await question.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Remove from the library' }).click()
    await question.getByRole('button', { name: 'Remove', exact: true }).click()
    await page.waitForSelector('h1:text("Every photo")')
  })
})
