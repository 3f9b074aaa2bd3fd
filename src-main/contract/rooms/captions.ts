import { z } from 'zod'
import { maxCaptionLength } from '../caption-length.ts'
import type { Caption, Photo, Reading, TextAttention } from '../records.ts'
import { returning } from '../rpc.ts'
import { withdrawnSources } from '../word-sources.ts'
import { atMost, captionText, photoId, selection } from './parameters.ts'
import { room } from './room.ts'

export type { WithdrawnSource } from '../word-sources.ts'

const edit = z.object({ photo: photoId, text: captionText })

export const captionCalls = room({
  setCaption: { page: true, ...returning<Caption>()(edit) },
  /** Several captions at once: all or none, and one edit. */
  setCaptions: {
    page: true,
    ...returning<Caption[]>()(z.object({ edits: z.array(edit).max(1000) })),
  },
  /** The same words for all photos of a selection, as one edit. @throws LensloreError `SELECTION_STALE` */
  captionSelection: {
    page: true,
    ...returning<{ photos: number }>()(z.object({ selection, text: captionText })),
  },
  /** The person's word that these photos have no caption: no other is shown, as one edit. @throws LensloreError `SELECTION_STALE` */
  captionNone: { page: false, ...returning<{ photos: number }>()(z.object({ selection })) },
  /**
   * Lets the model say again what it sees: a person's and imported words of these photos are taken back, as one edit, and photos
   * without a caption, or that failed, are the next to be captioned. @throws LensloreError `SELECTION_STALE`
   */
  regenerate: { page: true, ...returning<{ photos: number }>()(z.object({ selection })) },
  /**
   * Takes away the words that came from one kind of source, as one edit: they stay away until the source says something else. Of a
   * table also those that are the person's own. All photos where no selection is named. @throws LensloreError `SELECTION_STALE`
   */
  withdrawWords: {
    page: true,
    ...returning<{ photos: number }>()(
      z.object({ source: z.enum(withdrawnSources), selection: selection.optional() }),
    ),
  },
  /** What else the model might have said, the most likely first. Kept nowhere. */
  readings: { page: true, ...returning<Reading[]>()(z.object({ photo: photoId })) },
  /**
   * Where the model looks while it says the photo's current caption, or another text; whoever wrote it. Words beyond the longest
   * text that the model can say are left out.
   */
  attention: {
    page: true,
    ...returning<TextAttention>()(z.object({ photo: photoId, text: captionText.optional() })),
  },
  /** The last edit, which `undoEdit` would take back, and the one that `redoEdit` would bring back. */
  lastEdit: { page: true, ...returning<{ undo: EditName | null; redo: EditName | null }>()(z.object({})) },
  /** Takes back the person's last caption of a photo; answers with what is current then. */
  undoCaption: { page: true, ...returning<Caption | null>()(z.object({ photo: photoId })) },
  /** Brings back what `undoCaption` took last. */
  redoCaption: { page: true, ...returning<Caption | null>()(z.object({ photo: photoId })) },
  /**
   * Takes back the person's last edit, on however many photos it was (a replacement, an imported table); null
   * where there is none.
   */
  undoEdit: { page: true, ...returning<EditChange | null>()(z.object({})) },
  /** Brings back what `undoEdit` took last; null where there is none, or a newer edit. */
  redoEdit: { page: true, ...returning<EditChange | null>()(z.object({})) },
  /**
   * Ends the edit of many photos that is under way, whoever began it, or that goes on by itself after a kill: all of it is taken back
   * behind it, and the call that began it fails with `CANCELLED`. Nothing where none is.
   */
  stopChange: { page: true, ...returning<null>()(z.object({})) },
  /** Replaces words in current captions; with `preview` it only tells what it would do. */
  replaceInCaptions: {
    page: true,
    ...returning<Replacements>()(
      z.object({
        find: z
          .string()
          .min(1, 'Say which words are to be replaced.')
          .max(maxCaptionLength, atMost('What is replaced', maxCaptionLength)),
        replace: z.string().max(maxCaptionLength, atMost('What is put in its place', maxCaptionLength)),
        matchCase: z.boolean().default(false),
        wholeWords: z.boolean().default(true),
        /** All captions where it is left out. @throws LensloreError `SELECTION_STALE` */
        selection: selection.optional(),
        preview: z.boolean().default(true),
      }),
    ),
  },
})

export interface EditChange {
  photos: number
  first: Photo[]
}

export interface ReplacementOptions {
  find: string
  /** Taken literally. */
  replace: string
  matchCase: boolean
  /** Only where letters or digits stand on neither side. */
  wholeWords: boolean
}

/** A replacement is one edit. */
export interface Replacements {
  /** How many captions change, and the first of them. */
  changes: number
  first: Replacement[]
}

export interface Replacement {
  photoId: number
  path: string
  before: string
  after: string
}

/** What a person's edit was, to be said in a line. */
export interface EditName {
  kind: 'caption' | 'replacement' | 'table' | 'marks' | 'regeneration' | 'withdrawal'
  photos: number
}
