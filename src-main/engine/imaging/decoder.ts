import { availableParallelism } from 'node:os'
import type { DecodedPicture, EngineCalls } from '../../contract/engine-calls.ts'
import type { CheckedParamsOf } from '../../contract/rpc.ts'
import { preparePicture } from './picture.ts'
import { keepPreview } from './preview.ts'
import { readThumbhash } from './thumbhash.ts'

/** More at once would only hold more pictures in memory: each keeps a processor busy. */
const atOnce = Math.max(2, availableParallelism())

export interface Decoder {
  /** Pictures that were asked for and have pixels still to come. */
  readonly pixelsUnderWay: number
  /** In the order of asking, a few at a time. @throws LensloreError as `preparePicture` */
  decode(options: CheckedParamsOf<EngineCalls['decode']>, signal: AbortSignal): Promise<DecodedPicture>
  /** Of a thumbnail that was kept before; its turn comes like a picture's. @throws LensloreError as `readThumbhash` */
  thumbhash(path: string): Promise<Uint8Array>
  /** Before all that wait: somebody looks at it. @throws LensloreError as `keepPreview` */
  preview(path: string, directory: string, signal: AbortSignal): Promise<{ contentHash: string }>
}

/** @param onPixels told when pixels are made, or come to nothing */
export function createDecoder(onPixels: () => void): Decoder {
  const waiting: (() => void)[] = []
  let working = 0
  let pixelsUnderWay = 0

  async function takeTurn(isUrgent: boolean): Promise<void> {
    if (working < atOnce) working++
    else await new Promise<void>((resolve) => waiting[isUrgent ? 'unshift' : 'push'](resolve))
  }

  function passTurn(): void {
    const next = waiting.shift()
    if (next) next()
    else working--
  }

  async function inTurn<T>(isUrgent: boolean, work: () => Promise<T>): Promise<T> {
    await takeTurn(isUrgent)
    try {
      return await work()
    } finally {
      passTurn()
    }
  }

  return {
    get pixelsUnderWay() {
      return pixelsUnderWay
    },
    async decode({ path, input, thumbnailDirectory, isUrgent }, signal) {
      if (input) pixelsUnderWay++
      try {
        return await inTurn(isUrgent, () => preparePicture(path, { input, thumbnailDirectory, signal }))
      } finally {
        if (input) {
          pixelsUnderWay--
          onPixels()
        }
      }
    },
    thumbhash: (path) => inTurn(false, () => readThumbhash(path)),
    preview: (path, directory, signal) =>
      inTurn(true, async () => ({ contentHash: await keepPreview(path, directory, signal) })),
  }
}
