import { LensloreError } from '../contract/errors.ts'
import type { Caption } from '../contract/records.ts'
import type { EditChange, ReplacementOptions, Replacements } from '../contract/rooms/captions.ts'
import { planReplacement, type ReplacedCaption } from './editing/find-replace.ts'
import type { ProgressMeter } from './queue/progress.ts'
import type { CaptionChanges, ChangeOptions } from './store/caption-changes.ts'
import { inSlices } from './store/slices.ts'
import type { Store } from './store/store.ts'

/** Of an edit that is taken back, or brought back. */
const shownOfEdit = 20
/** Of a replacement, people read the beginning. */
const shownReplacements = 1000
/** An edit of no more photos than these is made at once. */
const editedAtOnce = 50
/** Of a change, these sidecars are written before others that wait. */
const writtenFirst = 500

export interface CaptionEditsOptions {
  store: Store
  changes: CaptionChanges
  progress: ProgressMeter
  onPhotosChanged(photoIds: number[]): void
  /** Writes captions out that are to be, without being waited for. */
  writeBehind(photoIds: number[]): void
  renewSearch(signal?: AbortSignal): Promise<void>
  /** Told when a change was stopped in the middle: what it left is to be done. */
  onStopped(): void
}

/** What a person does to captions, of one photo or of many; each is one edit. */
export interface CaptionEdits {
  /** @throws LensloreError `PHOTO_NOT_FOUND`; DOMException `AbortError` with nothing changed */
  set(edits: readonly { photo: number; text: string }[], signal: AbortSignal): Promise<Caption[]>
  /** @throws LensloreError `PHOTO_NOT_FOUND`; `INVALID_ARGUMENT` where there is nothing to take back */
  undo(photo: number): Caption | null
  /** @throws LensloreError `PHOTO_NOT_FOUND`; `INVALID_ARGUMENT` where there is nothing to bring back */
  redo(photo: number): Caption | null
  /** The last edit, on however many photos it was; null where there is none. */
  undoEdit(signal: AbortSignal): Promise<EditChange | null>
  redoEdit(signal: AbortSignal): Promise<EditChange | null>
  replace(preview: boolean, replacement: ReplacementOptions, signal: AbortSignal): Promise<Replacements>
  /** The changes that an import makes, shown and told of as every other. */
  forImport: Pick<CaptionChanges, 'set'>
}

export function createCaptionEdits(options: CaptionEditsOptions): CaptionEdits {
  const { store, changes, progress, onPhotosChanged, writeBehind, renewSearch, onStopped } = options
  const { photos, captions, queue } = store

  function captionsChanged(photoIds: number[]): void {
    onPhotosChanged(photoIds)
    writeBehind(photoIds)
  }

  /**
   * Shows a change of many captions, and tells of it; what it leaves to do in the search index is done with it.
   * @returns null where there was nothing to change.
   */
  async function changeMany(
    change: (options: ChangeOptions) => Promise<number | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<EditChange | null> {
    const first: number[] = []
    const changed = await progress
      .during('change', 0, ({ onProgress, setTotal }) =>
        change({
          signal,
          onProgress,
          onPlanned: setTotal,
          onPhotosChanged(photoIds) {
            first.push(...photoIds.slice(0, writtenFirst - first.length))
            onPhotosChanged(photoIds)
          },
        }),
      )
      .catch((thrown: unknown) => {
        onStopped()
        throw thrown
      })
    if (changed === undefined) return null
    writeBehind(first)
    await renewSearch(signal)
    return { photos: changed, first: photos.byIds(first.slice(0, shownOfEdit)) }
  }

  function changeHistory(
    photo: number,
    change: (photoId: number) => Caption | null | undefined,
    refusal: string,
  ): Caption | null {
    const caption = change(photos.known(photo).id)
    if (caption === undefined) throw new LensloreError('INVALID_ARGUMENT', refusal)
    captionsChanged([photo])
    return caption
  }

  async function setMany(
    edits: readonly { photo: number; text: string }[],
    signal: AbortSignal,
  ): Promise<Caption[]> {
    let planned = 0
    await changeMany(
      (changing) =>
        changes.set((add, limit) => {
          const some = edits.slice(planned, planned + limit)
          for (const { photo, text } of some) {
            const captionId = captions.current(photos.known(photo).id)?.id ?? null
            add({ photoId: photo, captionId, text, source: 'person', language: null, isCut: false })
          }
          planned += some.length
          return some.length
        }, changing),
      signal,
    )
    return edits.map(({ photo }) => captions.current(photo)!)
  }

  return {
    async set(edits, signal) {
      if (edits.length > editedAtOnce) return setMany(edits, signal)
      const set = captions.setManyByPerson(
        edits.map(({ photo, text }) => ({ photoId: photos.known(photo).id, text })),
        Date.now(),
      )
      captionsChanged(edits.map(({ photo }) => photo))
      return set
    },
    undo: (photo) =>
      changeHistory(
        photo,
        (id) => captions.undo(id, Date.now()),
        'There is no caption of yours to take back.',
      ),
    redo: (photo) => changeHistory(photo, (id) => captions.redo(id), 'There is no caption to bring back.'),
    undoEdit: (signal) => changeMany((changing) => changes.undoEdit(Date.now(), changing), signal),
    redoEdit: (signal) => changeMany((changing) => changes.redoEdit(changing), signal),
    async replace(preview, replacement, signal) {
      let replaced = 0
      const first = new Map<number, ReplacedCaption>()
      const note = (each: ReplacedCaption) => {
        replaced++
        if (first.size < shownReplacements) first.set(each.photoId, each)
      }
      if (preview) {
        const { photos: present } = queue.counts(null)
        await progress.during('change', present, ({ onProgress }) =>
          inSlices(store.database, planReplacement(captions, replacement, note), { signal, onProgress }),
        )
      } else {
        await changeMany((changing) => {
          let plan: ((limit: number) => number) | undefined
          return changes.set((add, limit) => {
            plan ??= planReplacement(captions, replacement, (each) => {
              note(each)
              add({ ...each, text: each.after, source: 'person', language: null, isCut: false })
            })
            return plan(limit)
          }, changing)
        }, signal)
      }
      return {
        changes: replaced,
        first: photos.byIds([...first.keys()]).map(({ id, path }) => {
          const { before, after } = first.get(id)!
          return { photoId: id, path, before, after }
        }),
      }
    },
    forImport: {
      async set(plan, { signal } = {}) {
        return (await changeMany((changing) => changes.set(plan, changing), signal))!.photos
      },
    },
  }
}
