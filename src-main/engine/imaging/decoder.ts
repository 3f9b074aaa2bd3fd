import type { DecodedPicture, EngineCalls, ThumbnailFacts } from '../../contract/engine-calls.ts'
import type { CheckedParamsOf } from '../../contract/rpc.ts'
import { inImagingThread } from './imaging-threads.ts'
import { preparePicture } from './picture.ts'

export interface Decoder {
  /** Pictures that were asked for and have pixels still to come. */
  readonly pixelsUnderWay: number
  /** In the order of asking, as many at a time as there are threads for it. @throws LensloreError as `preparePicture` */
  decode(options: CheckedParamsOf<EngineCalls['decode']>, signal: AbortSignal): Promise<DecodedPicture>
  /** Of a thumbnail that was kept before; its turn comes like a picture's. @throws LensloreError as `readThumbnailFacts` */
  describeThumbnail(path: string): Promise<ThumbnailFacts>
  /** Before all that wait: somebody looks at it. @throws LensloreError as `keepPreview` */
  preview(path: string, directory: string, signal: AbortSignal): Promise<{ contentHash: string }>
}

/** @param onPixels told when pixels are made, or come to nothing */
export function createDecoder(onPixels: () => void): Decoder {
  let pixelsUnderWay = 0

  return {
    get pixelsUnderWay() {
      return pixelsUnderWay
    },
    async decode({ path, ...options }, signal) {
      if (options.input) pixelsUnderWay++
      try {
        return await preparePicture(path, { ...options, signal })
      } finally {
        if (options.input) {
          pixelsUnderWay--
          onPixels()
        }
      }
    },
    describeThumbnail: (path) => inImagingThread(path, false, (calls) => calls.describeThumbnail({ path })),
    preview: (path, directory, signal) =>
      inImagingThread(path, true, async (calls) => ({
        contentHash: await calls.preview({ path, directory }, { signal }),
      })),
  }
}
