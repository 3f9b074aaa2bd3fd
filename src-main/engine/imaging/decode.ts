import sharp, { type Metadata, type SharpOptions } from 'sharp'
import { LensloreError } from '../../contract/errors.ts'
import { type PictureFormat, tellPictureFormat } from '../../contract/picture-format.ts'
import { bytesToDecode, bytesToDecodeByWasm, maxWasmPixels, type Size } from './memory-need.ts'
import { bytesThatTell, isMoreThanOneColour, isOfOneColour } from './one-colour.ts'
import { findEmbeddedJpegs, readRawOrientation } from './raw-preview.ts'
import { readTiffDirectory } from './tiff-directory.ts'
import { tellTiffKind } from './tiff-kind.ts'
import { type DecodeRequest, decodeByWasm, magickProgram } from './wasm-decode.ts'

/**
 * Pictures run beside each other on libuv's threads, so each needs only one of its own: a desktop stays
 * usable. No picture is decoded twice, so libvips' cache of operations would only hold memory.
 */
sharp.concurrency(1)
sharp.cache(false)

/**
 * Above any camera's picture (the largest sensors have 151 million pixels), below what a decompression bomb
 * claims. An interlaced picture of this size takes 0.8 GB while it is decoded.
 */
export const maxPixels = 2 ** 28
const timeoutSeconds = 60

/** A picture turned upright, in 8-bit sRGB on white, reduced where it is large. */
export interface UprightPicture {
  /** `[heightPx, widthPx, 3]` */
  data: Buffer
  widthPx: number
  heightPx: number
  /** Size before the reduction, upright. */
  fullWidthPx: number
  fullHeightPx: number
  /** The file ends before its picture does; the rest is of one colour. */
  isCutOff: boolean
  /** It is the preview in a camera's raw file: the picture may be larger. */
  isPreview: boolean
}

/** The picture is reduced no further than to these sides. */
export interface SmallestUse {
  shortSidePx: number
  longSidePx: number
}

export interface DecodeLimits {
  signal: AbortSignal
  /** Waits until so many bytes may be used beside those of the file. What was allowed before counts no more. */
  allow(bytes: number): Promise<void>
}

/** To which size a picture is brought; never a larger one. */
type Reduce = (picture: Metadata) => Size

/**
 * Decodes the first picture of a file's bytes, whatever its format.
 * @param name the file's name, as a person should see it
 * @throws LensloreError `PICTURE_DAMAGED`, `PICTURE_UNSUPPORTED`, `PICTURE_TOO_LARGE` or `CANCELLED`
 */
export async function decodeUpright(
  bytes: Buffer<ArrayBuffer>,
  name: string,
  use: SmallestUse,
  limits: DecodeLimits,
): Promise<UprightPicture> {
  return decode(bytes, name, (picture) => reduceTo(picture, use), limits)
}

/** The same, as large as it is, but no side longer than that. */
export async function decodeToFit(
  bytes: Buffer<ArrayBuffer>,
  name: string,
  longestSidePx: number,
  limits: DecodeLimits,
): Promise<UprightPicture> {
  return decode(bytes, name, (picture) => shrinkToFit(picture, longestSidePx), limits)
}

async function decode(
  bytes: Buffer<ArrayBuffer>,
  name: string,
  reduce: Reduce,
  limits: DecodeLimits,
): Promise<UprightPicture> {
  if (bytes.length === 0) throw new LensloreError('PICTURE_DAMAGED', `${name} is empty.`)
  const format = tellPictureFormat(bytes, name)
  if (!format) throw unsupported(name, 'is no picture of a kind we can read.')
  return decodersByFormat[format](bytes, name, reduce, limits)
}

type Decoder = (
  bytes: Buffer<ArrayBuffer>,
  name: string,
  reduce: Reduce,
  limits: DecodeLimits,
) => Promise<UprightPicture>

const bySharp: Decoder = (bytes, name, reduce, { allow }) => decodeBySharp(bytes, name, reduce, { allow })

/**
 * sharp, libheif (HEVC pictures, which sharp's libvips is built without), jxl-oxide, ImageMagick, or sharp again after the JPEG
 * preview of a camera's raw file has been found.
 */
const decodersByFormat: Record<PictureFormat, Decoder> = {
  jpeg: bySharp,
  png: bySharp,
  gif: bySharp,
  webp: bySharp,
  avif: decodeAvif,
  tiff: decodeTiff,
  heif: decodeHeif,
  jxl: (bytes, ...rest) => decodeForeign({ decoder: 'jxl', bytes }, ...rest),
  bmp: byMagick('BMP'),
  jp2: byMagick('JP2'),
  j2k: byMagick('J2K'),
  psd: byMagick('PSD'),
  tga: byMagick('TGA'),
  pnm: byMagick('PNM'),
  raw: decodeRaw,
}

