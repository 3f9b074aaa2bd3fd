import { ColorSpace, initializeImageMagick, MagickImage, MagickReadSettings } from '@imagemagick/magick-wasm'
import { wrapAsTiff } from './tiff-container.ts'
import type { DecodeRequest, OpenPicture } from './wasm-decode.ts'

/**
 * The first picture of a file, as TIFF that says how it is to be turned. No other decoder of ImageMagick's many is tried than
 * the one that is asked for, whatever the bytes look like.
 */
export async function openByMagick({
  bytes,
  coder,
  isNegative,
  program,
}: Extract<DecodeRequest, { decoder: 'magick' }>): Promise<OpenPicture> {
  await initializeImageMagick(program)
  const settings = new MagickReadSettings({ format: coder, frameIndex: 0, frameCount: 1 })
  const image = MagickImage.create()
  image.ping(bytes, settings)
  return {
    size: { width: image.width, height: image.height },
    decode() {
      image.read(bytes, settings)
      // A raw file's border is known only now.
      const { width, height } = image
      const isCmyk = image.colorSpace === ColorSpace.CMYK
      const isGrey = image.colorSpace === ColorSpace.Gray
      if (!isCmyk && !isGrey) image.colorSpace = ColorSpace.sRGB
      const samples = isCmyk ? 'cmyk' : image.hasAlpha ? 'rgba' : 'rgb'
      const pixels = image.getPixels((all) => all.toByteArray(0, 0, width, height, samples.toUpperCase()))
      if (!pixels) throw new Error('no pixels')
      if (isNegative) for (const [at, level] of pixels.entries()) pixels[at] = 255 - level
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
