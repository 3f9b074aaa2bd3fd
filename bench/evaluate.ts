/**
 * Scores a model folder on labelled photos:
 *
 *     npm run bench -- evaluate PHOTOS CAPTIONS.json [--model DIR] [--out FILE] [--compare FILE] [--threads N]
 *
 * PHOTOS is a folder or a tar archive of one, CAPTIONS.json maps file names to lists of captions. Prints the COCO
 * metrics and photos a second; `--out` keeps the generated captions, `--compare` scores such a file beside ours and counts
 * the captions that differ. A file of several sets is compared by the set that is named as CAPTIONS.json is.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { scoreCaptions, wordsOf } from '../src-main/engine/training/metrics.ts'
import { captionPhotos, type LabelledPhotos, openLabelledPhotos } from './labelled-photos.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: new URL('../models/lenslore-v1', import.meta.url).pathname },
    out: { type: 'string' },
    compare: { type: 'string' },
    threads: { type: 'string', default: '2' },
  },
})
const [photosPath, captionsPath] = positionals
if (!photosPath || !captionsPath) {
  console.error(
    'usage: npm run bench -- evaluate PHOTOS CAPTIONS.json [--model DIR] [--out FILE] [--compare FILE] [--threads N]',
  )
  process.exit(2)
}

await using photos = await openLabelledPhotos(photosPath, captionsPath)
const startedMs = performance.now()
const generated: string[] = []
const paths = photos.names.map((name) => join(photos.directory, name))
for await (const { caption } of captionPhotos(paths, values.model, Number(values.threads))) {
  generated.push(caption.text)
}
const elapsedMs = performance.now() - startedMs
console.log(
  `photos   ${photos.names.length}, ${((photos.names.length / elapsedMs) * 1000).toFixed(1)} a second`,
)
printScores(photos, generated)

const byName = Object.fromEntries(photos.names.map((name, index) => [name, generated[index]!]))
if (values.out) await writeFile(values.out, `${JSON.stringify(byName, null, 1)}\n`)
if (values.compare) {
  const others = await readOthers(values.compare, basename(captionsPath, '.json'))
  console.log(`${values.compare}:`)
  printScores(
    photos,
    photos.names.map((name) => others[name] ?? ''),
  )
  const changed = photos.names.filter((name) => byName[name] !== others[name])
  console.log(`differ   ${changed.length} of ${photos.names.length}`)
  for (const name of changed) console.log(`  ${name}\n    ${others[name]}\n    ${byName[name]}`)
}

function printScores({ names, references }: LabelledPhotos, captions: readonly string[]): void {
  const scores = scoreCaptions(
    names.map((name, index) => ({
      candidate: wordsOf(captions[index]!),
      references: references[name]!.map(wordsOf),
    })),
  )
  const percent = (score: number) => (score * 100).toFixed(2)
  for (const [index, bleu] of scores.bleu.entries()) console.log(`BLEU-${index + 1}   ${percent(bleu)}`)
  console.log(`ROUGE-L  ${percent(scores.rougeL)}`)
  console.log(`CIDEr    ${percent(scores.cider)}`)
}

async function readOthers(path: string, set: string): Promise<Record<string, string>> {
  const content: Record<string, string | Record<string, string>> = JSON.parse(await readFile(path, 'utf8'))
  const chosen = content[set]
  return typeof chosen === 'object' ? chosen : (content as Record<string, string>)
}