async function decodeHeif(...[bytes, ...rest]: Parameters<Decoder>): Promise<UprightPicture> {
  return decodeForeign({ decoder: 'heif', bytes, iccProfile: await readProfile(bytes) }, ...rest)
}

/** @param isNegative what it hands out is to be turned round */
function byMagick(coder: string, isNegative = false): Decoder {
  return (bytes, ...rest) =>
    decodeForeign({ decoder: 'magick', bytes, coder, isNegative, program: magickProgram() }, ...rest)
}

/** What has only frames and no picture of its own is beyond libvips. */
async function decodeAvif(...[bytes, name, ...rest]: Parameters<Decoder>): Promise<UprightPicture> {
  const hasPicture = await sharp(bytes)
    .metadata()
    .then(
      () => true,
      () => false,
    )
  return (hasPicture ? bySharp : byMagick('AVIF'))(bytes, name, ...rest)
}

async function decodeTiff(...[bytes, name, reduce, limits]: Parameters<Decoder>): Promise<UprightPicture> {
  const directory = readTiffDirectory(bytes)
  if (!directory) return bySharp(bytes, name, reduce, limits)
  const kind = tellTiffKind(directory)
  switch (kind.reader) {
    case 'sharp':
      return bySharp(bytes, name, reduce, limits)
    case 'magick':
      return byMagick('TIFF', kind.isNegative)(bytes, name, reduce, limits)
    case 'unpacked': {
      const { bytes: unpacked } = await translate(
        { decoder: 'tiff', packing: kind.packing, bytes },
        name,
        limits,
      )
      return decodeTiff(unpacked, name, reduce, limits)
    }
    case 'raw':
      return decodeRaw(bytes, name, reduce, limits)
    default:
      throw unsupported(name, `is a TIFF ${kind.what}.`)
  }
}

async function decodeForeign(
  request: DecodeRequest,
  name: string,
  reduce: Reduce,
  limits: DecodeLimits,
): Promise<UprightPicture> {
  // Nothing is left of the file afterwards.
  const file = contentOf(request.bytes)
  const { bytes, full } = await translate(request, name, limits)
  // What the WebAssembly decoder took is free again, and this needs less.
  const picture = await decodeBySharp(bytes, name, reduce, { file })
  return full ? { ...picture, fullWidthPx: full.width, fullHeightPx: full.height } : picture
}

/**
 * Into what sharp reads.
 * @returns `full`: the size of the upright picture, where that was reduced; else null
 */
async function translate(
  request: DecodeRequest,
  name: string,
  limits: DecodeLimits,
): Promise<{ bytes: Buffer<ArrayBuffer>; full: Size | null }> {
  let full: Size | null = null
  const fileBytes = request.bytes.length
  const decoded = await decodeByWasm(request, limits.signal, async ({ size, reduced }) => {
    const made = reduced ?? size
    if (made.width * made.height > maxWasmPixels || size.width * size.height > maxPixels) {
      throw tooLarge(name, size.width, size.height)
    }
    if (reduced) full = size
    await limits.allow(bytesToDecodeByWasm(made, fileBytes))
  }).catch((thrown: unknown) => {
    throw isOurs(thrown) ? thrown : damaged(name, thrown)
  })
  return { bytes: Buffer.from(decoded.buffer, decoded.byteOffset, decoded.byteLength), full }
}

/** libvips parses HEIF's boxes although it cannot decode HEVC. */
async function readProfile(bytes: Buffer): Promise<Uint8Array | null> {
  try {
    return (await sharp(bytes).metadata()).icc ?? null
  } catch {
    return null
  }
}

/**
 * Through the largest preview that decodes; of a file without one, what the sensor saw, by LibRaw in ImageMagick. What that does
 * not know may still be a TIFF that was named so.
 */
