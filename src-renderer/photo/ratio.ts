import type { PhotoDetails } from '../../src-main/contract/records.ts'

/** Width by height as it is shown; 1 where nothing is known. */
export function ratioOf({ widthPx, heightPx }: Pick<PhotoDetails, 'widthPx' | 'heightPx'>): number {
  return widthPx && heightPx ? widthPx / heightPx : 1
}
