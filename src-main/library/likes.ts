import type { EmbeddedText, ModelSpace } from '../contract/engine-calls.ts'
import { LensloreError } from '../contract/errors.ts'
import { type LikeTerm, parseQuery } from '../contract/query.ts'
import type { LikeTrouble, QueryNote } from '../contract/query-filters.ts'
import { type ExamplePicture, withoutLikes } from '../contract/query-grammar.ts'
import { dot } from './meaning/dot.ts'
import type { MeaningIndex, Near } from './meaning/meaning-index.ts'
import { createTurns } from './meaning/turns.ts'
import { toUnitLength } from './meaning/unit-length.ts'
import type { FindNearestPassing } from './nearest-passing.ts'
import { type LikesOfQueries, queriesKept, type ResolvedLikes } from './search/resolved-likes.ts'
import type { Searcher } from './search/searcher.ts'
import type { Database } from './store/database.ts'
import type { OutsidePictureStore } from './store/outside-pictures.ts'

export interface LikesOptions {
  database: Database
  searcher: Pick<Searcher, 'readPhotos'>
  index: Pick<MeaningIndex, 'within' | 'vectorsOf'>
  nearestPassing: FindNearestPassing
  /** Where the searcher finds them. */
  likes: LikesOfQueries
  /** Whether there is any of them. */
  arePhotos(ids: readonly number[]): boolean
  outside: Pick<OutsidePictureStore, 'vectorOf'>
  /** In the space of the library's model; errors as of the engine's call. */
  embedText(text: string): Promise<EmbeddedText>
  space(): Promise<ModelSpace>
}

export interface Likes {
  /**
   * Finds out what the `like:` of a query come to in the library as it is now, for the searcher to be asked for it at once. Nothing where
   * there is none, or where it is known.
   * @throws LensloreError as of `embedText`, but for a model whose texts and pictures do not meet
   */
  resolve(query: string): Promise<void>
}

/** Nobody looks at more, and what is farther is seldom right. */
export const mostNearest = 300
/** Texts whose places are remembered; each keystroke asks several times. */
const textsKept = 64
/** A note shows no more of a term: ids of a selection go on for long. */
const longestSource = 60

/** One `like:` as a direction. */
interface Direction {
  /** `[p]`, of unit length. */
  unit: Float32Array
  negated: boolean
  isOfWords: boolean
  /** A photo that is farther does not plausibly look like it. */
  leastCosine: number
}

/** What a term comes to, or why it does not. */
type ReadTerm = { unit: Float32Array; leastCosine: number } | { why: LikeTrouble }

