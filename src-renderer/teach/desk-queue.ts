/** What was done with a photo of the desk. */
export type DeskMark = 'right' | 'written' | 'skipped'

/** Photos in the order in which they are worth a person's words, and which of them lies there. */
export interface DeskQueue {
  photos: readonly number[]
  at: number
  marks: ReadonlyMap<number, DeskMark>
}

export const emptyQueue: DeskQueue = { photos: [], at: 0, marks: new Map() }

/** The photo that lies there; undefined where none is left. */
export function photoOf({ photos, at }: DeskQueue): number | undefined {
  return photos[at]
}

/** Behind those that are there; none lies there twice. */
export function withMore(queue: DeskQueue, found: readonly number[]): DeskQueue {
  const known = new Set(queue.photos)
  return { ...queue, photos: [...queue.photos, ...found.filter((photo) => !known.has(photo))] }
}

/** The next one that nothing was done with lies there then. */
export function marked(queue: DeskQueue, mark: DeskMark): DeskQueue {
  const photo = photoOf(queue)
  if (photo === undefined) return queue
  const marks = new Map([...queue.marks, [photo, mark]])
  const next = queue.photos.findIndex((other, at) => at > queue.at && !marks.has(other))
  return { ...queue, marks, at: next < 0 ? queue.photos.length : next }
}

/** The one before it, whatever was done with it. */
export function goneBack(queue: DeskQueue): DeskQueue {
  return { ...queue, at: Math.max(0, queue.at - 1) }
}

/** What was done is taken back, as by undo or where it failed. */
export function unmarked(queue: DeskQueue, photos: readonly number[]): DeskQueue {
  return { ...queue, marks: new Map([...queue.marks].filter(([photo]) => !photos.includes(photo))) }
}

/** Photos that are no longer in the library. */
export function without(queue: DeskQueue, gone: readonly number[]): DeskQueue {
  const isGone = new Set(gone)
  const before = queue.photos.slice(0, queue.at).filter((photo) => isGone.has(photo)).length
  return {
    ...unmarked(queue, gone),
    photos: queue.photos.filter((photo) => !isGone.has(photo)),
    at: queue.at - before,
  }
}

/** Some of them around the one that lies there, itself among the first. */
export function strip(queue: DeskQueue, before: number, most: number): readonly number[] {
  const start = Math.max(0, queue.at - before)
  return queue.photos.slice(start, start + most)
}
