import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName, fileNameFromText } from '../../contract/file-name.ts'
import { writableCaption } from './caption-splice.ts'
import { readMetadata } from './read.ts'
import { cleanText, isBoilerplate } from './words.ts'

const run = promisify(execFile)
const maxRunMs = 120_000
/** IPTC's own limit for Caption-Abstract; exiftool would cut in the middle of a word without a sound. */
const maxIptcBytes = 2000

/**
 * The version of exiftool, which embedded writing needs.
 * @throws LensloreError `EXIFTOOL_MISSING`.
 */
export async function exifToolVersion(program = 'exiftool'): Promise<string> {
  try {
    const { stdout } = await run(program, ['-ver'], { timeout: maxRunMs })
    return stdout.trim()
  } catch (cause) {
    throw new LensloreError(
      'EXIFTOOL_MISSING',
      'Writing into photos needs exiftool (exiftool.org), which is not installed.',
      { cause },
    )
  }
}

/**
 * Writes a caption into the photo itself, only ever on the person's explicit wish: XMP dc:description and,
 * where the format has IPTC or the photo has a caption there, Caption-Abstract with the same words. exiftool
 * writes a copy and renames it; the untouched photo stays beside it as `NAME_original`. The file's time stays.
 * The result is read again with our own reader.
 * @param photoPath absolute, in the form of `file-name.ts`.
 * @returns the caption as it reads back; null for words that are never read as one.
 * @throws LensloreError `EXIFTOOL_MISSING`, `WRITE_FAILED`.
 */
export async function embedCaption(
  photoPath: string,
  caption: string,
  program = 'exiftool',
): Promise<string | null> {
  await exifToolVersion(program)
  const name = fileNameFromText(photoPath)
  const shown = displayFileName(photoPath)
  if (typeof name !== 'string') {
    throw new LensloreError('WRITE_FAILED', `${shown}: exiftool cannot be given a name that is not Unicode.`)
  }
  const text = writableCaption(caption).trim()
  // Escaped as HTML, so that line breaks and leading spaces arrive as they are.
  const escaped = text.replace(/[&<>"'\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`)
  const fields = [`-XMP-dc:Description-x-default=${escaped}`]
  if (Buffer.byteLength(text) <= maxIptcBytes && /\.(jpe?g|tiff?|dng)$/i.test(name)) {
    fields.push(`-IPTC:Caption-Abstract=${escaped}`, '-IPTC:CodedCharacterSet=UTF8')
  } else {
    fields.push('-IPTC:Caption-Abstract=')
  }
  try {
    const charsets = ['-charset', 'UTF8', '-charset', 'filename=UTF8', '-charset', 'iptc=UTF8']
    await run(program, ['-q', '-m', '-P', '-E', ...charsets, ...fields, name], { timeout: maxRunMs })
  } catch (cause) {
    const said = String((cause as { stderr?: string }).stderr ?? '').split('\n')[0]
    throw new LensloreError(
      'WRITE_FAILED',
      `exiftool could not write ${shown}: ${said || 'no reason given'}.`,
      {
        cause,
      },
    )
  }
  const cleaned = cleanText(text)
  const wanted = cleaned && isBoilerplate(cleaned, 'xmp:dc:description') ? null : cleaned
  const { captions } = await readMetadata(photoPath)
  // Words that a camera could have written by itself are never read as a caption, ours neither.
  if (wanted !== null && !captions.some((found) => found.text === wanted)) {
    throw new LensloreError('WRITE_FAILED', `${shown} was written, but its caption does not read back.`)
  }
  return wanted
}
