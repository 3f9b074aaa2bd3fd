import sharp from 'sharp'
import { waves } from '../engine/imaging/synthetic-pictures.ts'

/** A JPEG with something to see; of each width another one. */
export function makePicture(width: number, height: number): Promise<Buffer> {
  const raw = { width, height, channels: 3 as const }
  return sharp(waves({ widthPx: width, heightPx: height }), { raw })
    .jpeg()
    .toBuffer()
}
