/**
 * Scores a model folder on labelled photos:
 *
 *     node bench/evaluate.ts PHOTOS CAPTIONS.json [--model DIR] [--out FILE] [--compare FILE] [--threads N]
 *
 * PHOTOS is a folder, CAPTIONS.json maps file names to lists of captions. Prints the COCO metrics; `--out` keeps
 * the generated captions, `--compare` counts those that differ from such a file.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openCaptioner } from '../src-main/engine/captioning/captioner.ts'
import { preparePicture } from '../src-main/engine/imaging/picture.ts'
import { readPreprocessing } from '../src-main/engine/imaging/preprocessing.ts'
import { scoreCaptions, wordsOf } from '../src-main/engine/training/metrics.ts'

const batchSize = 8

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: new URL('../models/lenslore-v0', import.meta.url).pathname },
    out: { type: 'string' },
    compare: { type: 'string' },
    threads: { type: 'string', default: '2' },
  },
})
const [photoDirectory, captionsPath] = positionals
if (!photoDirectory || !captionsPath) {
  console.error(
    'usage: node bench/evaluate.ts PHOTOS CAPTIONS.json [--model DIR] [--out FILE] [--compare FILE]',
  )
  process.exit(2)
}

const references: Record<string, string[]> = JSON.parse(await readFile(captionsPath, 'utf8'))
const names = (await readdir(photoDirectory)).filter((name) => references[name]).sort()
const generated = await captionAll(names.map((name) => join(photoDirectory, name)))

const scores = scoreCaptions(
  names.map((name, index) => ({
    candidate: wordsOf(generated[index]!),
    references: references[name]!.map(wordsOf),
  })),
)
const percent = (score: number) => (score * 100).toFixed(2)
console.log(`photos   ${names.length}`)
for (const [index, bleu] of scores.bleu.entries()) console.log(`BLEU-${index + 1}   ${percent(bleu)}`)
console.log(`ROUGE-L  ${percent(scores.rougeL)}`)
console.log(`CIDEr    ${percent(scores.cider)}`)

const byName = Object.fromEntries(names.map((name, index) => [name, generated[index]]))
if (values.out) await writeFile(values.out, `${JSON.stringify(byName, null, 1)}\n`)
if (values.compare) {
  const others: Record<string, string> = JSON.parse(await readFile(values.compare, 'utf8'))
  const changed = names.filter((name) => byName[name] !== others[name])
  console.log(`differ   ${changed.length} of ${names.length} from ${values.compare}`)
  for (const name of changed) console.log(`  ${name}\n    ${others[name]}\n    ${byName[name]}`)
}

async function captionAll(paths: string[]): Promise<string[]> {
  const captioner = await openCaptioner({
    modelDirectory: values.model,
    adapterPath: null,
    provider: 'cpu',
    threads: Number(values.threads),
  })
  const preprocessing = readPreprocessing(captioner.preprocessorConfig)
  const captions: string[] = []
  for (let at = 0; at < paths.length; at += batchSize) {
    const pictures = await Promise.all(
      paths
        .slice(at, at + batchSize)
        .map((path) => preparePicture(path, { preprocessing, thumbnailDirectory: null })),
    )
    const size = pictures[0]!.pixels.length
    const pixels = new Float32Array(size * pictures.length) // [B, 3, S, S]
    for (const [index, picture] of pictures.entries()) pixels.set(picture.pixels, index * size)
    captions.push(...(await captioner.caption(pixels, pictures.length)).map(({ text }) => text))
  }
  await captioner.close()
  return captions
}
