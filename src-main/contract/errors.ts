/**
 * The closed list of what can go wrong, each code with the exit status the command line answers with.
 * 2 is reserved for wrong arguments, 3 for something named that is not there, 4 for content we refuse,
 * 5 for the machine (disk, network, provider), 6 for a library that another program or version holds,
 * 130 for a stop the person asked for, 70 for a fault of our own.
 */
export const exitStatusByCode = {
  INVALID_ARGUMENT: 2,

  FILE_NOT_FOUND: 3,
  FOLDER_NOT_FOUND: 3,
  PHOTO_NOT_FOUND: 3,
  LIBRARY_NOT_FOUND: 3,
  MODEL_NOT_FOUND: 3,

  FILE_UNREADABLE: 4,
  FILE_TOO_LARGE: 4,
  FILE_CHANGED: 4,
  FOLDER_OVERLAPS: 4,
  FOLDER_DIFFERS: 4,
  LIBRARY_AMONG_PHOTOS: 4,
  PICTURE_DAMAGED: 4,
  PICTURE_UNSUPPORTED: 4,
  PICTURE_TOO_LARGE: 4,
  PICTURE_KILLS_ENGINE: 4,
  SIDECAR_DAMAGED: 4,
  CAPTION_CUT: 4,
  SIDECAR_OF_OTHER: 4,
  SAFETENSORS_INVALID: 4,
  CHECKPOINT_INVALID: 4,
  MODEL_INCOMPLETE: 4,
  IMPORT_INVALID: 4,
  SELECTION_STALE: 4,

  FILE_UNAVAILABLE: 5,
  NETWORK_UNREACHABLE: 5,
  DOWNLOAD_FAILED: 5,
  CHECKSUM_MISMATCH: 5,
  DISK_FULL: 5,
  WRITE_FAILED: 5,
  PROVIDER_UNAVAILABLE: 5,
  ENGINE_FAILED: 5,
  ENGINE_DIED: 5,
  EXIFTOOL_MISSING: 5,
  HOST_CANNOT: 5,
  QUEUE_UNREACHABLE: 5,
  QUEUE_REFUSED: 5,
  WORKER_DIFFERS: 5,

  LIBRARY_LOCKED: 6,
  DATABASE_NEWER: 6,
  DATABASE_DAMAGED: 6,

  CAPTIONING_PAUSED: 6,

  CANCELLED: 130,
  CHANNEL_CLOSED: 70,
  INTERNAL: 70,
} as const

export type ErrorCode = keyof typeof exitStatusByCode

/** What crosses a channel or a database column in place of an Error object. */
export interface ErrorRecord {
  code: ErrorCode
  /** One sentence for the person, naming the thing it is about. */
  message: string
}

export class LensloreError extends Error {
  override readonly name = 'LensloreError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(exitStatusByCode, value)
}

/** As it stands in the library. @param code null: there is none */
export function recordedError(code: string | null, message: string | null): ErrorRecord | null {
  return code === null ? null : { code: isErrorCode(code) ? code : 'INTERNAL', message: message ?? code }
}

/** Any thrown value as a record; what is not ours becomes `INTERNAL` with its own words kept. */
export function toErrorRecord(thrown: unknown): ErrorRecord {
  if (thrown instanceof LensloreError) return { code: thrown.code, message: thrown.message }
  if (thrown instanceof Error) {
    if (thrown.name === 'AbortError') return { code: 'CANCELLED', message: 'The work was cancelled.' }
    return { code: 'INTERNAL', message: thrown.message || thrown.name }
  }
  return { code: 'INTERNAL', message: String(thrown) }
}

export function fromErrorRecord(record: ErrorRecord): LensloreError {
  return new LensloreError(record.code, record.message)
}
