import { ColorSpace, initializeImageMagick, MagickImage, MagickReadSettings } from '@imagemagick/magick-wasm'
import { wrapAsTiff } from './tiff-container.ts'
import type { OpenPicture } from './wasm-decode.ts'

/**
 * The first picture of a file, as TIFF that says how it is to be turned.
 * @param coder ImageMagick's name of the format: no other decoder of its many is tried, whatever the bytes look like
 */
export async function openByMagick(
  bytes: Uint8Array,
  coder: string,
  program: WebAssembly.Module,
): Promise<OpenPicture> {
  await initializeImageMagick(program)
  const settings = new MagickReadSettings({ format: coder, frameIndex: 0, frameCount: 1 })
  const image = MagickImage.create()
  image.ping(bytes, settings)
  const { width, height } = image
  return {
    size: { width, height },
    decode() {
      image.read(bytes, settings)
      const isCmyk = image.colorSpace === ColorSpace.CMYK
      const isGrey = image.colorSpace === ColorSpace.Gray
      if (!isCmyk && !isGrey) image.colorSpace = ColorSpace.sRGB
      const samples = isCmyk ? 'cmyk' : image.hasAlpha ? 'rgba' : 'rgb'
      const pixels = image.getPixels((all) => all.toByteArray(0, 0, width, height, samples.toUpperCase()))
      if (!pixels) throw new Error('no pixels')
      // What was one channel is three now, which its profile does not fit.
      const iccProfile = isGrey ? null : (image.getProfile('icc')?.data ?? null)
      return wrapAsTiff({
        widthPx: width,
        heightPx: height,
        samples,
        pixels,
        iccProfile,
        orientation: image.orientation,
      })
    },
  }
}
