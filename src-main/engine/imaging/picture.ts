import type { ModelInput } from '../../contract/engine-calls.ts'
import { stopWhereCancelled } from './cancelled.ts'
import { inImagingThread } from './imaging-threads.ts'
import type { PreparedPicture, PrepareOptions } from './make-picture.ts'

/**
 * Reads a picture's file once, decodes it once, and makes the model's pixels and the thumbnail from that, in a thread that is
 * there for such work.
 * @param path in the form of `contract/file-name.ts`
 * @param options `isUrgent`: before all that wait
 * @throws LensloreError as `makePicture`
 */
export function preparePicture<Input extends ModelInput | null>(
  path: string,
  options: PrepareOptions<Input> & { isUrgent?: boolean; signal?: AbortSignal | undefined },
): Promise<PreparedPicture<Input>> {
  const { input, thumbnailDirectory, isUrgent = false, signal } = options
  return inImagingThread(path, isUrgent, async (calls) => {
    stopWhereCancelled(signal)
    const picture = await calls.prepare({ path, input, thumbnailDirectory }, signal && { signal })
    return picture as PreparedPicture<Input>
  })
}
