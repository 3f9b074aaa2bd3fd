import { promisify } from 'node:util'
import { brotliDecompress, inflate } from 'node:zlib'
import type { ExpandedTags } from 'exifreader'
import { displayFileName } from '../../contract/file-name.ts'
import type { Exposure } from '../../contract/records.ts'
import { readFirstBytes, readRegularFile } from '../../files/regular-file.ts'
import { readCr3 } from './canon-cr3.ts'
import { readDimensions } from './dimensions.ts'
import { type ExifTags, metadataFromExif, satelliteTime } from './exif.ts'
import { readGifBlocks } from './gif-blocks.ts'
import { metadataFromIptc } from './iptc.ts'
import { readJpegSegments } from './jpeg-segments.ts'
import { emptyMetadata, joinMetadata, occasionOf, type PhotoMetadata } from './photo-metadata.ts'
import { metadataFromPngText, type PngText, readPngText } from './png-text.ts'
import { offsetFromSatelliteTime } from './taken-time.ts'
import { decodeBytes, decodeText } from './text-encoding.ts'
import { type ReadAt, readTiff, writeTiff } from './tiff-directories.ts'
import { takeCaption } from './words.ts'
import { metadataFromXmp } from './xmp.ts'

/** Raised by whoever lets this reader, or those of sidecars, find more: the photos of libraries are then read again. */
export const readerVersion = 1

/** Metadata of larger files is read from their first part; nothing else of them is. */
const maxReadBytes = 256 * 1024 * 1024
/** Cameras write what they know of a photo before its pixels. */
const beginningBytes = 2 * 1024 * 1024
/** What compressed text in PNG and JPEG XL may grow to. */
const maxDecompressedBytes = 16 * 1024 * 1024

/**
 * Reads what a picture says about itself in EXIF, IPTC, XMP, and texts and comments of its container. What is damaged is left out and
 * named in `warnings`; a file that is no picture gives empty metadata with a warning.
 *
 * Among fields that say the same, XMP goes before IPTC before EXIF for words, because programs that write
 * only one write XMP; and EXIF goes first for what the camera knows (time, place, camera, lens, orientation).
 * @param path in the form of `file-name.ts`.
 * @param bytes the file's content, or its beginning, where the caller has it. Of a TIFF that ends elsewhere
 * the rest is read from the file.
 * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE` where the file cannot be read at all.
 */
export async function readMetadata(path: string, bytes?: Buffer): Promise<PhotoMetadata> {
  const { content, xmp: rawPacket } = await pictureWithin(bytes ?? (await readStart(path)), path)
  const warnings: string[] = []
  const warn = (what: string) => (thrown: unknown) => {
    if (!isMissing(thrown)) warnings.push(`${displayFileName(path)}: ${what}: ${reason(thrown)}.`)
  }
  const collected: string[] = []
  const tags = await load(content, collected).catch((thrown: unknown): ExpandedTags => {
    warn('metadata not read')(thrown)
    return {}
  })
  const pngText = await readPngText(content, maxDecompressedBytes, warn('damaged text'))
  if (pngText) Object.assign(tags, await profilesOf(pngText, tags).catch(warn('damaged profile')))
  const jpeg = readJpegSegments(content)
  const gif = readGifBlocks(content)
  const stored = [...(jpeg?.packets ?? []), rawPacket, pngText?.packet, gif?.packet].filter(
    (packet) => !!packet,
  )
  const packets: (string | Buffer)[] = stored.length > 0 ? stored : collected

  const read = (group: string, work: () => PhotoMetadata): PhotoMetadata => {
    try {
      return work()
    } catch (thrown) {
      warn(`damaged ${group}`)(thrown)
      return emptyMetadata()
    }
  }
  const exif = read('EXIF', () => metadataFromExif((tags.exif ?? {}) as ExifTags))
  const iptc = read('IPTC', () => metadataFromIptc((tags.iptc ?? {}) as Record<string, unknown>))
  const xmp = packets.map((packet) =>
    read('XMP', () => metadataFromXmp(typeof packet === 'string' ? packet : decodeText(packet).text)),
  )
  const text = pngText ? read('text', () => metadataFromPngText(pngText)) : emptyMetadata()

  const words = joinMetadata([...xmp, iptc, exif, text])
  takeComments(words, jpeg?.comments ?? gif?.comments ?? [], jpeg ? 'jpeg:Comment' : 'gif:Comment')
  const facts = joinMetadata([exif, ...xmp, iptc, text])
  const metadata: PhotoMetadata = {
    ...words,
    ...occasionOf(facts),
    orientation: facts.orientation,
    takenOffsetMinutes: clockOffset(facts, exif, satelliteTime((tags.exif ?? {}) as ExifTags)),
    camera: facts.camera,
    lens: facts.lens,
    exposure: facts.exposure,
    warnings: [...words.warnings, ...warnings],
  }
  return { ...metadata, ...uprightSize(tags, exif, content) }
}

