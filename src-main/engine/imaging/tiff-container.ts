import { fieldOf, type TiffDirectory, tiffTag, writeTiff } from './tiff-directory.ts'

/**
 * Wraps decoded pixels as an uncompressed baseline TIFF with their colour profile, so that what a foreign
 * decoder gives takes the same way through sharp (profile, alpha, limits) as every other file.
 */
export function wrapAsTiff(picture: {
  widthPx: number
  heightPx: number
  samples: 'rgb' | 'rgba' | 'cmyk'
  /** `[heightPx, widthPx, samples]`, 8 bits each, alpha not multiplied in. */
  pixels: Uint8Array
  iccProfile: Uint8Array | null
  /** As EXIF numbers it. */
  orientation?: number
}): Buffer<ArrayBuffer> {
  const { widthPx, heightPx, samples, pixels, iccProfile, orientation = 1 } = picture
  const directory: TiffDirectory = { isLittleEndian: true, fields: new Map() }
  const set = (tag: number, ...values: number[]) => directory.fields.set(tag, fieldOf(directory, values))
  set(tiffTag.width, widthPx)
  set(tiffTag.height, heightPx)
  set(tiffTag.bitsPerSample, ...Array.from(samples, () => 8))
  set(tiffTag.compression, 1) // none
  set(tiffTag.colours, samples === 'cmyk' ? 5 : 2)
  set(tiffTag.orientation, orientation)
  set(tiffTag.samplesPerPixel, samples.length)
  set(tiffTag.rowsPerStrip, heightPx) // one strip
  set(tiffTag.planes, 1) // channels beside each other
  if (samples === 'rgba') set(tiffTag.extraSamples, 2)
  if (iccProfile) {
    const undefinedBytes = 7
    const bytes = Buffer.from(iccProfile)
    directory.fields.set(tiffTag.iccProfile, { type: undefinedBytes, count: bytes.length, bytes })
  }
  const strip = pixels.subarray(0, widthPx * heightPx * samples.length)
  return writeTiff(directory, [strip], {
    offsets: tiffTag.stripOffsets,
    byteCounts: tiffTag.stripByteCounts,
  })
}
