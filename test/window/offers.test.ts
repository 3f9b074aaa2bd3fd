import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { accessibilityFaults, goTo, needsBrowser, openWindow } from './open-window.ts'

// A person names a few photos of a bicycle, and answers what is offered for its name, over real photos.

const set = fileURLToPath(new URL('../../../shared/photos/flickr8k-dev', import.meta.url))
const skip = existsSync(`${set}.tar`) ? needsBrowser.skip : `${set}.tar is not on this machine`
const given = 'Rosinante'
const captions = [
  'A ride on',
  'All day with',
  'Mud on',
  'We saw',
  'A jump with',
  'The bell of',
  'Uphill on',
  'Down on',
].map((words) => `${words} ${given}`)

function choosePhotos(): { bikes: string[]; others: string[] } {
  const all = Object.entries(JSON.parse(readFileSync(`${set}.json`, 'utf8')) as Record<string, string[]>)
  const saying = (least: number, most: number) =>
    all
      .filter(([, each]) => {
        const count = each.filter((caption) => /\b(bike|bicycle)/i.test(caption)).length
        return count >= least && count <= most
      })
      .map(([name]) => name)
  return { bikes: saying(5, 5).slice(0, 22), others: saying(0, 0).slice(0, 100) }
}

test('photos are offered for a name that a person gave, answered by keys, and found by it at once', {
  skip,
}, async (t) => {
  const { bikes, others } = choosePhotos()
  const { page, served, context } = await openWindow(t, {
    async makePhotos(folder) {
      const { status } = spawnSync('tar', ['-xf', `${set}.tar`, '-C', folder, ...bikes, ...others])
      assert.equal(status, 0)
    },
  })
  const [session] = await context.cookies()
  const library = await served.openPage(`${session!.name}=${session!.value}`)
  const total = bikes.length + others.length
  await page.waitForFunction(
    (count) => new RegExp(`\\b${count} of ${count}`).test(document.querySelector('footer')!.innerText),
    total,
    { timeout: 120_000 },
  )
  const { ids } = await library.timelinePage({ query: '', offset: 0, limit: total })
  const tiles = await library.tiles({ photos: [...ids] })
  const isBike = new Set(tiles.filter(({ name }) => bikes.includes(name)).map(({ id }) => id))

  await goTo(page, '#/teach')
  const part = page.getByRole('region', { name: 'More of what you named' })
  const offers = page.getByRole('region', { name: new RegExp(`^\\d+ more that may be ${given}$`) })
  const links = offers.getByRole('link')
  const shownIds = () =>
    offers
      .locator('[data-offer]')
      .evaluateAll((all) => all.map((each) => Number((each as HTMLElement).dataset.offer)))

  await t.test('after three captions, and not before', async () => {
    const named = [...isBike].slice(0, captions.length)
    for (const [at, photo] of named.slice(0, 2).entries())
      await library.setCaption({ photo, text: captions[at]! })
    await page.getByText('2 photos have your own words.').waitFor()
    assert.equal(await part.count(), 0)
    for (const [at, photo] of named.slice(2).entries())
      await library.setCaption({ photo, text: captions[at + 2]! })
    await links.first().waitFor({ timeout: 20_000 })
    await offers.getByText(`by ${captions.length} photos of yours`).waitFor()
    const found = await shownIds()
    const right = found.filter((id) => isBike.has(id))
    assert.ok(right.length >= 5 && right.length > 0.7 * found.length, `${right.length} of ${found.length}`)
    assert.ok(found.every((id) => !named.includes(id)))
    assert.deepEqual(await accessibilityFaults(page), [])
  })

  await t.test('a key says yes: the name is beside the caption, and a search finds it at once', async () => {
    const [first, second] = await shownIds()
    const { caption } = await library.photo({ photo: first! })
    await links.first().focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('y')
    await page.getByText(`1 photo named “${given}”. Undo takes it back.`).first().waitFor()
    const { words, caption: after } = await library.photo({ photo: first! })
    assert.deepEqual([words.keywords, after], [[given], caption])
    const { photos: hits } = await library.search({ query: given })
    assert.ok(hits.some(({ id }) => id === first))
    // The next one has the focus.
    assert.equal(
      await page.evaluate(() => document.activeElement!.closest<HTMLElement>('[data-offer]')!.dataset.offer),
      `${second}`,
    )
    await page.keyboard.press('Control+z')
    await offers.locator(`[data-offer="${first}"]`).waitFor()
    assert.deepEqual((await library.photo({ photo: first! })).words.keywords, [])
  })

  await t.test('a key says no: it is not offered again, until it is asked for again', async () => {
    const [first] = await shownIds()
    await links.first().focus()
    await page.keyboard.press('n')
    await offers.getByText(`1 photo not ${given}.`).waitFor()
    await page.reload()
    await links.first().waitFor()
    assert.ok(!(await shownIds()).includes(first!))
    const [next] = await shownIds()
    await offers
      .getByRole('button', { name: `No, not ${given}` })
      .first()
      .click()
    await offers.getByRole('button', { name: 'Ask again' }).click()
    await offers.locator(`[data-offer="${next}"]`).waitFor()
  })

  await t.test('all in sight are named with one press, as a person’s where it is one', async () => {
    const shown = await shownIds()
    await offers.getByRole('checkbox', { name: `${given} is a person` }).check()
    await offers.getByRole('button', { name: /^Yes, (all \d+ in sight|this one)/ }).click()
    await page
      .getByText(/named “Rosinante”/)
      .first()
      .waitFor()
    const { words } = await library.photo({ photo: shown[0]! })
    assert.deepEqual(
      words.people.map(({ name }) => name),
      [given],
    )
    assert.equal((await library.lastEdit({})).undo?.photos, shown.length)
  })
})