/**
 * The zone of the camera's clock: what EXIF says itself, else what follows from the satellites, else what XMP
 * and IPTC say, where programs also wrote the zone of the computer.
 */
function clockOffset(facts: PhotoMetadata, exif: PhotoMetadata, utc: string | null): number | null {
  if (facts.takenAt === null) return null
  const measured = utc === null ? null : offsetFromSatelliteTime(facts.takenAt, utc, facts.longitude)
  const own = exif.takenAt === facts.takenAt ? exif.takenOffsetMinutes : null
  return own ?? measured ?? facts.takenOffsetMinutes
}

/** The header's own size before EXIF's, which editors forget to change. What only XMP says of orientation nobody turns by. */
function uprightSize(tags: ExpandedTags, exif: PhotoMetadata, content: Buffer) {
  const headers = [tags.file, tags.pngFile, tags.riff, tags.gif] as Record<string, { value?: unknown }>[]
  const said = (...names: string[]) =>
    headers
      .flatMap((header) => names.map((name) => header?.[name]?.value))
      .find((value): value is number => typeof value === 'number' && value > 0)
  const measured = readDimensions(content)
  const stored = tags.exif as ExifTags | undefined
  const tiffSize = (name: string) => {
    const value = tags.file?.FileType?.value === 'tiff' ? stored?.[name]?.value : undefined
    return typeof value === 'number' && value > 0 ? value : undefined
  }
  const widthPx =
    said('Image Width', 'ImageWidth') ?? measured?.widthPx ?? tiffSize('ImageWidth') ?? exif.widthPx
  const heightPx =
    said('Image Height', 'ImageHeight') ?? measured?.heightPx ?? tiffSize('ImageLength') ?? exif.heightPx
  if (widthPx === null || heightPx === null) return { widthPx: null, heightPx: null }
  const turned = exif.orientation !== null && exif.orientation >= 5
  return turned ? { widthPx: heightPx, heightPx: widthPx } : { widthPx, heightPx }
}

/** Comments of the container: what is left where no field for a caption has one. */
function takeComments(words: PhotoMetadata, comments: readonly Buffer[], field: string): void {
  const found = emptyMetadata()
  for (const comment of comments) takeCaption(found, decodeBytes(comment).text, field)
  if (words.captions.length === 0) words.captions = found.captions
  words.boilerplate = [...new Set([...words.boilerplate, ...found.boilerplate])]
}

async function load(content: Buffer, packets: string[]): Promise<ExpandedTags> {
  // A library begins the sooner without it.
  const { default: exifReader } = await import('exifreader')
  // It speaks there for itself of what it leaves out, between lines of progress; nothing of ours does.
  console.warn = () => {}
  return await exifReader.load(content, {
    expanded: true,
    async: true,
    excludeTags: { thumbnail: true, icc: true, mpf: true, composite: true, makerNotes: true },
    domParser: packetCollector(packets),
    decompress: {
      maxDecompressedSize: maxDecompressedBytes,
      deflate: (data) => promisify(inflate)(data, { maxOutputLength: maxDecompressedBytes }),
      brotli: (data) => promisify(brotliDecompress)(data, { maxOutputLength: maxDecompressedBytes }),
    },
  })
}

