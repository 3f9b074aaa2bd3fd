import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { EditName } from '../../src-main/contract/rooms/captions.ts'
import { openLibraryFor } from './library-under-test.ts'

test('whatever is done to many photos is one edit of the one history, taken back and brought back in its turn', async (t) => {
  const { client, photos, directory, takeIn } = openLibraryFor(t)
  const names = ['a.jpg', 'b.jpg', 'c.jpg']
  for (const name of names) writeFileSync(join(photos, name), `picture ${name}`)
  await client.addFolder({ path: photos })
  await takeIn()
  const { ids } = await client.timelinePage({ query: '' })
  const selection = { photos: [...ids] }
  const table = { path: join(directory, 'captions.json'), format: 'json' } as const
  const tableOf = (words: string, rating: number | '') =>
    writeFileSync(
      table.path,
      JSON.stringify(
        names.map((name) => ({ path: join(photos, name), caption: `${words} ${name}`, rating })),
      ),
    )

  const actions: [kind: EditName['kind'], act: () => Promise<unknown>][] = [
    [
      'caption',
      () => client.setCaptions({ edits: [...ids].map((photo) => ({ photo, text: `mine ${photo}` })) }),
    ],
    ['caption', () => client.captionSelection({ selection, text: 'a red kite' })],
    ['replacement', () => client.replaceInCaptions({ find: 'kite', replace: 'heron', preview: false })],
    ['marks', () => client.setMarks({ selection, change: { rating: 2, addKeywords: ['sea'] } })],
    [
      'table',
      () => {
        tableOf('ours', 4)
        return client.importTable(table)
      },
    ],
    ['regeneration', () => client.regenerate({ selection })],
    [
      'table',
      () => {
        tableOf('theirs', '')
        return client.importTable({ ...table, as: 'imported' })
      },
    ],
    ['withdrawal', () => client.withdrawWords({ source: 'table' })],
  ]
  /** All that is current of the photos. */
  const state = async () =>
    JSON.stringify(
      await Promise.all(
        [...ids].map(async (photo) => {
          const { caption, words } = await client.photo({ photo })
          return [caption?.text, caption?.source, words.rating, words.keywords]
        }),
      ),
    )
  const states = [await state()]
  for (const [kind, act] of actions) {
    await act()
    assert.deepEqual((await client.lastEdit({})).undo, { kind, photos: 3 })
    states.push(await state())
    assert.notEqual(states.at(-1), states.at(-2), kind)
  }
  for (const [index, [kind]] of [...actions.entries()].reverse()) {
    assert.equal((await client.undoEdit({}))?.photos, 3, kind)
    assert.equal(await state(), states[index], kind)
    assert.deepEqual((await client.lastEdit({})).redo, { kind, photos: 3 })
  }
  assert.equal(await client.undoEdit({}), null)
  for (const [index, [kind]] of actions.entries()) {
    assert.equal((await client.redoEdit({}))?.photos, 3, kind)
    assert.equal(await state(), states[index + 1], kind)
  }
  assert.equal(await client.redoEdit({}), null)
})
