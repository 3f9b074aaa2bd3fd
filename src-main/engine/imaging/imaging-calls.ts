import type { DecodedPicture, ModelInput, ThumbnailFacts } from '../../contract/engine-calls.ts'
import { unchecked } from '../../contract/rpc.ts'

interface ToPrepare {
  path: string
  input: ModelInput | null
  thumbnailDirectory: string | null
}

/** What a thread that decodes does, one thing at a time. */
export const imagingCalls = {
  /** As `makePicture`. */
  prepare: unchecked<ToPrepare, DecodedPicture>(),
  /** As `readThumbnailFacts`. */
  describeThumbnail: unchecked<{ path: string }, ThumbnailFacts>(),
  /** As `keepPreview`. */
  preview: unchecked<{ path: string; directory: string }, string>(),
  /** The memory that it said it needs may be used. */
  allow: unchecked<null, null>(),
}

export type ImagingEvents = {
  /** It waits until it may use so many bytes, beside those of the file. */
  needsBytes: number
}
