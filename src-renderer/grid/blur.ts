import { thumbHashToRGBA } from 'thumbhash'

/** Of every frame, so that scrolling goes on. */
const sliceMs = 6

const waiting = new Map<HTMLCanvasElement, Uint8Array>()
let isPainting = false

/** Paints the blurred picture of a thumbhash in one of the next frames. @returns what calls it off */
export function paintBlur(canvas: HTMLCanvasElement, thumbhash: Uint8Array): () => void {
  waiting.set(canvas, thumbhash)
  if (!isPainting) requestAnimationFrame(paintSome)
  isPainting = true
  return () => waiting.delete(canvas)
}

function paintSome(): void {
  const endMs = performance.now() + sliceMs
  for (const [canvas, thumbhash] of waiting) {
    waiting.delete(canvas)
    const { w, h, rgba } = thumbHashToRGBA(thumbhash)
    canvas.width = w
    canvas.height = h
    canvas.getContext('2d')?.putImageData(new ImageData(new Uint8ClampedArray(rgba), w, h), 0, 0)
    if (performance.now() > endMs) break
  }
  isPainting = waiting.size > 0
  if (isPainting) requestAnimationFrame(paintSome)
}
