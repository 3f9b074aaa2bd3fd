import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { moduleBeside, startThread } from '../../channels/message-port.ts'
import { LensloreError } from '../../contract/errors.ts'
import { transferring, unchecked } from '../../contract/rpc.ts'
import { cancelledError, stopWhereCancelled } from './cancelled.ts'
import type { Size } from './memory-need.ts'
import type { TiffPacking } from './tiff-kind.ts'

/** The bytes are moved to the thread: nothing is left of them here. */
export type DecodeRequest = { bytes: Uint8Array<ArrayBuffer> } & (
  | { decoder: 'jxl' }
  /** The profile is kept with the pixels, which libheif hands out in the file's own colours. */
  | { decoder: 'heif'; iccProfile: Uint8Array | null }
  /** By ImageMagick's name of the format; `isNegative`: what it hands out is to be turned round. */
  | { decoder: 'magick'; coder: string; isNegative: boolean; program: WebAssembly.Module }
  /** Only its pieces are unpacked. */
  | { decoder: 'tiff'; packing: TiffPacking }
)

export interface PictureSize {
  size: Size
  /** Where it is too large to be decoded as it is, what is made of it instead. */
  reduced?: Size
}

/** A picture whose size is known and whose pixels are not made yet. Nothing is freed: its memory goes with the thread. */
export interface OpenPicture extends PictureSize {
  decode(): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>
}

export const decodeCalls = {
  /** Reads what comes before the pixels. */
  open: unchecked<DecodeRequest, PictureSize>(),
  /** A TIFF or PNG of the picture that was opened; what has no orientation is upright. */
  decode: unchecked<null, Uint8Array<ArrayBuffer>>(),
}

/**
 * Decodes a picture on a thread of its own. WebAssembly memory grows and never shrinks, and a heap can no
 * longer be trusted after a failure, so the thread is there for this picture alone.
 * @param onSize told before pixels are made, and waited for; what it throws ends the work
 * @returns a TIFF or PNG of the picture, as `decodeCalls.decode`
 * @throws LensloreError `CANCELLED`; an Error where the picture is damaged
 */
export async function decodeByWasm(
  request: DecodeRequest,
  signal: AbortSignal,
  onSize: (size: PictureSize) => Promise<void>,
): Promise<Uint8Array<ArrayBuffer>> {
  stopWhereCancelled(signal)
  const { calls, end } = startThread(moduleBeside(import.meta.url, 'wasm-decode-thread'), decodeCalls, {
    closedError: (cause) =>
      signal.aborted
        ? cancelledError()
        : new LensloreError('INTERNAL', cause?.message ?? 'The decoder ended.'),
  })
  const onAbort = () => void end()
  signal.addEventListener('abort', onAbort)
  try {
    const { buffer } = request.bytes
    await onSize(await calls.open(transferring(request, [buffer])))
    return await calls.decode(null)
  } finally {
    signal.removeEventListener('abort', onAbort)
    void end()
  }
}

let magick: WebAssembly.Module | undefined

/** Compiled once for all the pictures of the thread that decodes: that takes longer than most of them. */
export function magickProgram(): WebAssembly.Module {
  magick ??= new WebAssembly.Module(
    readFileSync(fileURLToPath(import.meta.resolve('@imagemagick/magick-wasm/magick.wasm'))),
  )
  return magick
}
