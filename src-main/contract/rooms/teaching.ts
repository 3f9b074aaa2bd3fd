import { z } from 'zod'
import { maxAdapterNames, nameKinds } from '../adapters.ts'
import type { ErrorRecord } from '../errors.ts'
import { type LabelKind, labelKinds } from '../label-kinds.ts'
import type { Caption } from '../records.ts'
import { returning } from '../rpc.ts'
import type { AdapterComparison, HeldOutPhoto, TrainingOutcome, TrainingProgress } from '../training.ts'
import { atMost, photoId } from './parameters.ts'
import { room } from './room.ts'

const nothing = z.object({})

const isRate = 'The rate is a number above 0, of at most 1.'
const isSeed = 'The seed is a whole number from 0 to 4,294,967,295.'
const offered = z.array(photoId).min(1).max(1000)
const learnedName = z
  .string()
  .trim()
  .min(1, 'A name that is learned has at least one letter.')
  .max(100, atMost('A name that is learned', 100))

export const teachingCalls = room({
  /** What there is to learn from, and the last training. */
  teaching: { page: true, ...returning<Teaching>()(nothing) },
  /** Photos in a person's own words, the newest first. */
  labels: {
    page: true,
    ...returning<{ labels: Label[] }>()(
      z.object({
        /** Those before this one; from the newest on where it is left out. */
        before: z.int().positive().optional(),
        limit: z.int().min(1).max(1000).default(100),
      }),
    ),
  },
  /** Photos that it is most worth to correct or confirm: doubtful ones, and unlike each other. */
  worthLabelling: {
    page: true,
    ...returning<{ photos: number[] }>()(z.object({ limit: z.int().min(1).max(200).default(50) })),
  },
  /** What labels call by a name, most photos first; of these a training learns those that it is asked to. */
  foundNames: { page: true, ...returning<{ names: NameInLabels[] }>()(nothing) },
  /**
   * A name is not recognised any more: what captions from now on is the active adapter without it, and no name is learned again unless
   * it is asked for. What else an adapter learned of it stays in it.
   * @returns the adapters that learned it, to be trained anew or discarded, and the active one.
   */
  forgetName: {
    page: true,
    ...returning<{ adapters: string[]; active: string | null }>()(z.object({ name: learnedName })),
  },
  /** Names that a person gave to three photos or more, in captions or as people, most photos first: for these, others may be offered. */
  givenNames: { page: true, ...returning<{ names: NameWithPhotos[] }>()(nothing) },
  /**
   * Photos that do not have a name, and resemble those that a person gave it, the likeliest first: no more than plausibly show it, and
   * none of those that were refused.
   */
  nameOffers: {
    page: true,
    ...returning<NameOffers>()(z.object({ name: learnedName, limit: z.int().min(1).max(500).default(24) })),
  },
  /**
   * "Yes, that is Biscuit": these photos get the name as a person's, or as a keyword, one edit for `undoEdit`. Captions stay as they are.
   * @returns how many got it. @throws LensloreError `PHOTO_NOT_FOUND`
   */
  acceptOffers: {
    page: true,
    ...returning<{ photos: number }>()(
      z.object({
        name: learnedName,
        photos: offered,
        /** As photos are tagged with it by now, where it is left out. */
        kind: z.enum(nameKinds).optional(),
      }),
    ),
  },
  /**
   * "No, that is not Biscuit": photos of this content are never offered for the name again, and others that look more like them than like
   * those that have the name neither. @param isRefused false takes it back. @throws LensloreError `PHOTO_NOT_FOUND`
   */
  refuseOffers: {
    page: true,
    ...returning<{ photos: number }>()(
      z.object({ name: learnedName, photos: offered, isRefused: z.boolean().default(true) }),
    ),
  },
  /**
   * "This is right": the current caption, whoever wrote it, is the person's own from now on, and a label. One edit.
   * @throws LensloreError `PHOTO_NOT_FOUND`; `INVALID_ARGUMENT` where there are no words, or only the beginning of them
   */
  confirmCaption: { page: true, ...returning<Caption>()(z.object({ photo: photoId })) },
  /**
   * Begins a training, which goes on beside everything else, and answers at once. One that was begun and was cut off goes on.
   * @throws LensloreError `INVALID_ARGUMENT` where there is nothing to learn from; `LIBRARY_LOCKED` while another process trains
   */
  startTraining: {
    page: true,
    ...returning<Training>()(
      z.object({
        /** Captions that are no labels by themselves; they are never held out. */
        also: z
          .array(z.enum(labelKinds).exclude(['own']))
          .max(4)
          .default([]),
        /**
         * To be recognised in pictures and said. Nobody can tell Ruth from Biscuit by the letters, and a person is recognised only where
         * that was asked for: none are learned that are not named here.
         */
        names: z
          .array(z.object({ text: learnedName, kind: z.enum(nameKinds) }))
          .max(maxAdapterNames, `At most ${maxAdapterNames} names are learned at once.`)
          .default([]),
        /** Passes over the labels, at most; usual where it is left out. */
        passes: z.int().min(1).max(1000, 'There are at most 1,000 passes.').optional(),
        rate: z.number().positive(isRate).max(1, isRate).optional(),
        seed: z.int(isSeed).min(0, isSeed).max(4_294_967_295, isSeed).optional(),
      }),
    ),
  },
  /** Ends the training that is under way, in whichever process; null where there is none. */
  cancelTraining: { page: true, ...returning<Training | null>()(nothing) },
  /**
   * Takes the adapter of a finished training: it captions from now on.
   * @param anyway although it was found not to be better
   * @throws LensloreError `INVALID_ARGUMENT` where there is nothing to accept, or it was not better
   */
  acceptTraining: {
    page: true,
    ...returning<Training>()(
      z.object({
        training: z.int().positive(),
        name: z.string().trim().max(200, atMost('The name of an adapter', 200)).default(''),
        anyway: z.boolean().default(false),
      }),
    ),
  },
  /** Throws the adapter of a finished training away. @throws LensloreError `INVALID_ARGUMENT` */
  discardTraining: {
    page: true,
    ...returning<Training>()(z.object({ training: z.int().positive() })),
  },
  /** Held-out photos of a training side by side: what was said before, what now, and the person's own words. */
  heldOut: {
    page: true,
    ...returning<{ total: number; photos: HeldOut[] }>()(
      z.object({
        training: z.int().positive(),
        offset: z.int().min(0).default(0),
        limit: z.int().min(1).max(500).default(100),
      }),
    ),
  },
})

