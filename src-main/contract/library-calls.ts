import type { ErrorRecord } from './errors.ts'
import type { CaptioningState, Preferences, Progress } from './records.ts'
import { adapterCalls } from './rooms/adapters.ts'
import { captionCalls } from './rooms/captions.ts'
import { copyCalls } from './rooms/copies.ts'
import { exchangeCalls } from './rooms/exchange.ts'
import { folderCalls } from './rooms/folders.ts'
import { markCalls } from './rooms/marks.ts'
import { modelCalls } from './rooms/models.ts'
import { photoCalls } from './rooms/photos.ts'
import { searchCalls } from './rooms/search.ts'
import { type Training, teachingCalls } from './rooms/teaching.ts'
import { workCalls } from './rooms/work.ts'

/** What the renderer, the command line and the server can ask of the library process. */
export const libraryCalls = {
  ...folderCalls,
  ...photoCalls,
  ...searchCalls,
  ...captionCalls,
  ...copyCalls,
  ...markCalls,
  ...workCalls,
  ...modelCalls,
  ...teachingCalls,
  ...adapterCalls,
  ...exchangeCalls,
}

export type LibraryCalls = typeof libraryCalls

type PageCallName = {
  [Name in keyof LibraryCalls]: LibraryCalls[Name]['page'] extends true ? Name : never
}[keyof LibraryCalls]

export type PageCalls = Pick<LibraryCalls, PageCallName>

/** What a page may ask: the table to serve to it, wherever it runs. */
export const pageCalls = Object.fromEntries(
  Object.entries(libraryCalls).filter(([, call]) => call.page),
) as unknown as PageCalls

/** Most ids that one event carries. */
export const maxIdsOfEvent = 500

export interface LibraryEvents extends Record<string, unknown> {
  /** All long work under way, the oldest first; none when the library rests. */
  progress: Progress[]
  /**
   * Photos whose row, caption or thumbnail changed, and photos that are no longer known. Many come as several events, and
   * where they are too many to be told one by one `all` is set: what is shown is to be asked for again.
   */
  photosChanged: { photoIds: number[]; removedIds: number[]; all: boolean }
  foldersChanged: Record<string, never>
  captioningChanged: CaptioningState
  preferencesChanged: Preferences
  savedSearchesChanged: Record<string, never>
  /** What there is to learn from is as ever told by `photosChanged`; the last training is another, or in another state. */
  teachingChanged: Record<string, never>
  /** How far the training is that is under way in this process. */
  trainingProgress: { training: number; progress: NonNullable<Training['progress']> }
  /** There are other adapters, others' names, another one is active, or a name was forgotten or is none of those any more. */
  adaptersChanged: Record<string, never>
  /** The person's last edit is another one. */
  editChanged: Record<string, never>
  /** Another process wrote into the library: what is shown is to be asked for again. */
  changedElsewhere: Record<string, never>
  /** Something went wrong that does not end the work. */
  problem: ErrorRecord
}
