import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'

/**
 * Twelve-megapixel JPEGs: clouds of colour with fine grain, as costly to decode as a photo of their size, and each another.
 * Those that are there are used again.
 * @returns their paths
 */
export async function makePhotos(directory: string, count: number): Promise<string[]> {
  await mkdir(directory, { recursive: true })
  const made = Array.from({ length: count }, (_, index) => join(directory, `${index}.jpg`))
  const coarse = { width: 64, height: 48 }
  const tile = { width: 1000, height: 1000 }
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 12 }
  let grainTile: Buffer | undefined
  for (const [index, path] of made.entries()) {
    if (await stat(path).catch(() => null)) continue
    grainTile ??= await sharp({ create: { ...tile, channels: 3, background: 'gray', noise } })
      .png()
      .toBuffer()
    let state = index + 1
    const colours = Uint8Array.from({ length: coarse.width * coarse.height * 3 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state >>> 24
    })
    await sharp(colours, { raw: { ...coarse, channels: 3 } })
      .resize(4000, 3000, { kernel: 'cubic' })
      .composite([{ input: grainTile, tile: true, blend: 'soft-light' }])
      .jpeg({ quality: 90 })
      .toFile(path)
  }
  return made
}
