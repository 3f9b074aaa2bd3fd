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
  const channels = samples.length
  const short = 3
  const long = 4
  const undefinedBytes = 7
  const hasAlpha = samples === 'rgba'

  const tags = 11 + (hasAlpha ? 1 : 0) + (iccProfile ? 1 : 0)
  const bitsAt = 8 + 2 + tags * 12 + 4
  const profileAt = bitsAt + channels * 2
  // Values begin on a word boundary.
  const pixelsAt = (profileAt + (iccProfile?.length ?? 0) + 1) & ~1

  const entries: [tag: number, type: number, count: number, value: number][] = [
    [256, long, 1, widthPx],
    [257, long, 1, heightPx],
    [258, short, channels, bitsAt],
    [259, short, 1, 1], // not compressed
    [262, short, 1, samples === 'cmyk' ? 5 : 2], // colours
    [273, long, 1, pixelsAt],
    [274, short, 1, orientation],
    [277, short, 1, channels],
    [278, long, 1, heightPx], // one strip
    [279, long, 1, widthPx * heightPx * channels],
    [284, short, 1, 1], // channels beside each other
  ]
  if (hasAlpha) entries.push([338, short, 1, 2])
  if (iccProfile) entries.push([34675, undefinedBytes, iccProfile.length, profileAt])

  const tiff = Buffer.alloc(pixelsAt + widthPx * heightPx * channels)
  tiff.write('II', 0, 'latin1')
  tiff.writeUInt16LE(42, 2)
  tiff.writeUInt32LE(8, 4)
  tiff.writeUInt16LE(entries.length, 8)
  for (const [i, [tag, type, count, value]] of entries.entries()) {
    const at = 10 + i * 12
    tiff.writeUInt16LE(tag, at)
    tiff.writeUInt16LE(type, at + 2)
    tiff.writeUInt32LE(count, at + 4)
    tiff.writeUInt32LE(value, at + 8)
  }
  for (let channel = 0; channel < channels; channel++) tiff.writeUInt16LE(8, bitsAt + channel * 2)
  if (iccProfile) tiff.set(iccProfile, profileAt)
  tiff.set(pixels, pixelsAt)
  return tiff
}
