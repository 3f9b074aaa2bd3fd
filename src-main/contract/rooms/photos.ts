import { z } from 'zod'
import type { Exposure, MonthCounts, Photo, PhotoDetails, Tile, Timeline, TimelinePage } from '../records.ts'
import { returning } from '../rpc.ts'
import { path, photoId, query } from './parameters.ts'
import { room } from './room.ts'

export const photoCalls = room({
  photo: { page: true, ...returning<PhotoDetails>()(z.object({ photo: photoId })) },
  /**
   * Read from the file at that moment, and null where it says nothing of it.
   * @throws LensloreError `PHOTO_NOT_FOUND`, `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_UNAVAILABLE` while its drive is away
   */
  exposure: { page: true, ...returning<Exposure | null>()(z.object({ photo: photoId })) },
  photoAt: { page: false, ...returning<PhotoDetails>()(z.object({ path })) },
  /** The file of a photo's thumbnail, which is made where there is none; for a host that shows it under the photo's id. */
  thumbnail: { page: false, ...returning<{ path: string }>()(z.object({ photo: photoId })) },
  /** Of what a query finds, all photos with an empty one: how many there are of each month. */
  timeline: { page: true, ...returning<Timeline>()(z.object({ query })) },
  /** Of the same photos, how many of some months have a caption, and the like. */
  months: {
    page: true,
    ...returning<MonthCounts>()(
      z.object({
        query,
        months: z
          .array(
            z
              .string()
              .length(7)
              .regex(/^\d{4}-\d{2}$/),
          )
          .max(100),
      }),
    ),
  },
  /** The same photos from the n-th on, or from the first that is older than a moment. */
  timelinePage: {
    page: true,
    ...returning<TimelinePage>()(
      z.object({
        query,
        offset: z.int().min(0).optional(),
        beforeMs: z.number().optional(),
        limit: z.int().min(1).max(1000).default(200),
      }),
    ),
  },
  /** The place of a photo among what a query finds; null where it is not found. */
  placeOf: { page: true, ...returning<number | null>()(z.object({ query, photo: photoId })) },
  /** What tiles show, of those of the photos that there are, in the order asked for. */
  tiles: { page: true, ...returning<Tile[]>()(z.object({ photos: z.array(photoId).max(500) })) },
  /**
   * A file that shows the whole photo, of a type that every browser draws: the photo's own, or a copy that the engine made of it
   * and that the library keeps for a while. Of photos whose drive is away there are only copies, as far as they are kept.
   */
  picture: { page: false, ...returning<PictureFile>()(z.object({ photo: photoId })) },
  /**
   * The file itself, for a host that shows it in its folder, opens it with another program or throws it away, and those that
   * are a part of the photo beside it.
   * @throws LensloreError `PHOTO_NOT_FOUND`, `FILE_NOT_FOUND`, `FILE_UNAVAILABLE` while its drive is away
   */
  photoFile: {
    page: false,
    ...returning<{ path: string; companions: string[] }>()(z.object({ photo: photoId })),
  },
  /** Those of the photos that there are, in the order asked for. */
  photos: { page: true, ...returning<Photo[]>()(z.object({ photos: z.array(photoId).max(1000) })) },
})

export interface PictureFile {
  /** In the form of `file-name.ts`. */
  path: string
  type: 'image/jpeg' | 'image/png' | 'image/webp' | 'image/gif' | 'image/avif'
  /** Of what it certainly shows, SHA-256, lower-case hex; null where the file is not as it was when it was read. */
  contentHash: string | null
}
