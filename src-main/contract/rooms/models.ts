import { z } from 'zod'
import { returning } from '../rpc.ts'
import { path } from './parameters.ts'
import { room } from './room.ts'

/** As the catalogue has it: no path. */
const name = z
  .string()
  .max(200)
  .regex(/^[\w-][\w.+-]*$/, 'A model is called by its name in the catalogue, such as lenslore-v1.')

export const modelCalls = room({
  models: { page: true, ...returning<ModelList>()(z.object({})) },
  /**
   * Captions with this model from now on, also after a restart and while captioning is under way: captions of another one
   * are work again, and those that it wrote before for the same pictures are current again without any.
   */
  useModel: { page: true, ...returning<ModelChoice>()(z.object({ name })) },
  /** The same with a folder in the place of a name, or with an adapter of one's own; both paths absolute. */
  useModelFiles: {
    page: false,
    ...returning<ModelChoice>()(z.object({ model: path, adapterPath: path.nullable().default(null) })),
  },
})

export interface ModelList {
  models: ModelEntry[]
  chosen: ModelChoice
}

/** The model that captions: its name in the catalogue or its folder, and an adapter other than its own. */
export interface ModelChoice {
  model: string
  /** A file of the person's. */
  adapterPath: string | null
  /** One of the library's adapters. */
  adapterId: string | null
}

export interface ModelEntry {
  name: string
  title: string
  /** `embedded` ships with the app; `available` can be downloaded. */
  state: 'embedded' | 'downloaded' | 'available'
  /** Whether it writes captions as it comes; else it is a part, or waits for an adapter of the person's own. */
  captions: boolean
  directory: string | null
  /** What a download would fetch, or what lies on disk; null where the catalogue does not know. */
  sizeBytes: number | null
  licence: string | null
  source: string | null
  note: string
}
