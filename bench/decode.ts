/**
 * Pictures a second through `preparePicture` (hash, reduced decode, pixels, thumbnail) against the plain way
 * on the same files: decode each at its full size with sharp, then resize that for the model and for the
 * thumbnail. Both with two pictures at a time; the ratio is of the best of three rounds each.
 *
 *     node bench/decode.ts FOLDER
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { isPictureName } from '../src-main/contract/picture-names.ts'
import { preparePicture } from '../src-main/engine/imaging/picture.ts'
import { readPreprocessing } from '../src-main/engine/imaging/preprocessing.ts'

const rounds = 3
const atOnce = 2
const preprocessing = readPreprocessing({ image_processor_type: 'CLIPImageProcessor' })

const { positionals } = parseArgs({ allowPositionals: true })
const [folder] = positionals
if (!folder) throw new Error('Usage: node bench/decode.ts FOLDER')
const work = await mkdtemp(join(tmpdir(), 'lenslore-bench-'))

try {
  const paths = await decodablePaths(folder)
  let ours = 0
  let plain = 0
  for (let round = 0; round < rounds; round++) {
    plain = Math.max(plain, await picturesPerSecond(paths, decodePlainly))
    const thumbnailDirectory = join(work, `thumbnails-${round}`)
    const prepare = (path: string) => preparePicture(path, { input: preprocessing, thumbnailDirectory })
    ours = Math.max(ours, await picturesPerSecond(paths, prepare))
  }
  console.log(`${paths.length} pictures, ${atOnce} at once, best of ${rounds} rounds`)
  console.log(`full-size sharp decode and two resizes  ${plain.toFixed(2)} pictures/s`)
  console.log(`preparePicture                          ${ours.toFixed(2)} pictures/s`)
  console.log(`ratio                                   ${(ours / plain).toFixed(2)}`)
} finally {
  await rm(work, { recursive: true, force: true })
}

/** Those that sharp reads too, so that both sides do the same files. */
async function decodablePaths(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter(isPictureName).sort()
  const paths: string[] = []
  for (const name of names) {
    const path = join(directory, name)
    const isDecodable = await decodePlainly(path).then(
      () => true,
      () => false,
    )
    if (isDecodable) paths.push(path)
  }
  if (paths.length === 0) throw new Error(`${directory} holds no picture that sharp decodes.`)
  return paths
}

async function decodePlainly(path: string): Promise<void> {
  const { data, info } = await sharp(path)
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const full = () =>
    sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels as 3 } })
  await full().resize({ width: 224, height: 224, fit: 'cover', kernel: 'cubic' }).raw().toBuffer()
  const thumbnail = await full().resize({ width: 512, height: 512, fit: 'inside' }).webp().toBuffer()
  await writeFile(join(work, 'plain.webp'), thumbnail)
}

async function picturesPerSecond(paths: string[], work: (path: string) => Promise<unknown>): Promise<number> {
  const started = performance.now()
  const waiting = paths.values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const path of waiting) await work(path)
    }),
  )
  return (paths.length / (performance.now() - started)) * 1000
}
