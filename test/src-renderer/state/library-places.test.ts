/// <reference types="svelte" />
import '../svelte-modules.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlacesApi } from '../../../src-renderer/state/library-places.svelte.ts'
import type { Notices } from '../../../src-renderer/state/notices.svelte.ts'

const { LibraryPlaces } = await import('../../../src-renderer/state/library-places.svelte.ts')

test('saved searches are counted once at the start, and again when changes are over', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked: string[] = []
  const listeners = new Map<string, () => void>()
  const api = {
    on: (event: string, listener: () => void) => void listeners.set(event, listener),
    savedSearches: async () => [{ id: 1, name: 'Rated', query: 'rating:5' }],
    facets: async () => void asked.push('facets'),
    async search({ query }: { query: string }) {
      asked.push(query)
      return { total: 7 }
    },
  }
  const notices = { orTell: (work: Promise<unknown>) => work, fail: assert.ifError }
  const places = new LibraryPlaces(api as unknown as PlacesApi, notices as unknown as Notices)
  async function pass(): Promise<void> {
    await new Promise(setImmediate)
    t.mock.timers.tick(60_000)
    await new Promise(setImmediate)
  }

  const started = places.read()
  await pass()
  await started
  assert.deepEqual(asked.splice(0), ['facets', 'rating:5'])
  assert.equal(places.foundBy('rating:5'), 7)

  listeners.get('photosChanged')!()
  await new Promise(setImmediate)
  listeners.get('photosChanged')!()
  await pass()
  assert.deepEqual(asked.splice(0), ['facets', 'facets'])
  await pass()
  assert.deepEqual(asked, ['rating:5'])
})
