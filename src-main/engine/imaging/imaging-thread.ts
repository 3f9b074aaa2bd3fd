import { ownThread } from '../../channels/message-port.ts'
import { serve, transferring } from '../../contract/rpc.ts'
import type { DecodeLimits } from './decode.ts'
import { type ImagingEvents, imagingCalls } from './imaging-calls.ts'
import { makePicture } from './make-picture.ts'
import { keepPreview } from './preview.ts'
import { readThumbnailFacts } from './thumbnail-facts.ts'

// A thread that `imaging-threads.ts` starts: all that is done with a picture's file and its pixels.

let onAllowed: () => void = () => {}

const { emit } = serve<typeof imagingCalls, ImagingEvents>(ownThread().channel, imagingCalls, {
  async prepare({ path, input, thumbnailDirectory }, signal) {
    const picture = await makePicture(path, { input, thumbnailDirectory }, limitsOf(signal))
    return transferring(picture, picture.pixels ? [picture.pixels.buffer] : [])
  },
  describeThumbnail: ({ path }) => readThumbnailFacts(path),
  preview: ({ path, directory }, signal) => keepPreview(path, directory, limitsOf(signal)),
  allow() {
    onAllowed()
    return null
  },
})

function limitsOf(signal: AbortSignal): DecodeLimits {
  return {
    signal,
    allow(bytes) {
      const { promise, resolve } = Promise.withResolvers<void>()
      onAllowed = resolve
      emit('needsBytes', bytes)
      return promise
    },
  }
}
