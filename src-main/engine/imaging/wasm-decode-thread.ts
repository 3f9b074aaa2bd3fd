/**
 * The thread that runs the WebAssembly decoders: libheif takes seconds for a photo of 12 megapixels and
 * would hold up everything else that the engine's own thread does. Only the decoder that is wanted is loaded.
 */
import { ownThread } from '../../channels/message-port.ts'
import { serve, transferring } from '../../contract/rpc.ts'
import { type DecodeRequest, decodeCalls, type OpenPicture } from './wasm-decode.ts'

let open: OpenPicture | undefined

serve(ownThread().channel, decodeCalls, {
  async open(request) {
    open = await openPicture(request)
    const { size, reduced } = open
    return reduced ? { size, reduced } : { size }
  },
  async decode() {
    const bytes = await open!.decode()
    return transferring(bytes, [bytes.buffer])
  },
})

async function openPicture(request: DecodeRequest): Promise<OpenPicture> {
  switch (request.decoder) {
    case 'jxl':
      return (await import('./jxl-decoder.ts')).openJxl(request.bytes)
    case 'heif':
      return (await import('./heif-decoder.ts')).openHeif(request.bytes, request.iccProfile)
    case 'magick':
      return (await import('./magick-decoder.ts')).openByMagick(request)
    case 'tiff':
      return (await import('./tiff-unpack.ts')).openPackedTiff(request.bytes, request.packing)
  }
}
