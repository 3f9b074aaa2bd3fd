import type { PhotoDetails } from '../../src-main/contract/records.ts'

type Shape = Pick<PhotoDetails, 'widthPx' | 'heightPx' | 'orientation'>

/** Whether the file holds the photo lying on its side. */
export function isTurned({ orientation }: Pick<Shape, 'orientation'>): boolean {
  return (orientation ?? 1) >= 5
}

/** Width by height as it is shown; 1 where nothing is known. */
export function uprightRatio(shape: Shape): number {
  const { widthPx, heightPx } = shape
  const ratio = widthPx && heightPx ? widthPx / heightPx : 1
  return isTurned(shape) ? 1 / ratio : ratio
}
