import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContentFacts } from '../../../src-main/library/store/photos.ts'
import { groupByMoment } from '../../../src-main/library/store/same-moment.ts'
import { addFolder, addPhoto, contentOf, openStoreFor } from './sample-library.ts'

function openMoments(t: Parameters<typeof openStoreFor>[0]) {
  const store = openStoreFor(t)
  const folderId = addFolder(store, '/pictures')
  let count = 0
  return {
    store,
    add(second: number | null, facts: Partial<ContentFacts> = {}): number {
      const time = new Date(Date.UTC(2025, 5, 1, 12, 0, second ?? 0)).toISOString().slice(0, 19)
      const name = `${count++}.jpg`
      const takenAt = second === null ? null : time
      return addPhoto(store, folderId, name, contentOf(name), { camera: 'Canon', takenAt, ...facts })
    },
    /** As if it had been looked at, and was like no other. */
    lookAt(...ids: number[]): void {
      store.database.write(() => {
        for (const id of ids) {
          store.database.prepare('UPDATE photos SET sharpness = 1 WHERE id = ?').run(id)
          store.database.prepare('DELETE FROM photos_to_stack WHERE photo_id = ?').run(id)
        }
      })
    },
    groups: (...ids: number[]) => [...groupByMoment(store.database, ids).values()],
  }
}

test('a stack is one group, and so is exactly one picture', (t) => {
  const { store, add, lookAt, groups } = openMoments(t)
  const [a, b, c, d] = [add(null), add(null), add(null), add(null)]
  const twin = add(null, { contentHash: store.photos.byId(c)!.contentHash! })
  const same = [add(null, { pictureHash: 'ab'.repeat(32) }), add(null, { pictureHash: 'ab'.repeat(32) })]
  const turned = add(null, { pictureHash: 'ab'.repeat(32), orientation: 6 })
  lookAt(a, b, c, d, twin, ...same, turned)
  store.stacks.join(d, a)
  assert.deepEqual(groups(a, b, c, d, twin, ...same, turned), [0, 1, 2, 0, 2, 3, 3, 4])
  store.stacks.join(twin, a)
  assert.deepEqual(groups(a, b, c, d, twin), [0, 1, 0, 0, 0], 'also by way of what has the same content')
  assert.deepEqual(groups(), [])
  assert.deepEqual(groups(99, b), [0], 'what is gone has none')
})

test('of photos that nobody looked at yet, what one camera took within ten seconds is one group, over others too', (t) => {
  const { add, lookAt, groups } = openMoments(t)
  const [one, two, three, late] = [add(0), add(9), add(18), add(29)]
  const others = [add(1, { camera: 'Nikon' }), add(1, { camera: null }), add(null), add(null)]
  assert.deepEqual(groups(three, one, two), [0, 0, 0])
  assert.deepEqual(groups(one, two, three, late, ...others), [0, 0, 0, 1, 2, 3, 4, 5])
  lookAt(one, three)
  assert.deepEqual(groups(one, two, three), [0, 0, 0], 'it may be like both')
  lookAt(two)
  assert.deepEqual(groups(one, two, three), [0, 1, 2], 'they are known to be unlike')
})
