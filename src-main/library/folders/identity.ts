import { settleCurrentCaption } from '../store/captions.ts'
import type { Database } from '../store/database.ts'
import { createIdentityState, type KnownContent, type UnconfirmedMove } from '../store/identity-state.ts'
import { settleMarks } from '../store/marks.ts'
import type { ScanWriter } from '../store/scan-state.ts'

/**
 * A copy that came at most this long before its original went counts as the original moved: that is what a move
 * across drives is, and what people do by hand.
 */
const copyThenDeleteMs = 86_400_000

/**
 * Takes in what reading a file told of who it is; call it in the transaction that stores the hash, before it.
 *
 * A photo that was moved on the hint of inode, size and time, and turns out to have another content, goes back
 * to where it was, missing; the file becomes a photo of its own. One that is known to be edited has no content to be
 * confirmed by and stays with the file. A new file with the content of a missing photo
 * is that photo: it takes the new place with all its words, and those that the new row got meanwhile join them.
 * @param contentHash SHA-256, lower-case hex.
 * @returns the photo that this file is; another than `photoId` in those two cases.
 */
export function settleIdentity(
  database: Database,
  photoId: number,
  contentHash: string,
  nowMs: number,
): number {
  return database.write(() => {
    const state = createIdentityState(database)
    const photo = state.byId(photoId)
    if (!photo) return photoId
    const move = state.takeUnconfirmedMove(photoId)
    const here = move && isOthers(photo, move) ? state.splitOff(photo, move, nowMs) : photo
    // A known photo that changed in its place stays itself, whatever it looks like now.
    if (here.contentHash !== null) return here.id
    const heir = state.missingWith(contentHash, here)
    return heir === undefined ? here.id : merge(database, heir, here)

    /** Whether the file that a photo was moved to turns out to be another's. */
    function isOthers(moved: KnownContent, { wasEdited, displacedId }: UnconfirmedMove): boolean {
      // No content is known by which the move could be confirmed; only the photo that gave way can still be the one.
      if (wasEdited) return displacedId !== null && state.byId(displacedId)?.contentHash === contentHash
      return moved.contentHash !== null && moved.contentHash !== contentHash
    }
  })
}

/**
 * Where a photo's file is gone but a copy of it came not long before, the photo takes the copy's place.
 * @returns the id of the copy's row, which is no more; undefined where there is no such copy.
 */
export function joinCopyOf(
  database: Database,
  writer: ScanWriter,
  photoId: number,
  nowMs: number,
): number | undefined {
  const state = createIdentityState(database)
  const photo = state.byId(photoId)
  if (!photo) return undefined
  const sinceMs = nowMs - copyThenDeleteMs
  // Of a file that was never read, or not since it was edited, only its size and time tell.
  const isUnread = photo.contentHash === null || photo.isEdited
  const copy = isUnread ? state.lookalikeArrivedSince(photo, sinceMs) : state.copyArrivedSince(photo, sinceMs)
  if (!copy) return undefined
  writer.markMissing(photoId, nowMs)
  merge(database, photoId, copy)
  return copy.id
}

/** The photo takes over the row's place and words, and the row is no more. */
function merge(database: Database, photoId: number, row: KnownContent): number {
  const state = createIdentityState(database)
  state.takeOver(photoId, row)
  settleCurrentCaption(database, photoId)
  settleMarks(database, photoId)
  return photoId
}
