import { displayFileName } from '../../contract/file-name.ts'
import { type RegularFile, readRegularFile } from '../../files/regular-file.ts'
import { boxAt, boxesOf, findBox } from './boxes.ts'

/**
 * What Apple's cameras write into both files of a Live Photo, a UUID. Apple documents the video's key; the maker note is as exiftool
 * tells it. No real file was at hand.
 */

const makerNote = 'Apple iOS\0'
/** Before its directory: the name, a version, and the order of its bytes, which is big-endian. */
const makerNoteHead = 14
const identifierTag = 0x0011
const asciiType = 2
const longestIdentifier = 100
const videoKey = 'com.apple.quicktime.content.identifier'
/** What a video says of itself is smaller, also of an hour. */
const maxMovieBytes = 32 * 1024 * 1024
const maxTopBoxes = 1000

/** @param bytes of a JPEG or HEIC, or its beginning */
export function pictureIdentifier(bytes: Buffer): string | null {
  const start = bytes.indexOf(makerNote, 0, 'latin1')
  if (start < 0) return null
  const note = bytes.subarray(start)
  if (note.length < makerNoteHead + 2 || note.toString('latin1', 12, 14) !== 'MM') return null
  const entries = note.readUInt16BE(makerNoteHead)
  for (let n = 0; n < entries; n++) {
    const at = makerNoteHead + 2 + n * 12
    if (at + 12 > note.length) return null
    if (note.readUInt16BE(at) !== identifierTag || note.readUInt16BE(at + 2) !== asciiType) continue
    const [count, offset] = [note.readUInt32BE(at + 4), note.readUInt32BE(at + 8)]
    return count <= 4 ? null : toIdentifier(note.subarray(offset, offset + count))
  }
  return null
}

/**
 * @param path in the form of `file-name.ts`, of a QuickTime or MP4 video
 * @returns null also where it cannot be read
 */
export async function videoIdentifier(path: string): Promise<string | null> {
  try {
    return identifierInMovie(await readRegularFile(path, displayFileName(path), readMovie))
  } catch {
    return null
  }
}

/** The content of `moov`, which stands before the frames or after them; empty where there is none. */
async function readMovie(file: RegularFile): Promise<Buffer> {
  const { size } = await file.stat()
  const head = Buffer.alloc(16)
  for (let at = 0, boxes = 0; at + 8 <= size && boxes < maxTopBoxes; boxes++) {
    const filled = await file.read(head, at)
    if (filled < 8) break
    const { type, start, end } = boxAt(head.subarray(0, filled), 0, size - at)
    if (end < start) break
    if (type === 'moov') {
      const content = Buffer.alloc(Math.min(end - start, size - at - start, maxMovieBytes))
      return content.subarray(0, await file.read(content, at + start))
    }
    at += end
  }
  return Buffer.alloc(0)
}

function identifierInMovie(movie: Buffer): string | null {
  const meta = findBox(boxesOf(movie), 'meta')
  // MP4 has a version before its boxes, QuickTime has none.
  const boxes = [boxesOf(meta), boxesOf(meta.subarray(4))].find((each) => findBox(each, 'keys').length > 0)
  if (!boxes) return null
  const keys = boxesOf(findBox(boxes, 'keys').subarray(8)).map(({ content }) => content.toString('latin1'))
  const number = keys.indexOf(videoKey) + 1
  const item = boxesOf(findBox(boxes, 'ilst')).find(
    ({ type }) => number > 0 && Buffer.from(type, 'latin1').readUInt32BE() === number,
  )
  return item ? toIdentifier(findBox(boxesOf(item.content), 'data').subarray(8)) : null
}

function toIdentifier(bytes: Buffer): string | null {
  const text = bytes.toString('latin1', 0, longestIdentifier).split('\0', 1)[0]!.trim().toUpperCase()
  return /^[0-9A-F-]{8,}$/.test(text) ? text : null
}