async function decodeRaw(
  bytes: Buffer<ArrayBuffer>,
  name: string,
  reduce: Reduce,
  limits: DecodeLimits,
): Promise<UprightPicture> {
  const { allow } = limits
  const orientation = readRawOrientation(bytes)
  let cutOff: UprightPicture | undefined
  for (const preview of findEmbeddedJpegs(bytes)) {
    try {
      const picture = await decodeBySharp(preview.bytes, name, reduce, { allow, orientation, file: null })
      if (!picture.isCutOff) return { ...picture, isPreview: true }
      cutOff ??= { ...picture, isPreview: true }
    } catch (thrown) {
      // A false or broken preview: the next smaller one is as good.
      if (thrown instanceof LensloreError && thrown.code !== 'PICTURE_DAMAGED') throw thrown
    }
  }
  if (cutOff) return cutOff
  const directory = readTiffDirectory(bytes)
  const isTiff = directory !== null && tellTiffKind(directory).reader !== 'raw'
  // In memory of its own, which can be handed to a thread.
  const copy = isTiff ? Buffer.from(new Uint8Array(bytes).buffer) : null
  try {
    // The same decoder for the raw files of all makers.
    return await byMagick('DNG')(bytes, name, reduce, limits)
  } catch (thrown) {
    if (!(thrown instanceof LensloreError) || thrown.code !== 'PICTURE_DAMAGED') throw thrown
    try {
      if (copy) return await decodeTiff(copy, name, reduce, limits)
    } catch (asTiff) {
      if (!(asTiff instanceof LensloreError) || asTiff.code !== 'PICTURE_DAMAGED') throw asTiff
    }
    throw unsupported(
      name,
      'is a raw file without a preview, of a camera that is not known here, or damaged.',
      thrown,
    )
  }
}

/** How much of a file there is, and how much of it tells anything. */
interface FileContent {
  bytes: number
  telling: number
}

function contentOf(bytes: Buffer | Uint8Array): FileContent {
  const { buffer, byteOffset, byteLength } = bytes
  return { bytes: byteLength, telling: bytesThatTell(Buffer.from(buffer, byteOffset, byteLength)) }
}

/**
 * @param options `orientation` overrides what the bytes themselves say; without `allow` the memory was asked for before; `file`:
 * from which the bytes were made, where they are not it; null where it holds other pictures, too
 */
async function decodeBySharp(
  bytes: Buffer<ArrayBuffer>,
  name: string,
  reduce: Reduce,
  {
    orientation,
    allow,
    file,
  }: { orientation?: number | null; allow?: DecodeLimits['allow']; file?: FileContent | null } = {},
): Promise<UprightPicture> {
  const metadata = await readMetadata(bytes, name)
  const { width, height } = metadata
  if (width * height > maxPixels) throw tooLarge(name, width, height)

  const size = reduce(metadata)
  await allow?.(bytesToDecode(metadata, size))
  const { data, isCutOff } = await decodePixels(bytes, name, size)
  // Of several pictures the first may well be blank.
  if (file !== null && (metadata.pages ?? 1) === 1 && isOfOneColour(data)) {
    const { bytes: length, telling } = file ?? contentOf(bytes)
    // What was left of noise by the reduction is no fault of a decoder.
    if (isMoreThanOneColour(telling, length, metadata) && (await isOfOneColourAtFullSize(bytes))) {
      throw unsupported(
        name,
        'comes out as nothing but one colour, although there is more in its file: it is of a kind that cannot be read here, or damaged.',
      )
    }
  }
  const upright = await turnUpright({ data, ...size }, orientation ?? metadata.orientation ?? 1)
  return {
    data: upright.data,
    widthPx: upright.width,
    heightPx: upright.height,
    fullWidthPx: upright.isOnItsSide ? height : width,
    fullHeightPx: upright.isOnItsSide ? width : height,
    isCutOff,
    isPreview: false,
  }
}

async function isOfOneColourAtFullSize(bytes: Buffer): Promise<boolean> {
  try {
    const { channels } = await sharp(bytes, { failOn: 'none', limitInputPixels: maxPixels }).stats()
    return channels.every(({ min, max }) => min === max)
  } catch {
    return false
  }
}

async function readMetadata(bytes: Buffer, name: string): Promise<Metadata> {
  try {
    return await sharp(bytes, { failOn: 'none', limitInputPixels: false }).metadata()
  } catch (thrown) {
    throw damaged(name, thrown)
  }
}

/**
 * A JPEG decoder leaves out all work but that for every second, fourth or eighth pixel where sharp lets it, which it does only for
 * more than that: asked for a fourth it decodes half. So a JPEG becomes as small as it may; from this on that leaves work out.
 */
const leastJpegReduction = 3

/** The memory of what remains is bounded for extreme shapes too. */
function reduceTo({ width, height, format }: Metadata, use: SmallestUse): Size {
  const allowed = Math.min(
    Math.min(width, height) / use.shortSidePx,
    Math.max(width, height) / use.longSidePx,
  )
  const isLeftOut = format === 'jpeg' && allowed >= leastJpegReduction
  let reduction = isLeftOut ? allowed : 2 ** Math.max(0, Math.floor(Math.log2(allowed)))
  const maxReducedPixels = 2 ** 25
  while ((width * height) / reduction ** 2 > maxReducedPixels) reduction *= 2
  // A side that is divided by what it was divided by before may come out a hair too short.
  const reduce = (sidePx: number) => Math.max(1, Math.floor(sidePx / reduction + 1e-6))
  return { width: reduce(width), height: reduce(height) }
}

