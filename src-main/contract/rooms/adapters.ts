import { z } from 'zod'
import {
  type AdapterDescription,
  type AdapterName,
  type AdapterTexts,
  adapterId,
  maxAdapterNameLength,
  maxAdapterNoteLength,
} from '../adapters.ts'
import { returning } from '../rpc.ts'
import type { AdapterComparison } from '../training.ts'
import { atMost, path } from './parameters.ts'
import { room } from './room.ts'
import type { HeldOut } from './teaching.ts'

const nothing = z.object({})
/** SHA-256 over its tensors and the settings that decide words; the first letters of it are enough for a person. */
const adapter = adapterId

export const adapterCalls = room({
  /** All adapters of this library, the newest first. */
  adapters: { page: true, ...returning<AdapterList>()(nothing) },
  /** Gives it another name or note, which changes nothing that it says. @throws LensloreError `INVALID_ARGUMENT` */
  describeAdapter: {
    page: true,
    ...returning<Adapter>()(
      z.object({
        adapter,
        name: z
          .string()
          .trim()
          .max(maxAdapterNameLength, atMost('The name of an adapter', maxAdapterNameLength))
          .optional(),
        note: z.string().trim().max(maxAdapterNoteLength, atMost('A note', maxAdapterNoteLength)).optional(),
      }),
    ),
  },
  /**
   * Captions with it from now on: the captions of the one before are work, the newest photos first, and those that it wrote
   * before are current again without any. A person's words stay.
   * @throws LensloreError `INVALID_ARGUMENT` for one that is not there, comes from elsewhere and was not measured here, or was found
   * not to be better, unless `anyway`; `CHECKPOINT_INVALID` for one of another base
   */
  activateAdapter: {
    page: true,
    ...returning<AdapterList>()(z.object({ adapter, anyway: z.boolean().default(false) })),
  },
  /** Captions again with the one before. @throws LensloreError `INVALID_ARGUMENT` where there is none */
  rollBackAdapter: { page: true, ...returning<AdapterList>()(nothing) },
  /** Throws it away. @throws LensloreError `INVALID_ARGUMENT` while it is active */
  discardAdapter: { page: true, ...returning<AdapterList>()(z.object({ adapter })) },
  /**
   * Compares it with another, or the model's own (null), on labelled photos of this library that neither learned. What comes of the
   * model's own is kept: one from elsewhere may be activated then.
   * @throws LensloreError `INVALID_ARGUMENT` where there are no such photos
   */
  measureAdapter: {
    page: true,
    ...returning<AdapterMeasurement>()(z.object({ adapter, against: adapter.nullable().default(null) })),
  },
  /** Photos that the active adapter describes in other words than the one before it, the newest captions first. */
  adapterChanges: {
    page: true,
    ...returning<{ changes: AdapterChange[] }>()(z.object({ limit: z.int().min(1).max(500).default(100) })),
  },
  /** Everything that adapters of this library call by its name. */
  learnedNames: { page: true, ...returning<LearnedName[]>()(nothing) },
  /** Writes it as one file, with its name and note. @throws LensloreError `FILE_NOT_FOUND`, `DISK_FULL`, `WRITE_FAILED` */
  exportAdapter: {
    page: false,
    ...returning<{ sizeBytes: number; names: string[] }>()(z.object({ adapter, path })),
  },
  /**
   * Takes one in from a file, once all of it was checked.
   * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `SAFETENSORS_INVALID`; `CHECKPOINT_INVALID` for one of another base
   */
  importAdapter: { page: false, ...returning<Adapter>()(z.object({ path })) },
})

export interface AdapterList {
  adapters: Adapter[]
  /** null: the model's own, or a file of the person's. */
  active: string | null
  /** What `rollBackAdapter` would go back to; undefined where there is nothing before. */
  before?: string | null
}

export interface Adapter extends AdapterTexts {
  id: string
  baseModel: string
  origin: 'trained' | 'imported'
  /** `proposed`: of a training that was neither accepted nor discarded. */
  state: 'proposed' | 'kept'
  addedMs: number
  shape: Pick<AdapterDescription, 'rank' | 'heads' | 'firstLayer' | 'scale' | 'parameters' | 'sizeBytes'>
  names: AdapterName[]
  /** On labelled photos of this library, against the model's own; null: it was not. */
  measured: AdapterFigures | null
}

export type AdapterFigures = Omit<AdapterComparison, 'photos'>

export type AdapterMeasurement = AdapterFigures & { photos: HeldOut[] }

export interface AdapterChange {
  photo: number
  before: string
  after: string
}

export interface LearnedName {
  name: string
  /** Ids of the adapters that learned it. */
  adapters: string[]
}
