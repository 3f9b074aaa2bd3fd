import { availableParallelism } from 'node:os'
import type { DecodedPicture, EngineCalls } from '../../contract/engine-calls.ts'
import type { CheckedParamsOf } from '../../contract/rpc.ts'
import { preparePicture } from './picture.ts'

/** More at once would only hold more pictures in memory: each keeps a processor busy. */
const atOnce = Math.max(2, availableParallelism())

export interface Decoder {
  /** Pictures that were asked for and have pixels still to come. */
  readonly pixelsUnderWay: number
  /** In the order of asking, a few at a time. @throws LensloreError as `preparePicture` */
  decode(options: CheckedParamsOf<EngineCalls['decode']>, signal: AbortSignal): Promise<DecodedPicture>
}

/** @param onPixels told when pixels are made, or come to nothing */
export function createDecoder(onPixels: () => void): Decoder {
  const waiting: (() => void)[] = []
  let working = 0
  let pixelsUnderWay = 0

  async function takeTurn(): Promise<void> {
    if (working < atOnce) working++
    else await new Promise<void>((resolve) => waiting.push(resolve))
  }

  function passTurn(): void {
    const next = waiting.shift()
    if (next) next()
    else working--
  }

  return {
    get pixelsUnderWay() {
      return pixelsUnderWay
    },
    async decode({ path, input, thumbnailDirectory }, signal) {
      if (input) pixelsUnderWay++
      await takeTurn()
      try {
        return await preparePicture(path, { input, thumbnailDirectory, signal })
      } finally {
        passTurn()
        if (input) {
          pixelsUnderWay--
          onPixels()
        }
      }
    },
  }
}
