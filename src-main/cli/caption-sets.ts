import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { LensloreError } from '../contract/errors.ts'

/** A photo of a set with what people said of it. */
export interface CaptionedFile {
  /** As the set names it, below the folder of its photos; Karpathy's splits also name the folder it was published in. */
  names: string[]
  captions: string[]
  /** Where the set says it. */
  split: 'train' | 'validation' | 'test' | null
}

const text = z.string().transform((caption) => caption.trim())

/** Karpathy's splits of COCO and Flickr (dataset_coco.json, dataset_flickr8k.json). */
const karpathy = z.object({
  images: z.array(
    z.object({
      filename: z.string().min(1),
      filepath: z.string().optional(),
      split: z.enum(['train', 'restval', 'val', 'test']),
      sentences: z.array(z.object({ raw: text })),
    }),
  ),
})

/** COCO's own captions_*.json. */
const coco = z.object({
  images: z.array(z.object({ id: z.union([z.number(), z.string()]), file_name: z.string().min(1) })),
  annotations: z.array(z.object({ image_id: z.union([z.number(), z.string()]), caption: text })),
})

/** Our own: file names with their captions. */
const plain = z.record(z.string().min(1), z.array(text))

const splits = { train: 'train', restval: 'train', val: 'validation', test: 'test' } as const

/**
 * Reads a set of captions in any of four formats: Karpathy's splits, COCO's captions, Flickr's token file
 * (`NAME.jpg#0<tab>caption`), and JSON of file name → captions. Photos without captions are left out.
 * @throws LensloreError `FILE_NOT_FOUND`, `IMPORT_INVALID` for a file of another format
 */
export async function readCaptionSet(path: string): Promise<CaptionedFile[]> {
  const content = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LensloreError('FILE_NOT_FOUND', `${path} is missing or cannot be read.`, { cause })
  })
  const files = /^\s*\{/.test(content) ? readJson(content) : readTokens(content)
  if (files) return files.filter(({ captions }) => captions.length > 0)
  throw new LensloreError(
    'IMPORT_INVALID',
    `${path} is no set of captions: neither Karpathy's, COCO's or Flickr's, nor JSON of file names with their captions.`,
  )
}

function readJson(content: string): CaptionedFile[] | null {
  let source: unknown
  try {
    source = JSON.parse(content)
  } catch {
    return null
  }
  const split = karpathy.safeParse(source).data
  if (split) {
    return split.images.map(({ filename, filepath, split: part, sentences }) => ({
      names: filepath ? [`${filepath}/${filename}`, filename] : [filename],
      captions: spoken(sentences.map(({ raw }) => raw)),
      split: splits[part],
    }))
  }
  const annotated = coco.safeParse(source).data
  if (annotated) {
    const captions = Map.groupBy(annotated.annotations, ({ image_id: image }) => String(image))
    return annotated.images.map(({ id, file_name: name }) => ({
      names: [name],
      captions: spoken((captions.get(String(id)) ?? []).map(({ caption }) => caption)),
      split: null,
    }))
  }
  const named = plain.safeParse(source).data
  if (!named) return null
  return Object.entries(named).map(([name, captions]) => ({
    names: [name],
    captions: spoken(captions),
    split: null,
  }))
}

function readTokens(content: string): CaptionedFile[] | null {
  const files = new Map<string, string[]>()
  for (const line of content.split(/\r?\n/)) {
    if (line.trim() === '') continue
    const [, name, caption] = /^(.+?)#\d+\t(.*)$/.exec(line) ?? []
    if (name === undefined) return null
    files.set(name, [...(files.get(name) ?? []), caption!.trim()])
  }
  return [...files].map(([name, captions]) => ({ names: [name], captions: spoken(captions), split: null }))
}

function spoken(captions: readonly string[]): string[] {
  return captions.filter((caption) => caption !== '')
}
