import { z } from 'zod'
import { maxCaptionLength } from '../caption-length.ts'

/** What several calls take. A page knows photos and folders by their ids alone; only the host names paths. */

export const photoId = z.int().positive()
export const folderId = z.int().positive()
/** Some folders; all of them where it is left out. */
export const folderIds = z.array(folderId).max(10_000).optional()
/** What a sentence says of text that a person typed. @param what such as `A caption` */
export const atMost = (what: string, characters: number) =>
  `${what} has at most ${characters.toLocaleString('en')} characters.`
/** A file's content. @param what such as `A picture` */
export const bytesAtMost = (bytes: number, what: string) =>
  z
    .instanceof(Uint8Array<ArrayBuffer>)
    .refine(
      ({ byteLength }) => byteLength > 0 && byteLength <= bytes,
      `${what} has at most ${bytes / 2 ** 20} MB, and is not empty.`,
    )
    .meta({ type: 'string', contentEncoding: 'binary', maxLength: bytes })
/** On Linux a path may have 4,096 bytes, each of which may be escaped to one character. */
export const path = z.string().min(1).max(4096, atMost('A path', 4096))
/** Any text is a query. */
export const query = z.string().max(10_000, atMost('A query', 10_000))
export const captionText = z
  .string()
  .trim()
  .min(1, 'A caption needs words. That a photo has none is said with "no caption".')
  .max(maxCaptionLength, atMost('A caption', maxCaptionLength))

/**
 * Photos that a call is for: some by their ids, or runs of places in the timeline of a query (first place, how many),
 * so that a million are named in a few bytes. The token says which timeline the places are of.
 */
export const selection = z.union([
  z.object({ photos: z.array(photoId).min(1).max(10_000) }),
  z.object({
    query,
    token: z.string().max(100),
    ranges: z
      .array(z.tuple([z.int().min(0), z.int().min(1)]))
      .min(1)
      .max(10_000),
  }),
])

export type Selection = z.infer<typeof selection>
