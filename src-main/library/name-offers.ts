import type { ModelSpace } from '../contract/engine-calls.ts'
import { LensloreError } from '../contract/errors.ts'
import { saysName } from '../contract/names.ts'
import type { NameInLabels, NameOffers, NameWithPhotos } from '../contract/rooms/teaching.ts'
import { hasWords } from '../contract/words.ts'
import { dot } from './meaning/dot.ts'
import type { MeaningIndex } from './meaning/meaning-index.ts'
import { type Background, countPlausible, fitBackground, resemblanceTo } from './meaning/resemblance.ts'
import { createTurns } from './meaning/turns.ts'
import type { Searcher } from './search/searcher.ts'
import type { Store } from './store/store.ts'

export interface NameOffersOptions {
  store: Pick<Store, 'labels' | 'marks' | 'refusals'>
  searcher: Pick<Searcher, 'findsOf'>
  index: Pick<MeaningIndex, 'nearest' | 'vectorsOf' | 'count' | 'sample'>
  /** Of the library's model. @throws LensloreError `MODEL_INCOMPLETE` where it has none */
  space(): Promise<ModelSpace>
  foundNames(): readonly NameInLabels[]
}

/** Photos that may show what a person gave a name, because they look like those that have it. */
export interface NameOfferer {
  /** Names that a person gave to enough photos, most photos first. */
  names(): NameWithPhotos[]
  /** The likeliest first. @throws LensloreError as of `space`; DOMException `AbortError` through the signal. */
  offers(name: string, limit: number, signal?: AbortSignal): Promise<NameOffers>
}

/** Of fewer photos nobody can tell what they have in common. */
const fewestNamed = 3
/** The newest of them; more make the mean no better. */
const mostNamed = 200
const mostRefused = 200
const labelsRead = 2000
const namesShown = 100
/** Of all, these are looked at, besides those that have the name or were refused. */
const mostOffered = 400
/** A sample of the library tells how its photos lie. */
const sampled = 2000
/** It is drawn anew where the library has by so much more or fewer photos. */
const otherByPart = 0.1

export function createNameOfferer({ store, searcher, index, ...asked }: NameOffersOptions): NameOfferer {
  const { labels, marks, refusals } = store
  let known: { space: string; background: Background } | undefined

  async function backgroundOf(space: string, signal: AbortSignal | undefined): Promise<Background> {
    const photos = index.count(space)
    const isSo = known?.space === space && Math.abs(photos - known.background.photos) <= otherByPart * photos
    if (known && isSo) return known.background
    const vectors = await index.sample(space, sampled, signal)
    const background = await fitBackground(vectors, photos, createTurns(signal))
    known = { space, background }
    return background
  }

  /** The newest first. */
  function namedPhotos(name: string): number[] {
    const inCaptions = labels
      .newest(Number.MAX_SAFE_INTEGER, labelsRead)
      .filter(({ text }) => saysName(text, name))
      .map(({ photo }) => photo)
    return [...new Set([...inCaptions, ...marks.photosNamed(name, mostNamed)])].slice(0, mostNamed)
  }

  function withoutAnswered(name: string, photoIds: readonly number[]): Set<number> {
    const inSight = searcher.findsOf('', photoIds).difference(refusals.among(name, photoIds))
    if (!hasWords(name)) return inSight
    return inSight.difference(searcher.findsOf(`"${name.replaceAll(/["“”]/g, ' ')}"`, photoIds))
  }

  /** @param refused the last of them, to compare with @param isAsked which of some photos may be offered */
  async function resembling(
    named: readonly number[],
    refused: readonly number[],
    space: string,
    isAsked: (photoIds: readonly number[]) => Set<number>,
    signal: AbortSignal | undefined,
  ): Promise<number[]> {
    const vectors = index.vectorsOf(named, space)
    if (vectors.size < fewestNamed) return []
    const background = await backgroundOf(space, signal)
    const resemblance = resemblanceTo(vectors, background)
    if (!resemblance) return []
    const looked = mostOffered + named.length + refused.length
    const near = await index.nearest(resemblance.direction, space, looked, { signal })
    const left = isAsked(near.map(({ photoId }) => photoId)).difference(new Set(named))
    const candidates = near.filter(({ photoId }) => left.has(photoId))
    const isNearer = nearerThanRefused(
      [...vectors.values()],
      [...index.vectorsOf(refused, space).values()],
      index.vectorsOf([...left], space),
    )
    const likely = candidates.filter(({ photoId }) => isNearer(photoId))
    const deviations = likely.map(({ cosine }) => resemblance.deviationsOf(cosine))
    return likely.slice(0, countPlausible(deviations, background.photos)).map(({ photoId }) => photoId)
  }

  return {
    names() {
      const found = asked
        .foundNames()
        .filter(({ isForgotten }) => !isForgotten)
        .map(({ text, photos, isPerson }) => ({ text, photos, isPerson }))
      const known = new Set(found.map(({ text }) => text))
      const people = marks
        .peopleNamed(fewestNamed, namesShown)
        .filter(({ text }) => !known.has(text))
        .map((each) => ({ ...each, isPerson: true }))
      return [...found, ...people].sort((a, b) => b.photos - a.photos).slice(0, namesShown)
    },

    async offers(name, limit, signal) {
      const named = namedPhotos(name)
      const refused = refusals.photosOf(name, mostRefused)
      const isPerson = labels.people([name]).has(name)
      const space = await asked.space().catch((thrown: unknown) => {
        if (thrown instanceof LensloreError && thrown.code === 'MODEL_INCOMPLETE') return null
        throw thrown
      })
      const photos = space
        ? await resembling(named, refused, space.spaceId, (ids) => withoutAnswered(name, ids), signal)
        : []
      return { isPerson, named: named.length, total: photos.length, photos: photos.slice(0, limit) }
    },
  }
}

/** Tells whether a photo looks more like one of the named than like any that was refused; where none was, all do. */
function nearerThanRefused(
  named: readonly Float32Array[],
  refused: readonly Float32Array[],
  vectors: ReadonlyMap<number, Float32Array>,
): (photoId: number) => boolean {
  if (refused.length === 0) return () => true
  const nearest = (to: readonly Float32Array[], vector: Float32Array) =>
    to.reduce((most, each) => Math.max(most, dot(each, vector)), -1)
  return (photoId) => {
    const vector = vectors.get(photoId)
    return vector !== undefined && nearest(named, vector) > nearest(refused, vector)
  }
}
