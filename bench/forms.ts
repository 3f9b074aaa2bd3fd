/**
 * Finds out what a model loses in fewer bits, and writes it into the model's config.json, where `auto` looks for it:
 *
 *     npm run bench -- forms PHOTOS CAPTIONS.json [PHOTOS CAPTIONS.json …] [--precision int8] [--provider cpu] [--model DIR]
 *       [--threads N] [--write]
 *
 * PHOTOS is a folder or a tar archive of one, CAPTIONS.json maps file names to lists of captions. Every photo is captioned in fp32
 * on the processor and in fewer bits, by batches in turns, so that both have the same minutes of the machine. What is written is
 * the share of equal captions and the loss of CIDEr over all sets.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { type Precision, precisions, providerNames } from '../src-main/contract/providers.ts'
import type { GeneratedCaption } from '../src-main/engine/captioning/generated-caption.ts'
import { figureOf, refuseForm } from '../src-main/engine/captioning/precision.ts'
import { scoreCaptions, wordsOf } from '../src-main/engine/training/metrics.ts'
import { type OpenPhotos, openForPhotos, openLabelledPhotos } from './labelled-photos.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: new URL('../models/lenslore-v1', import.meta.url).pathname },
    precision: { type: 'string', default: 'int8' },
    provider: { type: 'string', default: 'cpu' },
    threads: { type: 'string', default: '2' },
    write: { type: 'boolean', default: false },
  },
})
const precision = z.enum(precisions).exclude(['fp32']).parse(values.precision)
const provider = z.enum(providerNames).parse(values.provider)
if (positionals.length === 0 || positionals.length % 2 === 1) {
  console.error(
    'usage: npm run bench -- forms PHOTOS CAPTIONS.json … [--precision P] [--provider NAME] [--model DIR] [--write]',
  )
  process.exit(2)
}

interface Form {
  precision: Precision
  opened: OpenPhotos
  captions: GeneratedCaption[]
  elapsedMs: number
  processorMs: number
}

const threads = Number(values.threads)
const formDirectory = join(tmpdir(), 'lenslore-bench-forms')
const open = async (as: Precision, on: typeof provider): Promise<Form> => ({
  precision: as,
  opened: await openForPhotos(values.model, { provider: on, precision: as, threads, formDirectory }),
  captions: [],
  elapsedMs: 0,
  processorMs: 0,
})
const full = await open('fp32', 'cpu')
const fewer = await open(precision, provider)
const references: string[][] = []
const sets: { name: string; from: number; to: number }[] = []

for (let at = 0; at < positionals.length; at += 2) {
  await using photos = await openLabelledPhotos(positionals[at]!, positionals[at + 1]!)
  const from = references.length
  references.push(...photos.names.map((name) => photos.references[name]!))
  sets.push({ name: basename(positionals[at + 1]!, '.json'), from, to: references.length })
  const paths = photos.names.map((name) => join(photos.directory, name))
  for await (const pictures of full.opened.prepare(paths)) {
    for (const form of [full, fewer]) {
      const startedMs = performance.now()
      const before = process.cpuUsage()
      form.captions.push(...(await form.opened.caption(pictures)))
      const { user, system } = process.cpuUsage(before)
      form.elapsedMs += performance.now() - startedMs
      form.processorMs += (user + system) / 1000
    }
  }
}
await full.opened.close()
await fewer.opened.close()

const ciders = [full, fewer].map(({ captions }) =>
  scoreCaptions(
    captions.map(({ text }, index) => ({
      candidate: wordsOf(text),
      references: references[index]!.map(wordsOf),
    })),
  ),
) as [ReturnType<typeof scoreCaptions>, ReturnType<typeof scoreCaptions>]
const isEqual = full.captions.map(({ text }, index) => text === fewer.captions[index]!.text)
const share = (of: readonly boolean[]) => of.filter(Boolean).length / of.length

for (const { precision: as, elapsedMs, processorMs, captions } of [full, fewer]) {
  const perSecond = (ms: number) => ((captions.length / ms) * 1000).toFixed(1)
  console.log(
    `${as.padEnd(5)} ${perSecond(elapsedMs)} photos a second, ${perSecond(processorMs)} a second of one processor`,
  )
}
for (const { name, from, to } of sets) {
  const [before, after] = ciders.map(({ ciderPerPicture }) => meanOf(ciderPerPicture.slice(from, to)) * 100)
  const equal = (share(isEqual.slice(from, to)) * 100).toFixed(1)
  console.log(`${name}: CIDEr ${before!.toFixed(2)}, ${precision} ${after!.toFixed(2)}; ${equal} % equal`)
}
const figure = figureOf(precision, {
  photos: references.length,
  equal: round(share(isEqual)),
  cider_lost: round((ciders[0].cider - ciders[1].cider) * 100),
})
console.log(`over all ${figure.photos}: ${JSON.stringify(figure)}`)
console.log(refuseForm(precision, figure) ?? `It counts as agreeing.`)
if (values.write) {
  const path = join(values.model, 'config.json')
  const config = JSON.parse(await readFile(path, 'utf8'))
  config.forms = { ...config.forms, [precision]: figure }
  await writeFile(path, `${JSON.stringify(config)}\n`)
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0) / numbers.length
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
