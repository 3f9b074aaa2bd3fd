/**
 * The hash of the picture in a file, without what programs write about it: the same before and after a rating or
 * a caption is written into the file.
 * @returns SHA-256, lower-case hex; null for formats other than JPEG and PNG, and for files cut off before
 * their picture begins. Whether the picture is turned (EXIF's orientation) is not part of it.
 */
export async function hashPicture(bytes: Buffer): Promise<string | null> {
  const parts = pictureOfJpeg(bytes) ?? pictureOfPng(bytes)
  if (!parts) return null
  // On a thread of the pool, as all large hashes.
  const digest = await crypto.subtle.digest('SHA-256', Buffer.concat(parts))
  return Buffer.from(digest).toString('hex')
}

/**
 * Tables, frame and scans (ITU-T T.81, annex B), with the colour profile and Adobe's transform, which decide what
 * is seen; without comments and other application segments. What follows the picture counts as part of it.
 */
function pictureOfJpeg(bytes: Buffer): Buffer[] | undefined {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return undefined
  const kept: Buffer[] = []
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = bytes[at + 1]!
    if (bytes[at] !== 0xff) return undefined
    if (marker === 0xff) {
      at++
      continue
    }
    if (marker === 0xda) return [...kept, bytes.subarray(at)]
    const hasLength = marker !== 0x01 && !(marker >= 0xd0 && marker <= 0xd8)
    const end = at + 2 + (hasLength ? bytes.readUInt16BE(at + 2) : 0)
    if (isPartOfJpeg(marker, bytes.subarray(at + 4, end))) kept.push(bytes.subarray(at, end))
    at = end
  }
  return undefined
}

function isPartOfJpeg(marker: number, content: Buffer): boolean {
  const isApplication = marker >= 0xe0 && marker <= 0xef
  if (marker === 0xee) return content.toString('latin1', 0, 5) === 'Adobe'
  if (marker === 0xe2) return content.toString('latin1', 0, 11) === 'ICC_PROFILE'
  return !isApplication && marker !== 0xfe
}

const pngSignature = Buffer.from('89504e470d0a1a0a', 'hex')
/** Chunks that only describe (PNG specification, third edition, 11.3.3 to 11.3.5). */
const describingChunks = new Set(['tEXt', 'zTXt', 'iTXt', 'eXIf', 'tIME'])

function pictureOfPng(bytes: Buffer): Buffer[] | undefined {
  if (!bytes.subarray(0, 8).equals(pngSignature)) return undefined
  const kept: Buffer[] = []
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at)
    if (!describingChunks.has(bytes.toString('latin1', at + 4, at + 8))) kept.push(bytes.subarray(at, end))
    at = end
  }
  return kept.length > 0 ? kept : undefined
}
