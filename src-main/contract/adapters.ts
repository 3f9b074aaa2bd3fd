import { z } from 'zod'

/** What an adapter's file says besides its weights: what decides words, and what people read. */

export const nameKinds = ['person', 'other'] as const
export type NameKind = (typeof nameKinds)[number]

/** Of the base's vocabulary. */
const tokens = z.array(z.int().min(0)).min(1).max(64)
/** Which of them tells the name from what is said anyway; null: none does. */
const parting = z.int().min(0).max(63).nullable()

/** A name that an adapter learned: where its recogniser finds it in a picture, the caption says it. */
export const adapterName = z
  .strictObject({
    text: z.string().min(1).max(100),
    /** Persons are recognised only where that was asked for. */
    kind: z.enum(nameKinds),
    /** As a text begins with it. */
    startTokens: tokens,
    startParting: parting,
    /** As a text goes on with it. */
    tokens,
    parting,
  })
  .refine(
    (name) => (name.startParting ?? 0) < name.startTokens.length && (name.parting ?? 0) < name.tokens.length,
    'a parting that is none of its tokens',
  )

export type AdapterName = z.infer<typeof adapterName>

export const maxAdapterNames = 256
export const maxAdapterNameLength = 200
export const maxAdapterNoteLength = 10_000
/** SHA-256, lower-case hex. */
export const adapterId = z
  .string()
  .length(64)
  .regex(/^[0-9a-f]+$/)

const figures = z
  .record(z.string().max(100), z.number())
  .refine((each) => Object.keys(each).length <= 100, 'more than 100 figures')

/** What changes nothing that an adapter says. */
export const adapterTexts = z.object({
  name: z.string().max(maxAdapterNameLength).default(''),
  note: z.string().max(maxAdapterNoteLength).default(''),
  /** Id of the adapter that training began with; null: none, or nobody says. */
  parent: adapterId.nullable().default(null),
  createdMs: z.number().nullable().default(null),
  /** How much it learned from: counts of labels, photos and the like. */
  data: figures.default({}),
  /** How good it was found to be, on held-out photos. */
  metrics: figures.default({}),
})

export type AdapterTexts = z.infer<typeof adapterTexts>

export interface AdapterDescription {
  /** SHA-256 over the tensors and the settings that decide words. */
  id: string
  /** The base model that it is for, or fits where the file does not say. */
  baseModel: string
  rank: number
  heads: number
  firstLayer: number
  scale: number
  /** Numbers that were trained. */
  parameters: number
  sizeBytes: number
  names: AdapterName[]
  /** Written by whoever made it: to be shown as text, and believed by nobody. */
  texts: AdapterTexts
}
