/**
 * How often a text finds its photo by meaning alone:
 *
 *     npm run bench -- meaning PHOTOS CAPTIONS.json [--model DIR] [--precision fp32|int8] [--forms DIR] [--threads N]
 *
 * Each caption of CAPTIONS.json (file name → captions) is a query; PHOTOS is a folder or a tar archive of one. Prints, in percent,
 * for how many the photo is among the first 1, 5 and 10 of all by the cosine in the model's space: of the pictures as they are
 * computed and as they are kept, in 8 bits a number. Of another precision than fp32 it prints the cosines with fp32's too.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cosineOfPacked, packEmbedding } from '../src-main/contract/embedding.ts'
import { createTextEmbedder } from '../src-main/engine/captioning/text-embedder.ts'
import { openForPhotos, openLabelledPhotos } from './labelled-photos.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: new URL('../models/lenslore-v1', import.meta.url).pathname },
    precision: { type: 'string', default: 'fp32' },
    forms: { type: 'string' },
    threads: { type: 'string', default: '2' },
  },
})
const [photosPath, captionsPath] = positionals
const precision = values.precision === 'int8' ? 'int8' : 'fp32'
if (!photosPath || !captionsPath || precision !== values.precision) {
  console.error(
    'usage: npm run bench -- meaning PHOTOS CAPTIONS.json [--model DIR] [--precision fp32|int8] [--forms DIR] [--threads N]',
  )
  process.exit(2)
}

await using photos = await openLabelledPhotos(photosPath, captionsPath)
const paths = photos.names.map((name) => join(photos.directory, name))
const opened = await openForPhotos(values.model, {
  provider: 'cpu',
  precision,
  threads: Number(values.threads),
  formDirectory: values.forms,
})
const pictures: Float32Array[] = []
const inFp32: Float32Array[] = []
for await (const batch of opened.prepare(paths)) {
  const alone = await opened.embed(batch)
  inFp32.push(...alone)
  // As it comes along with the words, which the form is for.
  if (precision === 'fp32') pictures.push(...alone)
  else for (const { embedding } of await opened.caption(batch)) pictures.push(embedding!)
}
await opened.close()

const embedder = createTextEmbedder()
const queries: { photo: number; unit: Float32Array }[] = []
for (const [photo, name] of photos.names.entries()) {
  for (const text of photos.references[name]!) {
    queries.push({ photo, unit: (await embedder.embed(values.model, text)).embedding })
  }
}
await embedder.close()

const packed = pictures.map(packEmbedding)
console.log(`${photos.names.length} photos, ${queries.length} texts, ${precision}`)
print('as computed', (unit) => pictures.map((picture) => dot(picture, unit)))
print('as kept', (unit) => packed.map((picture) => cosineOfPacked(picture, unit)))
if (precision !== 'fp32') {
  const cosines = pictures.map((picture, at) => dot(picture, inFp32[at]!)).sort((a, b) => a - b)
  const mean = cosines.reduce((sum, each) => sum + each, 0) / cosines.length
  console.log(`cosine with fp32   mean ${mean.toFixed(5)}, least ${cosines[0]!.toFixed(5)}`)
}

function print(what: string, cosines: (unit: Float32Array) => number[]): void {
  const ranks = queries.map(({ photo, unit }) => {
    const all = cosines(unit)
    return all.filter((each) => each > all[photo]!).length
  })
  const recall = [1, 5, 10].map((first) => {
    const found = ranks.filter((rank) => rank < first).length
    return `at ${first} ${((found / ranks.length) * 100).toFixed(1)}`
  })
  console.log(`${what.padEnd(14)} ${recall.join('  ')}`)
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!
  return sum
}
