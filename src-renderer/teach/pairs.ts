import type { HeldOut } from '../../src-main/contract/rooms/teaching.ts'

const order = { worse: 0, better: 1, same: 2 } as const

/** Worse ones first, for nobody is to look for them; among each the plainest. */
export function inOrder(photos: readonly HeldOut[]): HeldOut[] {
  const gain = ({ ciderBefore, ciderAfter }: HeldOut) => Math.abs(ciderAfter - ciderBefore)
  return photos.toSorted((a, b) => order[a.comparison] - order[b.comparison] || gain(b) - gain(a))
}

/** Those that are shown at once: all that are worse, and some of each other kind. */
export function firstOf(photos: readonly HeldOut[], ofEach: number): HeldOut[] {
  const ofKind = (kind: HeldOut['comparison']) => photos.filter(({ comparison }) => comparison === kind)
  return [...ofKind('worse'), ...ofKind('better').slice(0, ofEach), ...ofKind('same').slice(0, ofEach)]
}
