import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { accessibilityFaults, goTo, makePicture, needsBrowser, openWindow } from './open-window.ts'

test(
  'captions go out and come back as a table, and what would be done is seen before',
  needsBrowser,
  async (t) => {
    const { page } = await openWindow(t, {
      async makePhotos(folder) {
        for (const number of [1, 2]) await makePicture(join(folder, `photo-${number}.jpg`), number)
        for (const twin of ['a', 'b']) await makePicture(join(folder, `twin-${twin}.jpg`), 3)
      },
    })
    await page.waitForFunction(
      () => /\b4 of 4/.test(document.querySelector('footer.status')?.textContent ?? ''),
      null,
      { timeout: 60_000 },
    )
    await goTo(page, '#/settings/tables')
    const part = page.getByRole('region', { name: 'Tables' })
    let rows: { path: string; caption: string; source: string }[] = []

    async function send(name: string, content: string): Promise<void> {
      const chooser = page.waitForEvent('filechooser')
      await part.getByRole('button', { name: 'Choose a table' }).click()
      await (await chooser).setFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(content) })
    }

    await t.test('a table is saved by the browser', async () => {
      const downloading = page.waitForEvent('download')
      await part.getByRole('button', { name: 'As JSON' }).click()
      const download = await downloading
      assert.equal(download.suggestedFilename(), 'captions.json')
      rows = JSON.parse(await readFile(await download.path(), 'utf8'))
      assert.equal(rows.length, 4)
      await page.getByText('The table has the captions of 4 photos.').waitFor()
    })

    await t.test('wrong lines are named, and nothing is taken in', async () => {
      await send('wrong.json', JSON.stringify([{ ...rows[0], language: 'no language' }]))
      await part.getByText('so nothing is taken in').waitFor()
      assert.match(await part.getByRole('list', { name: 'Wrong lines' }).innerText(), /Line \d/)
      assert.equal(await part.getByRole('button', { name: /^Change/ }).count(), 0)
      assert.deepEqual(await accessibilityFaults(page), [])
    })

    await t.test('what would change is shown, then done, and taken back by one undo', async () => {
      const [first, second, twin] = rows
      const sent = [
        { ...first, caption: 'A heron by the water', source: 'person' },
        second,
        { path: '/gone/other.jpg', caption: 'Nobody knows' },
        { ...twin, path: '/old/one.jpg', caption: 'One of two' },
      ]
      await send('captions.json', JSON.stringify(sent))
      await part.getByText('captions.json would change 1 caption.').waitFor()
      const changes = await part.getByRole('list', { name: 'What would change' }).innerText()
      assert.ok(changes.includes('A heron by the water') && changes.includes(first!.caption), changes)
      await part.getByText('1 row is for photos that are not in the library.').waitFor()
      const unclear = part.getByRole('list', { name: 'Unclear rows' })
      assert.match(await unclear.innerText(), /\/old\/one\.jpg: several photos have this content/)
      assert.deepEqual(await accessibilityFaults(page), [])
      await part.getByRole('button', { name: 'Change 1 caption' }).click()
      await page.getByText('1 caption changed.').waitFor()
      await page.locator('footer.status').getByRole('button', { name: 'Undo “Table on 1 photo”' }).click()
      await page.getByText('Taken back: Table on 1 photo.').waitFor()
    })

    await t.test(
      'keywords and stars are taken in as the person’s, and none where the table is not theirs',
      async () => {
        const [first, second] = rows
        const sent = [
          { ...first, caption: 'A heron by the water', keywords: 'heron; water', rating: 4 },
          { path: second!.path, caption: '', title: 'Two' },
          { path: second!.path, caption: '', title: 'Second' },
        ]
        await send('captions.json', JSON.stringify(sent))
        await part.getByText('captions.json would change 1 caption.').waitFor()
        await part.getByText('Title, rating or keywords of 2 photos would change.').waitFor()
        const changes = await part.getByRole('list', { name: 'What would change' }).innerText()
        for (const said of ['4 stars', 'More keywords: heron, water', 'Title: Second']) {
          assert.ok(changes.includes(said), changes)
        }
        await part.getByText('1 row stands before another one for the same photo').waitFor()
        await part.getByRole('radio', { name: 'Imported' }).check()
        await part.getByText('2 rows have another title, rating or keywords').waitFor()
        await part.getByRole('button', { name: 'Change 1 caption' }).waitFor()
        assert.deepEqual(await accessibilityFaults(page), [])
        await part.getByRole('radio', { name: 'Mine' }).check()
        await part.getByRole('button', { name: 'Take all of it in' }).click()
        await page.getByText('Title, rating or keywords of 2 photos, too.').waitFor()
        await part.getByRole('button', { name: 'Tables', exact: true }).click()
        await page.getByText('The words of 1 photo are taken away.').waitFor()
        const undo = (edit: string) =>
          page
            .locator('footer.status')
            .getByRole('button', { name: `Undo “${edit}”` })
            .click()
        await undo('Withdrawn words on 1 photo')
        await page.getByText('Taken back: Withdrawn words on 1 photo.').waitFor()
        await undo('Table on 2 photos')
        await page.getByText('Taken back: Table on 2 photos.').waitFor()
      },
    )

    await t.test('what an export would write is counted, and no captions are written for it', async () => {
      await page.getByRole('button', { name: 'See what would be written' }).click()
      await page.getByText('4 files would be made').waitFor()
      await page.getByRole('button', { name: 'Write them' }).click()
      await page.getByText('Captions written out: 4 files made').waitFor()
    })
  },
)
