/**
 * Addresses under which a host serves pictures: `<id>/<first 16 of the content hash>/thumb|full`, the same below
 * `photo://library/` in Electron and below `/library/` on the local server. An address with the hash names one content for ever.
 */
export type PictureKind = 'thumb' | 'full'

export interface PhotoAddress {
  photo: number
  /** 16 lower-case hex digits; null: the present content, whichever it is. */
  hash: string | null
  kind: PictureKind
}

const pattern = /^([1-9]\d{0,15})\/([0-9a-f]{16}|-)\/(thumb|full)$/

export function photoAddress({ photo, hash, kind }: PhotoAddress): string {
  return `${photo}/${hash ?? '-'}/${kind}`
}

/** @returns null for anything that is no such address. */
export function parsePhotoAddress(text: string): PhotoAddress | null {
  const match = pattern.exec(text)
  if (!match) return null
  const [, photo, hash, kind] = match
  return { photo: Number(photo), hash: hash === '-' ? null : hash!, kind: kind as PictureKind }
}
