import { z } from 'zod'
import type { Caption, Photo } from '../records.ts'
import { returning } from '../rpc.ts'
import { captionText, maxCaptionLength, photoId } from './parameters.ts'
import { room } from './room.ts'

const edit = z.object({ photo: photoId, text: captionText })

export const captionCalls = room({
  setCaption: { page: true, ...returning<Caption>()(edit) },
  /** Several captions at once: all or none, and one edit. */
  setCaptions: {
    page: true,
    ...returning<Caption[]>()(z.object({ edits: z.array(edit).max(1000) })),
  },
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
  /** Replaces words in current captions; with `preview` it only tells what it would do. */
  replaceInCaptions: {
    page: true,
    ...returning<Replacement[]>()(
      z.object({
        find: z.string().min(1).max(maxCaptionLength),
        replace: z.string().max(maxCaptionLength),
        matchCase: z.boolean().default(false),
        wholeWords: z.boolean().default(true),
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

export interface Replacement {
  photoId: number
  path: string
  before: string
  after: string
}
