import { LensloreError } from '../contract/errors.ts'
import type { Caption } from '../contract/records.ts'
import type {
  EditChange,
  EditName,
  ReplacementOptions,
  Replacements,
  WithdrawnSource,
} from '../contract/rooms/captions.ts'
import type { MarksChange } from '../contract/rooms/marks.ts'
import {
  allCaptions,
  type NextCaptions,
  planReplacement,
  type ReplacedCaption,
} from './editing/find-replace.ts'
import type { ProgressMeter } from './queue/progress.ts'
import type { SelectedPhotos } from './selection.ts'
import type { CaptionChanges, ChangeOptions } from './store/caption-changes.ts'
import { type EditKind, lastStandingEdit, lastUndoneEdit } from './store/edits.ts'
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
  /** Told when the last edit is another one. */
  onEdited(): void
  /** Told when photos wait for the model that it need not have had. */
  onAsked(): void
  /** Writes captions out that are to be, without being waited for. */
  writeBehind(photoIds: number[]): void
  renewSearch(signal?: AbortSignal): Promise<void>
  /** Told when a change was stopped in the middle: what it left is to be done. */
  onStopped(): void
}

/** What a person does to captions and marks, of one photo or of many; each is one edit. */
export interface CaptionEdits {
  /** @throws LensloreError `PHOTO_NOT_FOUND`; DOMException `AbortError` with nothing changed */
  set(edits: readonly { photo: number; text: string }[], signal: AbortSignal): Promise<Caption[]>
  /** @throws LensloreError `PHOTO_NOT_FOUND`; `INVALID_ARGUMENT` where there are no words */
  confirm(photo: number): Caption
  /** @throws LensloreError `PHOTO_NOT_FOUND`; `INVALID_ARGUMENT` where there is nothing to take back */
  undo(photo: number): Caption | null
  /** @throws LensloreError `PHOTO_NOT_FOUND`; `INVALID_ARGUMENT` where there is nothing to bring back */
  redo(photo: number): Caption | null
  /** The last edit, on however many photos it was; null where there is none. */
  undoEdit(signal: AbortSignal): Promise<EditChange | null>
  redoEdit(signal: AbortSignal): Promise<EditChange | null>
  /** @param selected all captions where it is left out. */
  replace(
    preview: boolean,
    replacement: ReplacementOptions,
    selected: SelectedPhotos | undefined,
    signal: AbortSignal,
  ): Promise<Replacements>
  /** @returns how many photos have other words now. */
  setAll(selected: SelectedPhotos, text: string, signal: AbortSignal): Promise<number>
  /** @returns how many photos have the model's words again, or wait for them. */
  regenerate(selected: SelectedPhotos, signal: AbortSignal): Promise<number>
  /** @returns how many photos lost words of a source. */
  withdraw(source: WithdrawnSource, selected: SelectedPhotos, signal: AbortSignal): Promise<number>
  /** @returns of how many photos something was changed. */
  mark(selected: SelectedPhotos, wanted: MarksChange, signal: AbortSignal): Promise<number>
  last(): { undo: EditName | null; redo: EditName | null }
  /** The changes that an import makes, shown and told of as every other. */
  forImport: Pick<CaptionChanges, 'set'>
}

