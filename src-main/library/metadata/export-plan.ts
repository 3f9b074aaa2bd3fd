import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { maxCaptionLength } from '../../contract/caption-length.ts'
import { type ErrorRecord, LensloreError, toErrorRecord } from '../../contract/errors.ts'
import { displayFileName, textFromFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'
import type { PlannedExport } from '../../contract/rooms/exchange.ts'
import { checkIsWritable, readIfThere } from './atomic-write.ts'
import {
  type CaptionToWrite,
  captionInSidecar,
  contentInSidecar,
  type DisplacedWords,
  displacedWords,
  newSidecar,
  spliceCaption,
  writableCaption,
} from './caption-splice.ts'
import { type MarksToWrite, spliceMarks } from './marks-splice.ts'
import { findSidecars, isStemSidecar, sharesName, sharesStem } from './sidecar-names.ts'
import { damagedSidecar, readSidecarBytes } from './sidecars.ts'
import { decodeText, encodeText } from './text-encoding.ts'
import { repairTwiceEncoded } from './twice-encoded.ts'
import { isForOtherExtension } from './xmp.ts'

export interface ExportRequest {
  /** Absolute, in the form of `file-name.ts`, as all paths here. */
  photoPath: string
  /** Names of the files beside it that are a part of the photo. */
  companions?: readonly string[]
  caption: CaptionToWrite
  /** What the person says besides; left out where nothing of that is to be touched. */
  marks?: MarksToWrite
  /** The caption is only the beginning of what a file says: it is written nowhere. */
  isCut: boolean
  /** Whether the library has these words itself, so that they are not lost where others take their place. */
  isKnown(words: DisplacedWords): boolean
  /** The other photo that words about this content (SHA-256, lower-case hex) are of, if they are. */
  ownerOf?(contentHash: string): WordsOwner | undefined
  /**
   * Of a photo whose file the library has not read yet: what its words are about, SHA-256, lower-case hex. Without it the
   * record would name nothing, and whatever comes to that place would get them.
   */
  readContent?(): Promise<string>
}

/** A photo whose words stand in another one's sidecar. */
export interface WordsOwner {
  path: string
  /** Its own caption, as it is to stand in its own sidecar; left out where that is nobody's concern. */
  request?: ExportRequest
  /** It is written there too, whatever happens meanwhile. */
  isWaiting?: boolean
}

/** A plan with what it is made of. */
export interface PreparedExport extends PlannedExport {
  request: ExportRequest
  beforeBytes: Buffer | null
  afterBytes: Buffer | null
}

export interface ExportOptions {
  signal?: AbortSignal
  /** Called after every photo with how many are done. */
  onProgress?: (done: number) => void
  /** Nobody asked for this export: captions of a folder are written out whenever they change. */
  isAutomatic?: boolean
  /** Told of every photo whose sidecar says its caption now, or is refused. */
  onSettled?: (request: ExportRequest, error?: ErrorRecord) => void
}

/**
 * The dry run: what `exportCaptions` would do now, photo by photo, without writing anything.
 */
export async function* planExport(
  requests: Iterable<ExportRequest> | AsyncIterable<ExportRequest>,
  options: ExportOptions = {},
): AsyncGenerator<PlannedExport> {
  for await (const prepared of prepareExports(requests, options)) {
    const { request, beforeBytes, afterBytes, ...planned } = prepared
    yield planned
  }
}

/** The plans with their bytes, one at a time, so that a library of any size needs no memory. */
export async function* prepareExports(
  requests: Iterable<ExportRequest> | AsyncIterable<ExportRequest>,
  { signal, onProgress }: ExportOptions = {},
): AsyncGenerator<PreparedExport> {
  let folder: { path: string; names: Promise<string[]> } | undefined
  let done = 0
  for await (const request of requests) {
    signal?.throwIfAborted()
    const path = dirname(request.photoPath)
    if (folder?.path !== path) folder = { path, names: namesIn(path) }
    yield await prepareExport(request, folder.names)
    onProgress?.(++done)
  }
}

/** @throws LensloreError as `readContent` */
async function withContent(request: ExportRequest): Promise<ExportRequest> {
  if (!request.readContent) return request
  const contentHash = await request.readContent()
  return { ...request, caption: { ...request.caption, contentHash } }
}

/**
 * Which sidecar a photo's caption belongs into: its own `IMG.JPG.xmp` where that exists; else an `IMG.xmp`
 * that no other photo's file of the same stem can claim, because a program that wrote it reads it there and nowhere
 * else; else that of one of its companions (`IMG.CR2.xmp`), for the same reason; else a new `IMG.JPG.xmp`. In another case only
 * where no other photo's name differs in case alone.
 * @param companions names of the photo's other files.
 */
export function chooseSidecar(
  directoryEntries: readonly string[],
  photoName: string,
  companions: readonly string[] = [],
): string {
  const found = findSidecars(directoryEntries, photoName, companions).filter(({ kind }) => kind === 'sidecar')
  const ofPhoto = found.filter(({ isOfCompanion }) => !isOfCompanion)
  const own = ofPhoto.find(({ name }) => !isStemSidecar(name, photoName))
  const isExact = own?.name.startsWith(`${photoName}.`)
  if (own && (isExact || !sharesName(directoryEntries, photoName))) return own.name
  const shared = ofPhoto.find(({ name }) => isStemSidecar(name, photoName))
  if (shared && !sharesStem(directoryEntries, photoName, companions)) return shared.name
  return found.find(({ isOfCompanion }) => isOfCompanion)?.name ?? `${photoName}.xmp`
}

/** Photos of which each has its words in the next one's sidecar: of a longer row these are written, the others at the next run. */
const ringAtMost = 16

/** A photo whose export is looked at for the sake of another's, and where it would be written. */
interface Link {
  photoPath: string
  sidecarPath: string
}

/** @param ring the photos before it, of which each has its words in the sidecar of the one that goes before. */
async function prepareExport(
  request: ExportRequest,
  namesOfFolder: Promise<string[]>,
  ring: readonly Link[] = [],
): Promise<PreparedExport> {
  const { photoPath, caption, companions = [] } = request
  const photoName = basename(photoPath)
  const after = writableCaption(caption.text)
  let sidecarPath = `${photoPath}.xmp`
  try {
    const names = await namesOfFolder
    await checkIsThere(photoPath)
    const readRequest = await withContent(request)
    sidecarPath = join(dirname(photoPath), chooseSidecar(names, photoName, companions))
    let beforeBytes = await bytesIfThere(sidecarPath)
    if (beforeBytes && isOfOtherExtension(sidecarPath, beforeBytes, [photoName, ...companions])) {
      sidecarPath = `${photoPath}.xmp`
      beforeBytes = await bytesIfThere(sidecarPath)
    }
    const made =
      beforeBytes === null
        ? created(readRequest)
        : await updated(sidecarPath, beforeBytes, readRequest, namesOfFolder, ring)
    if (made.action === 'update') await checkIsWritable(sidecarPath)
    return { request, photoPath, sidecarPath, after, beforeBytes, ...made }
  } catch (thrown) {
    const error = toErrorRecord(thrown)
    return {
      request,
      photoPath,
      sidecarPath,
      action: 'refused',
      before: null,
      after,
      error,
      beforeBytes: null,
      afterBytes: null,
    }
  }
}

/**
 * Where the photo is not, its sidecar would be nobody's: the folder may be the empty place of a drive that is away.
 * @throws LensloreError `FILE_NOT_FOUND`
 */
export async function checkIsThere(photoPath: string): Promise<void> {
  try {
    await stat(nativePath(photoPath))
  } catch (cause) {
    throw new LensloreError('FILE_NOT_FOUND', `${displayFileName(photoPath)} is not there.`, { cause })
  }
}

/** @throws LensloreError `CAPTION_CUT` */
function created({ photoPath, caption, isCut, marks }: ExportRequest) {
  if (isCut) throw cutCaption(photoPath)
  const text = marked(newSidecar(caption), marks)
  return { action: 'create' as const, before: null, afterBytes: Buffer.from(text, 'utf8') }
}

function marked(text: string, marks: MarksToWrite | undefined): string {
  return marks ? spliceMarks(text, marks) : text
}

export function cutCaption(photoPath: string): LensloreError {
  const shown = displayFileName(photoPath)
  return new LensloreError(
    'CAPTION_CUT',
    `The caption of ${shown} is longer than ${maxCaptionLength} characters; only its beginning is known here, and is written nowhere.`,
  )
}

async function bytesIfThere(sidecarPath: string): Promise<Buffer | null> {
  return (await readIfThere(sidecarPath)) && (await readSidecarBytes(sidecarPath))
}

/** @throws LensloreError `SIDECAR_DAMAGED` */
function isOfOtherExtension(sidecarPath: string, bytes: Buffer, photoNames: readonly string[]): boolean {
  try {
    const { text } = decodeText(bytes)
    return photoNames.every((name) => isForOtherExtension(text, basename(sidecarPath), name))
  } catch (thrown) {
    throw damagedSidecar(sidecarPath, thrown)
  }
}

/**
 * A sidecar that says the very words already is left alone, whoever wrote them there. Words that the library has not
 * taken in give way to a person's alone; those about another photo to nobody's, before that photo has them itself.
 */
async function updated(
  sidecarPath: string,
  bytes: Buffer,
  { photoPath, caption, marks, isCut, isKnown, ownerOf }: ExportRequest,
  namesOfFolder: Promise<string[]>,
  ring: readonly Link[],
) {
  try {
    const { text, encoding } = decodeText(bytes)
    if (encoding.name === 'windows-1252' || declaresOtherEncoding(text)) {
      throw new Error('its characters are not Unicode')
    }
    const before = captionInSidecar(text)?.trim() || null
    const wanted = writableCaption(caption.text).trim()
    const about = contentInSidecar(text)
    const owner = about === null ? undefined : ownerOf?.(about)
    if (before === wanted || (isCut && before?.startsWith(wanted))) {
      // Marks beside words about another photo are that one's.
      const after = owner ? text : marked(text, marks)
      return after === text
        ? { action: 'unchanged' as const, before, afterBytes: null }
        : { action: 'update' as const, before, afterBytes: encodeText(after, encoding) }
    }
    if (isCut) throw cutCaption(photoPath)
    const after = spliceCaption(text, caption)
    const displaced = displacedWords(text, after)
    const repaired = repairTwiceEncoded(displaced.map((words) => words.text))
    const areKnown = displaced.every(
      (words, index) => isKnown(words) || isKnown({ ...words, text: repaired[index]! }),
    )
    if (owner) {
      const isBeside = dirname(owner.path) === dirname(photoPath)
      // Read where it is asked for alone: a folder that is gone fails, and somebody has to hear of that.
      const namesOfOwner = () => (isBeside ? namesOfFolder : namesIn(dirname(owner.path)))
      const areSafe =
        areKnown && (await hasItsWords(owner, namesOfOwner, [...ring, { photoPath, sidecarPath }]))
      if (!areSafe) throw sidecarOfOther(sidecarPath, owner.path)
    }
    if (caption.source !== 'person' && !areKnown) {
      const beside = marked(text, marks)
      return beside === text
        ? { action: 'kept' as const, before, afterBytes: null }
        : { action: 'update' as const, before, afterBytes: encodeText(beside, encoding) }
    }
    return { action: 'update' as const, before, afterBytes: encodeText(marked(after, marks), encoding) }
  } catch (thrown) {
    if (thrown instanceof LensloreError) throw thrown
    throw damagedSidecar(sidecarPath, thrown)
  }
}

/**
 * Whether a photo's words stand in its own sidecar, or are about to: where it is written out too, and nothing stands in
 * the way but words of photos for which the same is true. Of photos that exchanged their names each waits for the other.
 */
async function hasItsWords(
  { path, request, isWaiting }: WordsOwner,
  readNames: () => Promise<string[]>,
  ring: readonly Link[],
): Promise<boolean> {
  if (ring.some(({ photoPath }) => photoPath === path)) return true
  if (!request || ring.length === ringAtMost) return false
  const { action, sidecarPath } = await prepareExport(request, readNames(), ring)
  // One file for two photos: what is its own would be written over.
  if (ring.some((link) => link.sidecarPath === sidecarPath)) return false
  return action === 'unchanged' || (isWaiting === true && (action === 'create' || action === 'update'))
}

/** The words that it holds may be nowhere else on the disk. */
function sidecarOfOther(sidecarPath: string, owner: string): LensloreError {
  return new LensloreError(
    'SIDECAR_OF_OTHER',
    `The sidecar ${displayFileName(sidecarPath)} holds the caption of ${displayFileName(owner)} and stays as it is.`,
  )
}

function declaresOtherEncoding(text: string): boolean {
  const declared = /^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']+)/.exec(text)?.[1]
  return declared !== undefined && !/^(utf-?8|utf-?16(le|be)?|us-ascii)$/i.test(declared)
}

async function namesIn(path: string): Promise<string[]> {
  try {
    const names = await readdir(nativePath(path), { encoding: 'buffer' })
    return names.map(textFromFileName)
  } catch (thrown) {
    const isGone = (thrown as NodeJS.ErrnoException).code === 'ENOENT'
    throw new LensloreError(
      isGone ? 'FOLDER_NOT_FOUND' : 'FILE_UNREADABLE',
      `${displayFileName(path)} ${isGone ? 'is not there' : 'cannot be read'}.`,
      { cause: thrown },
    )
  }
}
