import { z } from 'zod'
import type { Photo, PhotoDetails } from '../records.ts'
import { returning } from '../rpc.ts'
import { path, photoId } from './parameters.ts'
import { room } from './room.ts'

export const photoCalls = room({
  photo: { page: true, ...returning<PhotoDetails>()(z.object({ photo: photoId })) },
  photoAt: { page: false, ...returning<PhotoDetails>()(z.object({ path })) },
  /** Those of the photos that there are, in the order asked for. */
  photos: { page: true, ...returning<Photo[]>()(z.object({ photos: z.array(photoId).max(1000) })) },
})
