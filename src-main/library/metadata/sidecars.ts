import { basename } from 'node:path'
import { type ErrorRecord, LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import type { CutField } from '../../contract/records.ts'
import { readWholeFile } from '../../files/regular-file.ts'
import {
  joinMetadata,
  type MetadataKind,
  metadataKinds,
  occasionOf,
  type PhotoMetadata,
} from './photo-metadata.ts'
import { metadataFromTakeout } from './takeout.ts'
import { decodeText } from './text-encoding.ts'
import { withRepairedWords } from './twice-encoded.ts'
import { isForOtherExtension, metadataFromXmp } from './xmp.ts'

/** One place that said something about a photo. */
export interface MetadataSource {
  kind: MetadataKind
  /** File name of a sidecar or Takeout file; empty for embedded metadata. */
  name: string
  /** It speaks of a file that is a part of the photo beside its own; `name` is then that file's, where it is embedded there. */
  isOfCompanion?: true
  metadata: PhotoMetadata
  /** Why the file cannot be read at present; the metadata is what it said before. */
  refused?: string
  /** Of what there is more in the file than is kept. */
  cut?: CutField[]
}

/** A file beside a photo that cannot be read at present. */
export interface RefusedSidecar {
  kind: MetadataKind
  name: string
  error: ErrorRecord
}

/** No program writes so much about one photo. */
const maxSidecarBytes = 16 * 1024 * 1024

/**
 * Reads one XMP sidecar or Takeout file.
 * @param path in the form of `file-name.ts`.
 * @param photoNames the files of the photo that it may describe, as its name tells.
 * @returns undefined for a JSON file that is no Takeout file, and for a sidecar that says it is another photo's.
 * @throws LensloreError `SIDECAR_DAMAGED`, `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_UNAVAILABLE`.
 */
export async function readSidecar(
  path: string,
  photoNames: readonly string[] = [],
): Promise<PhotoMetadata | undefined> {
  const bytes = await readSidecarBytes(path)
  try {
    const { text } = decodeText(bytes)
    if (path.toLowerCase().endsWith('.json')) return metadataFromTakeout(text)
    const isOthers =
      photoNames.length > 0 && photoNames.every((name) => isForOtherExtension(text, basename(path), name))
    return isOthers ? undefined : withRepairedWords(metadataFromXmp(text))
  } catch (thrown) {
    throw damagedSidecar(path, thrown)
  }
}

/** @throws LensloreError `SIDECAR_DAMAGED` where it is beyond any sane size; as `readRegularFile`. */
export function readSidecarBytes(path: string): Promise<Buffer> {
  return readWholeFile(path, `The sidecar ${displayFileName(path)}`, (sizeBytes) => {
    if (sizeBytes > maxSidecarBytes) throw damagedSidecar(path, new Error(`it has ${sizeBytes} bytes`))
  })
}

export function damagedSidecar(path: string, cause: unknown): LensloreError {
  const why = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause)
  return new LensloreError('SIDECAR_DAMAGED', `The sidecar ${displayFileName(path)} is damaged: ${why}.`, {
    cause,
  })
}

/**
 * What all sources together say about a photo. For words (title, captions, rating) the order is that of
 * `metadataKinds`. For time and place Takeout comes after the rest: Google keeps only UTC, and guesses places. Size,
 * and what the camera is, only the picture knows for certain.
 */
export function joinSources(sources: readonly MetadataSource[]): PhotoMetadata {
  const ordered = (kinds: readonly MetadataKind[]) =>
    joinMetadata(
      [...sources]
        .sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind))
        .map((source) => source.metadata),
    )
  const words = ordered(metadataKinds)
  const facts = ordered(['sidecar', 'embedded', 'takeout'])
  const picture = ordered(['embedded', 'sidecar', 'takeout'])
  return {
    ...words,
    ...occasionOf(facts),
    widthPx: picture.widthPx,
    heightPx: picture.heightPx,
    orientation: picture.orientation,
    camera: picture.camera,
    lens: picture.lens,
  }
}
