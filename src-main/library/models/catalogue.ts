import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { LensloreError } from '../../contract/errors.ts'
import { unpackedPath } from '../../contract/unpacked-path.ts'

/** A file's path inside its model: one name or a few, never out of the folder. */
const relativePath = z.string().regex(/^(?!\.)[\w.-]+(\/(?!\.)[\w.-]+)*$/)

const catalogueFile = z.object({
  path: relativePath,
  /** Null where it is not known before the hub has been asked. */
  sizeBytes: z.int().positive().nullable(),
  /** Lower-case hex; null as above. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
})

const catalogueModel = z.object({
  /** Also the name of its folder. */
  name: z.string().regex(/^(?!\.)[\w.-]+$/),
  /** A `captioner` writes captions as it comes; a `vision` tower and a `decoder` are the two halves of one. */
  kind: z.enum(['vision', 'decoder', 'captioner']),
  title: z.string().min(1),
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  revision: z.string().min(1),
  licence: z.object({ name: z.string().min(1), url: z.url() }),
  source: z.url(),
  note: z.string(),
  files: z.array(catalogueFile).min(1),
})

/** Two halves that make a captioner once an adapter between them has been trained. */
const composition = z.object({
  name: z.string().regex(/^(?!\.)[\w.+-]+$/),
  title: z.string().min(1),
  vision: z.string(),
  decoder: z.string(),
  note: z.string(),
})

export const catalogueSchema = z
  .object({
    checksums: z.string(),
    models: z.array(catalogueModel).min(1),
    compositions: z.array(composition),
  })
  .superRefine(({ models, compositions }, context) => {
    const names = [...models, ...compositions].map(({ name }) => name)
    if (new Set(names).size !== names.length) {
      context.addIssue({ code: 'custom', message: 'Two entries have the same name.' })
    }
    for (const { name, vision, decoder } of compositions) {
      const has = (part: string, kind: string) => models.some((m) => m.name === part && m.kind === kind)
      if (!has(vision, 'vision') || !has(decoder, 'decoder')) {
        context.addIssue({ code: 'custom', message: `${name} is composed of a part that is not listed.` })
      }
    }
  })

export type Catalogue = z.infer<typeof catalogueSchema>
export type CatalogueModel = z.infer<typeof catalogueModel>
export type CatalogueFile = z.infer<typeof catalogueFile>
export type Composition = z.infer<typeof composition>

/** Where the catalogue and the embedded models lie in a source tree; a packaged app names its own place. */
export const shippedModelsDirectory = unpackedPath(
  fileURLToPath(new URL('../../../models/', import.meta.url)),
)

/** @throws LensloreError `MODEL_INCOMPLETE` where the catalogue is missing or not of its form. */
export async function readCatalogue(modelsDirectory = shippedModelsDirectory): Promise<Catalogue> {
  const path = join(modelsDirectory, 'catalogue.json')
  try {
    return catalogueSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new LensloreError('MODEL_INCOMPLETE', `The model catalogue ${path} could not be read.`, { cause })
  }
}
