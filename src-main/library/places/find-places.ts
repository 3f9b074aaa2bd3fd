import { moduleBeside, startThread } from '../../channels/message-port.ts'
import { LensloreError } from '../../contract/errors.ts'
import { unchecked } from '../../contract/rpc.ts'
import type { Database } from '../store/database.ts'
import { inSlices, type SliceOptions } from '../store/slices.ts'
import type { FoundPlace, PlaceNames } from './found-place.ts'
import { createPlaceStore } from './place-store.ts'

export const placesCalls = {
  /** @param positions latitude and longitude of each, in degrees */
  find: unchecked<Float64Array, FoundPlace[]>(),
  /** Of keys that were found. */
  namesOf: unchecked<string[], PlaceNames[]>(),
}

/** Some tens of milliseconds for the thread. */
const photosAtOnce = 2000
/** What the thread makes beside its tables is short-lived. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 }

/** How many photos have a position and no place yet, as far as is known. */
export function countToPlace(database: Database): number {
  return createPlaceStore(database).waiting()
}

export interface FindPlacesOptions extends SliceOptions {
  /** Called within each transaction that gave photos their places. */
  onPlaced?(): void
}

/**
 * Finds the places of all photos that have a position and no place by the present gazetteer yet, in a thread that is there for as
 * long as that takes. What a stop or a kill leaves is found by the next call.
 * @returns how many.
 * @throws DOMException `AbortError` through the signal.
 */
export async function findPlaces(database: Database, options: FindPlacesOptions = {}): Promise<number> {
  const { signal, onProgress, onPlaced } = options
  const store = createPlaceStore(database)
  await inSlices(database, store.forgetOlder, { signal })
  if (store.next(1).length === 0) return 0
  const { calls, end } = startThread(moduleBeside(import.meta.url, 'places-thread'), placesCalls, {
    resourceLimits,
    closedError: (cause) =>
      new LensloreError(
        'INTERNAL',
        `The places of photos cannot be found: ${cause?.message ?? 'the thread was ended'}. If that stays so, install Lenslore again.`,
        { cause },
      ),
  })
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  stopped.catch(() => {})
  const stop = () => reject(signal!.reason)
  signal?.addEventListener('abort', stop, { once: true })
  const answered = <T>(answer: Promise<T>) => {
    answer.catch(() => {})
    return Promise.race([answer, stopped])
  }
  try {
    for (let done = 0; ; ) {
      signal?.throwIfAborted()
      const photos = store.next(photosAtOnce)
      if (photos.length === 0) return done
      const positions = Float64Array.from(photos.flatMap(({ latitude, longitude }) => [latitude, longitude]))
      const places = await answered(calls.find(positions))
      const unknown = store.unknownOf(places)
      const names = unknown.length > 0 ? await answered(calls.namesOf(unknown)) : []
      await inSlices(database, store.namesKeeper(names), { signal })
      const found = photos.map((photo, at) => ({ ...photo, place: places[at]! }))
      const before = done
      const keepSome = store.keeper(found)
      const step = (limit: number) => {
        const kept = keepSome(limit)
        onPlaced?.()
        return kept
      }
      done += await inSlices(database, step, { signal, onProgress: (kept) => onProgress?.(before + kept) })
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    void end()
  }
}
