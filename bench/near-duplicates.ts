/**
 * How alike photos of one burst are to a model, and photos that are not: what the bound in `library/teaching/near-duplicates.ts` is
 * chosen by. Bursts are made of labelled photos, for there are none among them: the camera moved a little, zoomed, turned or
 * metered anew.
 *
 *     node bench/near-duplicates.ts PHOTOS CAPTIONS.json --model DIR [--photos 300] [--work DIR]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp, { type Sharp } from 'sharp'
import { cosine } from '../src-main/library/teaching/near-duplicates.ts'
import { openLabelledPhotos } from './labelled-photos.ts'
import { seePhotos } from './visual-memories.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: 'models/lenslore-v1' },
    photos: { type: 'string', default: '300' },
    work: { type: 'string', default: join(tmpdir(), 'lenslore-near-duplicates') },
  },
})
const [photosPath, captionsPath] = positionals
if (!photosPath || !captionsPath) throw new Error('Name the photos and their captions.')

type Edit = (picture: Sharp, widthPx: number, heightPx: number) => Sharp

/** A part of the picture of this share of its sides, at a place between its corners. */
const crop =
  (share: number, x: number, y: number): Edit =>
  (picture, widthPx, heightPx) => {
    const [width, height] = [Math.round(widthPx * share), Math.round(heightPx * share)]
    return picture.extract({
      left: Math.round((widthPx - width) * x),
      top: Math.round((heightPx - height) * y),
      width,
      height,
    })
  }

const edits: Record<string, Edit> = {
  itself: crop(0.95, 0.5, 0.5),
  'moved by a twentieth': crop(0.95, 1, 0),
  'moved by a tenth': crop(0.9, 0, 1),
  'moved by a fifth': crop(0.8, 1, 1),
  'a quarter nearer': crop(0.75, 0.5, 0.5),
  'turned by 4°': (picture, widthPx, heightPx) =>
    crop(0.85, 0.5, 0.5)(picture.rotate(4), Math.round(widthPx * 1.06), Math.round(heightPx * 1.06)),
  'a third brighter': (picture) => picture.modulate({ brightness: 1.33 }),
}

await using photos = await openLabelledPhotos(photosPath, captionsPath)
const names = photos.names.slice(0, Number(values.photos))
const folder = join(values.work, 'pictures')
mkdirSync(folder, { recursive: true })
const captions: Record<string, string[]> = {}
for (const name of names) {
  const file = join(photos.directory, name)
  const { width, height } = await sharp(file).metadata()
  for (const [at, edit] of Object.values(edits).entries()) {
    const edited = `${at}-${name}`
    captions[edited] = ['.']
    await edit(sharp(file), width, height).jpeg({ quality: 90 }).toFile(join(folder, edited))
  }
}
const list = join(values.work, 'made-bursts.json')
writeFileSync(list, JSON.stringify(captions))
const seen = await seePhotos(folder, list, values.model, values.work)
const width = 384
const means = new Map(seen.names.map((name, index) => [name, meanOf(seen.memory(index))]))

function meanOf(memory: Float32Array): Float32Array {
  const mean = new Float32Array(width)
  for (const [at, value] of memory.entries()) mean[at % width]! += value
  return mean.map((sum) => (sum * width) / memory.length)
}

const edited = (at: number, name: string) => means.get(`${at}-${name}`)!
const quantile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!

console.log('pairs\tleast 1 %\tleast 5 %\tmedian\tgreatest 1 %\tgreatest 0.1 %')
function show(what: string, cosines: number[]): void {
  cosines.sort((a, b) => a - b)
  const figures = [0.01, 0.05, 0.5, 0.99, 0.999].map((share) => quantile(cosines, share).toFixed(3))
  console.log([what, ...figures].join('\t'))
}
for (const [at, what] of Object.keys(edits).entries()) {
  if (at > 0)
    show(
      what,
      names.map((name) => cosine(edited(0, name), edited(at, name))),
    )
}
const others: number[] = []
for (const [at, name] of names.entries()) {
  for (const other of names.slice(at + 1)) others.push(cosine(edited(0, name), edited(0, other)))
}
show('two photos of the set', others)