function shrinkToFit({ width, height }: Size, longestSidePx: number): Size {
  const scale = Math.min(1, longestSidePx / Math.max(width, height))
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  }
}

/** Less of a picture, from its top row down, shows nothing that words could be about. */
const leastShareSeen = 1 / 8

/**
 * People want a photo with a damaged end found too, and every viewer shows it. So what fails to decode
 * cleanly is decoded as far as it goes, and refused where hardly any of its rows hold anything.
 */
async function decodePixels(
  bytes: Buffer,
  name: string,
  size: Size,
): Promise<{ data: Buffer; isCutOff: boolean }> {
  try {
    return { data: await runSharp(bytes, size, 'truncated'), isCutOff: false }
  } catch (firstFailure) {
    if (isTimeout(firstFailure)) throw tookTooLong(name, firstFailure)
    let data: Buffer
    try {
      data = await runSharp(bytes, size, 'none')
    } catch (thrown) {
      throw isTimeout(thrown) ? tookTooLong(name, thrown) : damaged(name, thrown)
    }
    if (countRowsWithContent(data, size) < size.height * leastShareSeen) throw damaged(name, firstFailure)
    return { data, isCutOff: true }
  }
}

function runSharp(bytes: Buffer, size: Size, failOn: NonNullable<SharpOptions['failOn']>): Promise<Buffer> {
  return sharp(bytes, { failOn, limitInputPixels: maxPixels, pages: 1 })
    .timeout({ seconds: timeoutSeconds })
    .flatten({ background: '#ffffff' })
    .resize({ ...size, fit: 'fill', kernel: 'cubic' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer()
}

/** Decoders fill what they could not read with one colour: rows of it at the end hold nothing. */
function countRowsWithContent(data: Buffer, { width, height }: Size): number {
  const fill = data.subarray(-3)
  const rowBytes = width * 3
  let at = data.length - 3
  while (at >= 0 && data[at] === fill[0] && data[at + 1] === fill[1] && data[at + 2] === fill[2]) at -= 3
  return Math.min(height, Math.ceil(Math.max(0, at) / rowBytes))
}

/** EXIF orientation → what turns the stored picture upright. sharp mirrors before it turns. */
const turnByOrientation: Record<number, { angle: 0 | 90 | 180 | 270; flip?: true; flop?: true }> = {
  2: { angle: 0, flop: true },
  3: { angle: 180 },
  4: { angle: 0, flip: true },
  5: { angle: 90, flip: true },
  6: { angle: 90 },
  7: { angle: 270, flip: true },
  8: { angle: 270 },
}

async function turnUpright(
  { data, width, height }: Size & { data: Buffer },
  orientation: number,
): Promise<Size & { data: Buffer; isOnItsSide: boolean }> {
  const turn = turnByOrientation[orientation]
  if (!turn) return { data, width, height, isOnItsSide: false }
  const turned = await sharp(data, { raw: { width, height, channels: 3 } })
    .flip(turn.flip ?? false)
    .flop(turn.flop ?? false)
    .rotate(turn.angle)
    .raw()
    .toBuffer()
  const isOnItsSide = turn.angle === 90 || turn.angle === 270
  return isOnItsSide
    ? { data: turned, width: height, height: width, isOnItsSide }
    : { data: turned, width, height, isOnItsSide }
}

/** A decoder's own trouble is the picture's. */
function isOurs(thrown: unknown): boolean {
  return thrown instanceof LensloreError && thrown.code !== 'INTERNAL'
}

function isTimeout(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message.startsWith('timeout')
}

function damaged(name: string, cause: unknown): LensloreError {
  return new LensloreError('PICTURE_DAMAGED', `${name} is damaged and cannot be decoded.`, { cause })
}

function unsupported(name: string, why: string, cause?: unknown): LensloreError {
  return new LensloreError('PICTURE_UNSUPPORTED', `${name} ${why}`, { cause })
}

function tooLarge(name: string, widthPx: number, heightPx: number): LensloreError {
  return new LensloreError(
    'PICTURE_TOO_LARGE',
    `${name} says it is ${widthPx} by ${heightPx} pixels, more than can be decoded safely.`,
  )
}

function tookTooLong(name: string, cause: unknown): LensloreError {
  return new LensloreError(
    'PICTURE_TOO_LARGE',
    `${name} took more than ${timeoutSeconds} seconds to decode.`,
    {
      cause,
    },
  )
}