export function createLikes(options: LikesOptions): Likes {
  const { database, searcher, index, nearestPassing, likes, arePhotos, outside, embedText, space } = options
  const texts = new Map<string, Promise<EmbeddedText>>()
  /** By query, with the state of the library that it was asked in. */
  const resolved = new Map<string, { state: string; done: Promise<ResolvedLikes> }>()
  let version = 0

  /** Another one after every commit, of whatever process. */
  function state(): string {
    const changes = database.prepare<{ n: number }>('SELECT total_changes() AS n').get()!.n
    return JSON.stringify([database.pragma('data_version'), changes])
  }

  /** A text that could not be read is asked for again. */
  function readText(text: string, spaceId: string): Promise<EmbeddedText> {
    const key = JSON.stringify([spaceId, text])
    const known = texts.get(key) ?? embedText(text)
    texts.delete(key)
    texts.set(key, known)
    known.catch(() => texts.delete(key))
    if (texts.size > textsKept) texts.delete(texts.keys().next().value!)
    return known
  }

  function readPictures(
    pictures: readonly ExamplePicture[],
    model: ModelSpace,
  ): { term: ReadTerm; leftOut: number } {
    const ids = pictures.flatMap((each) => ('photo' in each ? each.photo : []))
    const names = pictures.flatMap((each) => ('outside' in each ? each.outside : []))
    const remembered = names.flatMap((name) => {
      const vector = outside.vectorOf(name, model.spaceId)
      return (vector && toUnitLength(vector)) ?? []
    })
    const vectors = [...index.vectorsOf(ids, model.spaceId).values(), ...remembered]
    const unit = sumOf(vectors.map((vector) => ({ unit: vector, negated: false })))
    const leftOut = pictures.length - vectors.length
    if (unit) return { term: { unit, leastCosine: model.leastPictureCosine }, leftOut }
    const why = ids.length === 0 ? 'forgotten' : arePhotos(ids) ? 'unseen' : 'unknown'
    return { term: { why }, leftOut }
  }

  async function readTerms(terms: readonly LikeTerm[]) {
    const notes: QueryNote[] = []
    const model = await space().catch((thrown: unknown) => {
      if (thrown instanceof LensloreError && thrown.code === 'MODEL_INCOMPLETE') return null
      throw thrown
    })
    const directions: Direction[] = []
    for (const { like, negated, source } of terms) {
      const text = source.length > longestSource ? `${source.slice(0, longestSource)}…` : source
      if (model === null) {
        notes.push({ kind: 'like', text, why: 'wordless', leftOut: 1 })
        continue
      }
      if (like.kind === 'words') {
        const { embedding: unit, leastCosine } = await readText(like.text, model.spaceId)
        directions.push({ unit, leastCosine, negated, isOfWords: true })
        continue
      }
      const { term, leftOut } = readPictures(like.pictures, model)
      if ('unit' in term) directions.push({ ...term, negated, isOfWords: false })
      if (leftOut > 0) notes.push({ kind: 'like', text, why: 'why' in term ? term.why : 'unseen', leftOut })
    }
    return { model, directions, notes }
  }

  async function findOut(query: string): Promise<Omit<ResolvedLikes, 'version'>> {
    const { model, directions, notes } = await readTerms(parseQuery(query).likes)
    if (model === null || directions.length === 0) return { nearest: null, leftOut: null, notes }
    const plus = directions.filter(({ negated }) => !negated)
    if (plus.length === 0) {
      const leftOut = await allWithin(directions, model.spaceId)
      return { nearest: null, leftOut, notes }
    }
    const { nearest, areMore } = await nearestTo(directions, plus, model.spaceId, filtersOf(query))
    if (areMore) notes.push({ kind: 'nearest', shown: nearest.length })
    return { nearest, leftOut: null, notes }
  }

  /** Photos that plausibly look like any of these. */
  async function allWithin(directions: readonly Direction[], spaceId: string) {
    await searcher.readPhotos(createTurns())
    let all = new Uint32Array()
    for (const { unit, leastCosine } of directions) {
      const within = await index.within(unit, spaceId, leastCosine)
      const longer = within.length > all.length ? Uint32Array.from(within) : all
      const other = longer === all ? within : all
      for (let at = 0; at < other.length; at++) longer[at]! |= other[at]!
      all = longer
    }
    return all
  }

  /**
   * In the order of the cosine with the sum of all. Whether a photo plausibly looks like it is said by the sum of what it is to look like,
   * by the mean of their bounds. Of the others none may plausibly show what words say; a picture takes away what looks more like it
   * than like what is wanted, for who wants more like one photo and less like another wants the first one's likes in any case.
   */
  async function nearestTo(
    directions: readonly Direction[],
    plus: readonly Direction[],
    spaceId: string,
    filters: string,
  ): Promise<{ nearest: Near[]; areMore: boolean }> {
    const [direction, wanted] = [sumOf(directions), sumOf(plus)]
    if (!direction || !wanted) return { nearest: [], areMore: false }
    const bound = plus.reduce((sum, { leastCosine }) => sum + leastCosine, 0) / plus.length
    const minus = directions.filter(({ negated }) => negated)
    const leastCosine = minus.length === 0 ? bound : -1
    const near = await nearestPassing(
      { direction, spaceId, leastCosine, filters, without: null },
      mostNearest,
    )
    const areMore = near.length === mostNearest
    if (minus.length === 0) return { nearest: near, areMore }
    const vectors = index.vectorsOf(
      near.map(({ photoId }) => photoId),
      spaceId,
    )
    const nearest = near.filter(({ photoId }) => {
      const vector = vectors.get(photoId)
      if (!vector) return false
      const cosine = dot(vector, wanted)
      const isUnlike = ({ unit, leastCosine, isOfWords }: Direction) =>
        dot(vector, unit) < Math.max(leastCosine, isOfWords ? -1 : cosine)
      return cosine >= bound && minus.every(isUnlike)
    })
    return { nearest, areMore: areMore && nearest.length > 0 }
  }

  function resolveNow(query: string): Promise<ResolvedLikes> {
    const now = state()
    const known = resolved.get(query)
    if (known?.state === now) return known.done
    const done = findOut(query).then((found) => ({ ...found, version: ++version }))
    resolved.delete(query)
    resolved.set(query, { state: now, done })
    done.catch(() => resolved.delete(query))
    if (resolved.size > queriesKept) resolved.delete(resolved.keys().next().value!)
    return done
  }

  return {
    async resolve(query) {
      if (parseQuery(query).likes.length > 0) likes.keep(query, await resolveNow(query))
    },
  }
}

/** All else of a query; where nothing of that can be searched, it is left out as beside other words. */
function filtersOf(query: string): string {
  const rest = withoutLikes(query)
  return parseQuery(rest).isUnsearchable ? '' : rest
}

/** @returns `[p]` of unit length; undefined where they take each other away, or there is none. */
function sumOf(directions: readonly Pick<Direction, 'unit' | 'negated'>[]): Float32Array | undefined {
  const [first] = directions
  if (!first) return undefined
  const sum = new Float64Array(first.unit.length)
  for (const { unit, negated } of directions) {
    for (let at = 0; at < sum.length; at++) sum[at]! += negated ? -unit[at]! : unit[at]!
  }
  const length = Math.hypot(...sum)
  return length > 1e-6 ? Float32Array.from(sum, (each) => each / length) : undefined
}