export interface Teaching {
  /** Photos by where their caption comes from; of more than 20,000 captions by people, so many are counted. */
  labels: Record<LabelKind, number>
  /** Of fewer labels of one's own nothing is held out, so that nobody can tell whether it is better. */
  fewest: number
  /** The last one, or the one under way. */
  training: Training | null
}

export interface Label {
  /** Number of the edit that made it, the higher the newer. */
  edit: number
  photo: number
  text: string
  labelledMs: number
}

export interface NameInLabels {
  text: string
  /** Labels that have it. */
  photos: number
  /** Whether its capital letters alone tell that it is one. */
  isCertain: boolean
  /** Whether photos are tagged with it as a person. */
  isPerson: boolean
  isForgotten: boolean
  /** Ids of the adapters that learned it. */
  adapters: string[]
}

export interface NameWithPhotos {
  text: string
  photos: number
  isPerson: boolean
}

export interface NameOffers {
  /** Whether photos are tagged with the name as a person's. */
  isPerson: boolean
  /** Photos that a person gave the name, of which the newest 200 are counted. */
  named: number
  /** How many are offered in all. */
  total: number
  photos: number[]
}

export interface Training {
  id: number
  /** `finished`: it waits to be accepted or discarded. */
  state: 'running' | 'cancelled' | 'failed' | 'finished' | 'accepted' | 'discarded'
  startedMs: number
  endedMs: number | null
  /** How often it went on after its engine died; three times at most. */
  resumes: number
  /** Photos in the person's words, and others that it was held to; null before that is known. */
  labels: number | null
  replayed: number | null
  /** Where it is under way in this process; null also before its engine began. */
  progress: Omit<TrainingProgress, 'runDirectory'> | null
  /**
   * For a chart, some hundred points at most: of each training of the run while it is under way here, and of that of the adapter
   * once it is finished.
   */
  losses: LossPoint[]
  heldOutLosses: LossPoint[]
  outcome: TrainingVerdict | null
  adapterId: string | null
  error: ErrorRecord | null
}

export interface LossPoint {
  /** Which of the trainings of the run, from 1. */
  training: number
  /** Over all trainings of the run while it is under way; of that of the adapter once it is finished. */
  step: number
  /** In nats a token. */
  loss: number
}

export type TrainingVerdict = Omit<AdapterComparison, 'photos'> &
  Pick<TrainingOutcome, 'names' | 'keptSteps' | 'steps' | 'stoppedBy' | 'trainedParameters' | 'elapsedMs'> & {
    /** Photos that could not be read, and took no part. */
    unreadable: number
  }

export interface HeldOut extends Omit<HeldOutPhoto, 'contentHash'> {
  /** null: no photo has that content any more. */
  photo: number | null
}
