/** Bits of `TimelinePage.flags`: what a tile needs before its words are there. */
export const tileFlags = {
  byPerson: 1,
  imported: 2,
  byModel: 4,
  unsure: 8,
  failed: 16,
  missing: 32,
  offline: 64,
  favorite: 128,
  /** It has a thumbnail of its present content. */
  thumbnail: 256,
  /** A raw file is a part of it, beside its own. */
  raw: 512,
  /** The video of a Live Photo is. */
  video: 1024,
} as const

/** Above the bits: the rating and 1, so that 0 is rejected and 1 none. */
export const ratingShift = 11
