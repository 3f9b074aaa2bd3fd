import { z } from 'zod'
import { returning } from '../rpc.ts'
import { atMost, selection } from './parameters.ts'
import { room } from './room.ts'

const name = z
  .string()
  .trim()
  .min(1, 'A keyword, or the name of a person, has at least one letter.')
  .max(200, atMost('A keyword, or the name of a person,', 200))
const names = z.array(name).max(100, 'At most 100 keywords or people are named at once.')

/** What a person says of photos besides captions. Members that are left out stay as they are. */
const marksChange = z.object({
  /** -1 rejected, 0 none, 1 to 5 stars. */
  rating: z.int().min(-1).max(5).optional(),
  isFavorite: z.boolean().optional(),
  /** '': none, whatever files say. Null: none of the person's own, but what files say. */
  title: z.string().trim().max(500, atMost('A title', 500)).nullable().optional(),
  addKeywords: names.optional(),
  /** They are not there, also where files say them. */
  removeKeywords: names.optional(),
  addPeople: names.optional(),
  removePeople: names.optional(),
})

export type MarksChange = z.infer<typeof marksChange>

export const markCalls = room({
  /**
   * Rates photos, names people and keywords on them: the person's own, before whatever files say, one edit for `undoEdit`,
   * searched at once and written out as captions are. @throws LensloreError `SELECTION_STALE`
   */
  setMarks: {
    page: true,
    ...returning<{ photos: number }>()(z.object({ selection, change: marksChange })),
  },
})
