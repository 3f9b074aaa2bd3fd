import { z } from 'zod'
import { precisions, providerNames } from '../providers.ts'
import type { LibraryStatus, Preferences, WorkersStatus } from '../records.ts'
import { returning } from '../rpc.ts'
import { selection } from './parameters.ts'
import { room } from './room.ts'

const nothing = z.object({})

/** @param name of a preference, as `lenslore preferences` calls it, too */
const oneOf = <const Value extends string>(name: string, values: readonly Value[]) =>
  z.enum(values, `${name} is one of ${values.join(', ')}.`).optional()
const yesOrNo = (name: string) => z.boolean(`${name} is true or false.`).optional()
function wholeNumber(name: string, least: number, most: number) {
  const said = `${name} is a whole number from ${least.toLocaleString('en')} to ${most.toLocaleString('en')}, or null.`
  return z.int(said).min(least, said).max(most, said).nullable().optional()
}

const preferences = {
  theme: oneOf('theme', ['system', 'light', 'dark']),
  language: z
    .string('language is a code such as en.')
    .max(35, 'language is a code such as en.')
    .nullable()
    .optional(),
  onlyWhenIdle: yesOrNo('onlyWhenIdle'),
  onlyOnMains: yesOrNo('onlyOnMains'),
  threads: wholeNumber('threads', 1, 256),
  memoryMb: wholeNumber('memoryMb', 512, 1_048_576),
  provider: oneOf('provider', ['auto', ...providerNames]),
  precision: oneOf('precision', ['auto', ...precisions]),
}

export const preferencesChange = z.strictObject(preferences, {
  error: ({ code }) =>
    code === 'unrecognized_keys'
      ? `There is no such preference; there are ${Object.keys(preferences).join(', ')}.`
      : undefined,
})

export const workCalls = room({
  /** Captions everything that is work, and answers when nothing is left. Waits while captioning is paused. */
  captionAll: { page: true, ...returning<CaptionSummary>()(nothing) },
  /** Scans, captions, and goes on with whatever changes in the folders until it is cancelled. */
  watch: { page: true, ...returning<CaptionSummary>()(nothing) },
  /**
   * Ends the engine of whichever process captions this library, until `resumeCaptioning`, also after a restart. What it was at
   * is done again then; all else goes on.
   */
  pauseCaptioning: { page: true, ...returning<null>()(nothing) },
  /** Goes on, and tries an engine at once that could not be had. */
  resumeCaptioning: { page: true, ...returning<null>()(nothing) },
  /** Tries photos that failed again, before others. @throws LensloreError `SELECTION_STALE` */
  retry: { page: true, ...returning<{ photos: number }>()(z.object({ selection: selection.optional() })) },
  preferences: { page: true, ...returning<Preferences>()(nothing) },
  setPreferences: { page: true, ...returning<Preferences>()(preferencesChange) },
  /** The host's answer to `onlyWhenIdle` and `onlyOnMains`: whether the machine may be used for captioning now. */
  setMachine: {
    page: false,
    ...returning<null>()(z.object({ isIdle: z.boolean(), isOnMains: z.boolean() })),
  },
  /** The hash of the contract that is answered here (`contractHash`); a page of another one loads itself anew. */
  contract: { page: true, ...returning<{ hash: string }>()(nothing) },
  status: { page: true, ...returning<LibraryStatus>()(nothing) },
  /**
   * Other machines at the queue that this process was given, also those that fell silent; null where it has none.
   * @throws LensloreError `QUEUE_UNREACHABLE`, `QUEUE_REFUSED`
   */
  workers: { page: true, ...returning<WorkersStatus | null>()(nothing) },
  /** Integrity of the database, in the words of SQLite; an empty list is a sound one. */
  checkDatabase: { page: true, ...returning<string[]>()(nothing) },
  /** Copies the database beside it, in addition to the daily backups; answers with the copy's path. */
  backUp: { page: true, ...returning<string>()(nothing) },
})

export interface CaptionSummary {
  captioned: number
  failed: number
  /** Photos that could not be reached, on a drive or server that did not answer; they stay work. */
  unavailable: number
  elapsedMs: number
}