export function createCaptionEdits(options: CaptionEditsOptions): CaptionEdits {
  const {
    store,
    changes,
    progress,
    onPhotosChanged,
    onEdited,
    onAsked,
    writeBehind,
    renewSearch,
    onStopped,
  } = options
  const { photos, captions, queue } = store

  function photosEdited(photoIds: number[]): void {
    onPhotosChanged(photoIds)
    writeBehind(photoIds)
    onEdited()
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
      .finally(onEdited)
    if (changed === undefined) return null
    writeBehind(first)
    await renewSearch(signal)
    return { photos: changed, first: photos.byIds(first.slice(0, shownOfEdit)) }
  }

  function captionsOf(selected: SelectedPhotos | undefined): NextCaptions {
    if (!selected) return allCaptions(captions)
    return (limit) => {
      const photoIds = selected.next(limit)
      return { looked: photoIds.length, whole: captions.wholeOf(photoIds) }
    }
  }

  function changeHistory(
    photo: number,
    change: (photoId: number) => Caption | null | undefined,
    refusal: string,
  ): Caption | null {
    const caption = change(photos.known(photo).id)
    if (caption === undefined) throw new LensloreError('INVALID_ARGUMENT', refusal)
    photosEdited([photo])
    return caption
  }

  async function setMany(
    edits: readonly { photo: number; text: string }[],
    signal: AbortSignal,
  ): Promise<Caption[]> {
    let planned = 0
    await changeMany(
      (changing) =>
        changes.set(
          'caption',
          (add, limit) => {
            const some = edits.slice(planned, planned + limit)
            for (const { photo, text } of some) {
              const captionId = captions.current(photos.known(photo).id)?.id ?? null
              add({ photoId: photo, captionId, text, source: 'person', language: null, isCut: false })
            }
            planned += some.length
            return some.length
          },
          changing,
        ),
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
      photosEdited(edits.map(({ photo }) => photo))
      return set
    },
    confirm(photo) {
      const caption = captions.confirm(photos.known(photo).id, Date.now())
      photosEdited([photo])
      return caption
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
    async replace(preview, replacement, selected, signal) {
      let replaced = 0
      const first = new Map<number, ReplacedCaption>()
      const note = (each: ReplacedCaption) => {
        replaced++
        if (first.size < shownReplacements) first.set(each.photoId, each)
      }
      if (preview) {
        const looked = selected?.total ?? queue.counts(null).photos
        await progress.during('change', looked, ({ onProgress }) =>
          inSlices(store.database, planReplacement(captionsOf(selected), replacement, note), {
            signal,
            onProgress,
          }),
        )
      } else {
        await changeMany((changing) => {
          let plan: ((limit: number) => number) | undefined
          return changes.set(
            'replacement',
            (add, limit) => {
              plan ??= planReplacement(captionsOf(selected), replacement, (each) => {
                note(each)
                add({ ...each, text: each.after, source: 'person', language: null, isCut: false })
              })
              return plan(limit)
            },
            changing,
          )
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
    async setAll(selected, text, signal) {
      const change = await changeMany(
        (changing) =>
          changes.setSame(
            text,
            (add, limit) => {
              const photoIds = selected.next(limit)
              for (const current of captions.currentIds(photoIds)) add(current)
              return photoIds.length
            },
            changing,
          ),
        signal,
      )
      return change!.photos
    },
    async regenerate(selected, signal) {
      const change = await changeMany(
        (changing) => changes.take(eachOf(selected), undefined, changing),
        signal,
      )
      onAsked()
      return change!.photos
    },
    async withdraw(source, selected, signal) {
      const change = await changeMany((changing) => changes.take(eachOf(selected), source, changing), signal)
      onAsked()
      return change!.photos
    },
    async mark(selected, wanted, signal) {
      if (selected.total <= editedAtOnce) {
        const marked = store.marks.set(selected.next(editedAtOnce), wanted, Date.now())
        photosEdited(marked)
        return marked.length
      }
      const change = await changeMany((changing) => changes.mark(wanted, eachOf(selected), changing), signal)
      return change!.photos
    },
    last() {
      const nameOf = (edit: { kind: EditKind; photos: number } | undefined) =>
        edit ? { kind: edit.kind, photos: edit.photos } : null
      return { undo: nameOf(lastStandingEdit(store.database)), redo: nameOf(lastUndoneEdit(store.database)) }
    },
    forImport: {
      async set(kind, plan, { signal } = {}) {
        return (await changeMany((changing) => changes.set(kind, plan, changing), signal))!.photos
      },
    },
  }
}

/** Plans the same change for all photos of a selection. */
function eachOf(selected: SelectedPhotos) {
  return (add: (photoId: number) => void, limit: number): number => {
    const photoIds = selected.next(limit)
    for (const photoId of photoIds) add(photoId)
    return photoIds.length
  }
}