/** What a PNG has of other containers' metadata in its text, and not where it belongs. */
async function profilesOf(text: PngText, tags: ExpandedTags): Promise<Pick<ExpandedTags, 'exif' | 'iptc'>> {
  const found: Pick<ExpandedTags, 'exif' | 'iptc'> = {}
  if (text.exif && Object.keys(tags.exif ?? {}).length === 0) {
    const bytes = text.exif
    const directories = await readTiff(async (offset, length) => bytes.subarray(offset, offset + length))
    const { exif } = directories ? await load(writeTiff(directories), []) : {}
    if (exif) found.exif = exif
  }
  if (text.resources) {
    const { iptc } = await load(jpegAround(text.resources), [])
    if (iptc) found.iptc = iptc
  }
  return found
}

/** A JPEG of nothing but Photoshop's resources, for exifreader reads these where they belong alone; cut at what a segment holds. */
function jpegAround(resources: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from('Photoshop 3.0\0', 'latin1'), resources]).subarray(0, 0xfffd)
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xed, 0, 0])
  head.writeUInt16BE(content.length + 2, 4)
  return Buffer.concat([head, content, Buffer.from([0xff, 0xd9])])
}

/**
 * Stands where exifreader wants a DOM parser: it is handed every XMP packet of the file, decoded and put
 * together from its pieces, and keeps it for our own reader, which knows namespaces and languages.
 */
function packetCollector(packets: string[]) {
  return {
    parseFromString: (packet: string) => {
      packets.push(packet)
      return { getElementsByTagName: () => [], childNodes: [{ tagName: 'rdf:RDF', childNodes: [] }] }
    },
  }
}

interface Within {
  content: Buffer
  /** The XMP packet, where `content` does not hold it. */
  xmp?: Buffer | undefined
}

/**
 * The part of a file that exifreader reads: of Fujifilm's raw files the JPEG inside, of TIFF, of the raw files
 * that are TIFF and of Canon's CR3 the directories. Anything else is the file itself.
 */
async function pictureWithin(bytes: Buffer, path: string): Promise<Within> {
  if (bytes.length >= 100 && bytes.toString('latin1', 0, 15) === 'FUJIFILMCCD-RAW') {
    const start = bytes.readUInt32BE(84)
    const content = start < bytes.length ? bytes.subarray(start, start + bytes.readUInt32BE(88)) : bytes
    return { content }
  }
  const directories = (await readCr3(bytes)) ?? (await readTiff(readBeyond(bytes, path)))
  return directories ? { content: writeTiff(directories), xmp: directories.xmp } : { content: bytes }
}

/** Reads a file of which the beginning is at hand: many a TIFF has its directories behind its pixels. */
function readBeyond(start: Buffer, path: string): ReadAt {
  let sizeBytes: number | undefined
  return async (offset, lengthBytes) => {
    if (offset + lengthBytes <= start.length) return start.subarray(offset, offset + lengthBytes)
    try {
      if (sizeBytes === undefined || (offset < sizeBytes && sizeBytes > start.length)) {
        const read = await readRegularFile(path, displayFileName(path), async (file) => {
          sizeBytes ??= (await file.stat()).size
          if (offset >= sizeBytes || sizeBytes <= start.length) return undefined
          const bytes = Buffer.alloc(lengthBytes)
          return bytes.subarray(0, await file.read(bytes, offset))
        })
        if (read) return read
      }
    } catch {
      // The beginning was read; what cannot be read of the rest is left out, and not waited for again.
      sizeBytes = 0
    }
    return start.subarray(Math.min(offset, start.length), offset + lengthBytes)
  }
}

/**
 * How a photo was taken, from the beginning of its file.
 * @param path in the form of `file-name.ts`.
 * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_UNAVAILABLE`
 */
export async function readExposure(path: string): Promise<Exposure | null> {
  return (await readBeginning(path)).exposure
}

/**
 * What a camera wrote into a photo, from the beginning of its file.
 * @param path in the form of `file-name.ts`.
 * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_UNAVAILABLE`
 */
export async function readBeginning(path: string): Promise<PhotoMetadata> {
  return readMetadata(path, await readStart(path, beginningBytes))
}

function readStart(path: string, mostBytes = maxReadBytes): Promise<Buffer> {
  return readRegularFile(path, displayFileName(path), async (file) => {
    const { size } = await file.stat()
    return readFirstBytes(file, Math.min(size, mostBytes))
  })
}

/** A picture without any metadata is no fault. */
function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'MetadataMissingError'
}

function reason(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message.replace(/\.$/, '') : String(thrown)
}
