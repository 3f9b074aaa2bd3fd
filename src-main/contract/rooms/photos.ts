import { z } from 'zod'
import type { Photo, PhotoDetails, Timeline, TimelinePage } from '../records.ts'
import { returning } from '../rpc.ts'
import { path, photoId, query } from './parameters.ts'
import { room } from './room.ts'

export const photoCalls = room({
  photo: { page: true, ...returning<PhotoDetails>()(z.object({ photo: photoId })) },
  photoAt: { page: false, ...returning<PhotoDetails>()(z.object({ path })) },
  /** The file of a photo's thumbnail, which is made where there is none; for a host that shows it under the photo's id. */
  thumbnail: { page: false, ...returning<{ path: string }>()(z.object({ photo: photoId })) },
  /** Of what a query finds, all photos with an empty one: how many there are of each month. */
  timeline: { page: true, ...returning<Timeline>()(z.object({ query })) },
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
  /** Those of the photos that there are, in the order asked for. */
  photos: { page: true, ...returning<Photo[]>()(z.object({ photos: z.array(photoId).max(1000) })) },
})
