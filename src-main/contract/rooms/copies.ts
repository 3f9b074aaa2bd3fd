import { z } from 'zod'
import type { Stack, StackPage } from '../records.ts'
import { returning } from '../rpc.ts'
import { tableFormat } from './exchange.ts'
import { path, photoId, query } from './parameters.ts'
import { room } from './room.ts'

/** Photos that show the same picture, or nearly. Nothing here removes any. */
export const copyCalls = room({
  /** Stacks with a photo that a search finds, all with an empty one: those whose best photo is newest first. */
  stacks: {
    page: true,
    ...returning<StackPage>()(
      z.object({
        query,
        /** Of a rare search a page may have fewer, and others follow. */
        limit: z.int().min(1).max(100).default(20),
        /** From the page before. */
        cursor: z.string().max(100).nullable().default(null),
      }),
    ),
  },
  /** The stack of a photo; null where it has none. @throws LensloreError `PHOTO_NOT_FOUND` */
  stackOf: { page: true, ...returning<Stack | null>()(z.object({ photo: photoId })) },
  /**
   * The person's word that this photo is to stand for its stack, or no longer; of several the one that was chosen last does.
   * @returns the stack; null where it has none, for which the word is kept
   * @throws LensloreError `PHOTO_NOT_FOUND`
   */
  standForStack: {
    page: true,
    ...returning<Stack | null>()(z.object({ photo: photoId, isChosen: z.boolean().default(true) })),
  },
  /** The same stacks as a table, a row for each of their photos; answers with how many photos are in it. */
  exportStacks: {
    page: false,
    ...returning<number>()(z.object({ query: query.default(''), path, format: tableFormat })),
  },
})
