import { z } from 'zod'
import { mostPictureBytes } from '../picture-size.ts'
import type {
  AlikePage,
  LikedPicture,
  SavedSearch,
  SearchFacets,
  SearchPage,
  Subfolders,
  Suggestion,
} from '../records.ts'
import { returning } from '../rpc.ts'
import { atMost, bytesAtMost, folderId, query } from './parameters.ts'
import { room } from './room.ts'

const searchName = z
  .string()
  .trim()
  .min(1, 'A saved search needs a name.')
  .max(200, atMost('The name of a search', 200))

export const searchCalls = room({
  search: {
    page: true,
    ...returning<SearchPage>()(
      z.object({
        query,
        limit: z.int().min(1).max(1000).default(50),
        cursor: z.string().max(1000).nullable().default(null),
        /** Else counting ends at a few hundred, which keeps answers while typing quick in any library. */
        countAll: z.boolean().default(true),
      }),
    ),
  },
  /**
   * Photos that look like the plain words of a search, by what the model sees in them; its filters hold. What the search finds by words
   * is left out. Photos that were not looked at yet are not found.
   * @throws LensloreError `MODEL_INCOMPLETE` for a model in whose space pictures and texts do not meet, `MODEL_NOT_FOUND` and the like,
   * `ENGINE_DIED`
   */
  alike: {
    page: true,
    ...returning<AlikePage>()(z.object({ query, limit: z.int().min(1).max(200).default(24) })),
  },
  /**
   * What to put into a query so that photos are to look like a picture: the file's bytes. Of one that is no photo of the library that is
   * remembered which the model sees in it, of the latest some hundreds.
   * @throws LensloreError `PICTURE_DAMAGED`, `PICTURE_UNSUPPORTED`, `PICTURE_TOO_LARGE`; `MODEL_INCOMPLETE` for a model in whose space pictures
   * and texts do not meet, `MODEL_NOT_FOUND` and the like, `ENGINE_DIED`, `DISK_FULL`, `WRITE_FAILED`
   */
  likePicture: {
    page: true,
    ...returning<LikedPicture>()(
      z.object({ bytes: bytesAtMost(mostPictureBytes, 'A picture to compare photos with') }),
    ),
  },
  /** What a search finds, counted by the values of its filters; an empty query is every photo. */
  facets: { page: true, ...returning<SearchFacets>()(z.object({ query })) },
  /**
   * The same counts for what stands right below a folder, or below one of its directories, with `/` between names: names of the
   * library, not of the disk, and without photos there is nothing below.
   */
  subfolders: {
    page: true,
    ...returning<Subfolders>()(z.object({ query, folderId, below: z.string().max(4096).default('') })),
  },
  /** Words, names and folders of the library that go on with what is being typed at the end of a query. */
  suggest: {
    page: true,
    ...returning<Suggestion[]>()(z.object({ query, limit: z.int().min(1).max(20).default(8) })),
  },
  savedSearches: { page: true, ...returning<SavedSearch[]>()(z.object({})) },
  saveSearch: {
    page: true,
    ...returning<SavedSearch>()(z.object({ name: searchName, query })),
  },
  removeSavedSearch: { page: true, ...returning<null>()(z.object({ id: z.int().positive() })) },
  /** Makes the search index anew from the photos and captions. */
  rebuildSearch: { page: true, ...returning<null>()(z.object({})) },
})
