import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { accessibilityFaults, goTo, makePicture, needsBrowser, openWindow } from './open-window.ts'

// A person teaches by keyboard alone, over the real library, engine and embedded model: the training is a real one, and short.

const pictures = 24
const labelled = 20
const trainingMs = 300_000

const focused = (page: Page) =>
  page.evaluate(
    () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent,
  )

/** The desk shows one photo after the other. Keys that say something of its words do nothing before these are there. */
const untilPlace = (page: Page, place: number) =>
  page.getByRole('group', { name: new RegExp(`^(?!Photo\\b).* ${place} of \\d+\\.$`) }).waitFor()

test('twenty captions are corrected, learned, judged, used and taken back', needsBrowser, async (t) => {
  const { page, served, context } = await openWindow(t, {
    makePhotos: (folder) =>
      Promise.all(
        Array.from({ length: pictures }, (_, at) =>
          makePicture(join(folder, `quilt-${at}.jpg`), at, { width: 320, height: 240 }),
        ),
      ),
  })
  const [session] = await context.cookies()
  const library = await served.openPage(`${session!.name}=${session!.value}`)
  const train = page.getByRole('region', { name: 'Train', exact: true })
  const verdict = page.getByRole('region', { name: 'Before and after' })
  const adapters = page.getByRole('region', { name: 'Adapters' })

  const untilCaptioned = () =>
    page.waitForFunction(
      (count) => new RegExp(`\\b${count} of ${count}`).test(document.querySelector('footer')!.innerText),
      pictures,
      { timeout: trainingMs },
    )

  await t.test('nothing is in the person’s words yet, and it says how to begin', async () => {
    await untilCaptioned()
    await page.locator('main').focus()
    await page.keyboard.press('g')
    await page.keyboard.press('t')
    await page.waitForSelector('h1:text("Teach")')
    await page.getByText('No photo has words of yours yet.').waitFor()
    await train.getByText('It learns from your words alone, on this machine').waitFor()
    assert.ok(await train.getByRole('button', { name: 'Train' }).isDisabled())
    assert.deepEqual(await accessibilityFaults(page), [])
  })

  await t.test('a key says “this is right”, and typing goes on from photo to photo', async () => {
    await untilPlace(page, 1)
    await page.keyboard.press('s')
    await untilPlace(page, 2)
    await page.keyboard.press('y')
    await untilPlace(page, 3)
    await page.keyboard.press('c')
    for (let place = 3; place < labelled + 2; place++) {
      await page.waitForFunction(
        () =>
          document.activeElement instanceof HTMLTextAreaElement &&
          document.activeElement.selectionEnd > 0 &&
          document.activeElement.selectionStart === 0,
      )
      // What is sent off as it stands is right.
      if (place % 5 !== 0) await page.keyboard.type(`Kari’s quilt with the name of Biscuit, ${place}`)
      await page.keyboard.press('Enter')
      await untilPlace(page, place + 1)
    }
    await page.keyboard.press('Escape')
    assert.match((await focused(page))!, / 22 of \d+\.$/)
    await page.getByText(`${labelled} photos have your own words.`).waitFor()
    const { labels } = await library.teaching({})
    assert.equal(labels.own, labelled)
  })

  await t.test('one undo takes the last one back, and the key back shows it again', async () => {
    await page.keyboard.press('Control+z')
    await page.getByText(`${labelled - 1} photos have your own words.`).waitFor()
    await page.keyboard.press('b')
    await untilPlace(page, 21)
    await page.keyboard.press('y')
    await page.getByText(`${labelled} photos have your own words.`).waitFor()
  })

  await t.test(
    'names are found in the words, and a person’s is learned only where it is asked for',
    async () => {
      const biscuit = train.getByRole('checkbox', { name: /^Biscuit \(\d+ photos\)$/ })
      await biscuit.waitFor()
      assert.ok(await biscuit.isChecked())
      assert.equal(await train.getByRole('checkbox', { name: 'Biscuit is a person' }).isChecked(), false)
    },
  )

  async function startTraining(): Promise<void> {
    const passes = train.getByRole('spinbutton')
    // What was opened for the training before may still be.
    if (!(await passes.isVisible())) await train.getByText('More', { exact: true }).press('Enter')
    await passes.fill('2')
    await page.keyboard.press('Control+k')
    await page.keyboard.type('train on your')
    await page.keyboard.press('Enter')
    await train.getByRole('progressbar').waitFor()
  }

  await t.test('a training shows how far it is, and is cancelled within a step', async () => {
    await startTraining()
    await train.getByText(/step \d+ of \d+/).waitFor({ timeout: trainingMs })
    await train.getByRole('img', { name: /^Loss by step/ }).waitFor({ timeout: trainingMs })
    assert.deepEqual(await accessibilityFaults(page), [])
    await train.getByRole('button', { name: 'Cancel' }).focus()
    await page.keyboard.press('Enter')
    await train.getByText('The last training was cancelled. Nothing changed.').waitFor()
    assert.equal((await library.teaching({})).training?.state, 'cancelled')
    assert.deepEqual((await library.adapters({})).adapters, [])
  })

  await t.test('the next one ends with a verdict over every label, and moves nothing', async () => {
    await startTraining()
    await verdict.getByText('The verdict comes when training ends.').waitFor()
    await verdict.getByText(/Better on \d+, worse on \d+, the same on \d+\./).waitFor({ timeout: trainingMs })
    const counts = /Better on (\d+), worse on (\d+), the same on (\d+)/.exec(await verdict.innerText())!
    const told = counts.slice(1).map(Number)
    assert.equal(
      told.reduce((sum, count) => sum + count),
      labelled,
    )
    const { training } = await library.teaching({})
    const { better, worse, same } = training!.outcome!
    assert.deepEqual(told, [better, worse, same])
    if (labelled > (await verdict.locator('tbody tr').count())) {
      await verdict.getByRole('button', { name: `All ${labelled}` }).press('Enter')
    }
    const rows = verdict.locator('table').last().locator('tbody tr')
    assert.equal(await rows.count(), labelled)
    for (const [kind, count] of [
      ['better', better],
      ['worse', worse],
      ['same', same],
    ] as const) {
      assert.equal(await rows.getByText(kind, { exact: true }).count(), count)
    }
    await verdict.getByText('The figures').press('Enter')
    await train.getByText('As a table').press('Enter')
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.keyboard.press('Control+Shift+l')
    await page.waitForFunction(() => document.documentElement.dataset.theme === 'light')
    assert.deepEqual(await accessibilityFaults(page), [])
  })

  const before = await library.search({ query: '-by:person', limit: pictures })
  const others = before.photos.map(({ id }) => id)
  const captionsOf = () => Promise.all(others.map(async (photo) => (await library.photo({ photo })).caption!))
  const captionsBefore = await captionsOf()

  await t.test(
    'what was learned is used under its name, and the model’s captions are written again',
    async () => {
      assert.equal(others.length, pictures - labelled)
      const name = verdict.getByRole('textbox', { name: 'Its name' })
      await name.fill('Quilts')
      await name.press('Enter')
      if ((await library.teaching({})).training?.outcome?.verdict === 'not-better') {
        await page.getByRole('dialog').getByRole('button', { name: 'Use it anyway' }).press('Enter')
      }
      await adapters.getByText('Quilts').waitFor()
      await page.waitForFunction(
        () => document.querySelector('[aria-labelledby="adapters-title"] .active')?.textContent === 'Quilts',
      )
      const { active } = await library.adapters({})
      await eventually(async () => (await captionsOf()).every(({ adapterId }) => adapterId === active))
      const own = await library.labels({ limit: 100 })
      assert.equal(own.labels.length, labelled)
    },
  )

  await t.test('it goes out as one file and comes back, to be compared before it is used', async () => {
    const downloading = page.waitForEvent('download')
    await adapters.getByRole('button', { name: 'Change Quilts' }).press('Enter')
    await adapters.getByRole('button', { name: 'Export' }).press('Enter')
    const download = await downloading
    assert.match(download.suggestedFilename(), /^adapter-[0-9a-f]{12}\.safetensors$/)
    const file = await download.path()
    assert.deepEqual(await accessibilityFaults(page), [])

    await adapters.getByRole('button', { name: 'Back to how it came' }).press('Enter')
    await page.getByText('The model captions as it came, with the captions of then.').waitFor()
    // The same rows, so that nothing was computed for them.
    const idsBefore = captionsBefore.map(({ id }) => id).join()
    await eventually(async () => (await captionsOf()).map(({ id }) => id).join() === idsBefore)
    await adapters.getByRole('button', { name: 'Discard' }).press('Enter')
    await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).press('Enter')
    await adapters.getByText('Quilts').waitFor({ state: 'detached' })

    const chooser = page.waitForEvent('filechooser')
    await adapters.getByRole('button', { name: 'Import' }).press('Enter')
    await (await chooser).setFiles(file)
    await adapters.getByText('From elsewhere.').waitFor()
    await adapters.getByRole('button', { name: 'Change Quilts' }).press('Enter')
    await adapters.getByText('compare it on your own photos before you use it').waitFor()
    assert.equal(await adapters.getByRole('button', { name: 'Use it' }).count(), 0)
    await adapters.getByRole('button', { name: 'Compare' }).press('Enter')
    await page.getByText('label some that it has not learned').waitFor()
    for (const photo of others.slice(1, 3)) await library.setCaption({ photo, text: 'Kari’s quilt' })
    await adapters.getByRole('button', { name: 'Compare' }).press('Enter')
    await adapters
      .getByText(/Better on \d+, worse on \d+, the same on \d+\./)
      .first()
      .waitFor({ timeout: trainingMs })
    await adapters.getByRole('button', { name: 'Use it' }).waitFor()
  })

  await t.test('a name is forgotten after a question', async () => {
    await page.getByRole('button', { name: 'Forget “Biscuit”' }).press('Enter')
    const question = page.getByRole('dialog', { name: 'Forget “Biscuit”?' })
    await question.getByText('Quilts learned it.').waitFor()
    await question.getByRole('button', { name: 'Forget' }).press('Enter')
    await page.getByText('“Biscuit” is forgotten. Quilts has learned it: train anew, or discard.').waitFor()
    const biscuit = train.getByRole('checkbox', { name: /^Biscuit/ }).first()
    await eventually(async () => !(await biscuit.isChecked()))
  })

  await t.test('a file that is no adapter is refused in a sentence', async () => {
    const chooser = page.waitForEvent('filechooser')
    await adapters.getByRole('button', { name: 'Import' }).press('Enter')
    await (await chooser).setFiles({
      name: 'hostile.safetensors',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from('no adapter at all'),
    })
    await page.locator('footer .problem').waitFor()
    assert.equal((await library.adapters({})).adapters.length, 1)
  })

  await t.test('the photo view confirms with the same key', async () => {
    await goTo(page, `#/photo/${others[0]}`)
    await page.getByRole('button', { name: 'This is right' }).waitFor()
    await page.keyboard.press('y')
    await page.getByText('Confirmed: these are your words from now on.').waitFor()
    assert.equal((await library.photo({ photo: others[0]! })).caption?.source, 'person')
    assert.equal(await page.getByRole('button', { name: 'This is right' }).count(), 0)
  })
})

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const untilMs = Date.now() + trainingMs
  while (!(await holds())) {
    assert.ok(Date.now() < untilMs, 'it came to hold in time')
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
