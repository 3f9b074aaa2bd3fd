import type { ScanSummary } from '../../contract/rooms/folders.ts'
import type { Database } from '../store/database.ts'
import type { FoundFile } from '../store/found-file.ts'
import { isSamePlace } from '../store/place.ts'
import type { LostPlace, ScanWriter } from '../store/scan-state.ts'
import { inSlices } from '../store/slices.ts'
import { joinCopyOf } from './identity.ts'

/** The comparison whose notes are decided. */
export interface Settling {
  database: Database
  writer: ScanWriter
  /** Whether a place is left alone, so that its photo is only out of sight. */
  isExcluded(place: LostPlace): boolean
  /** Whether a folder is still one that is compared, which a person may change at any moment. */
  isThere(folderId: number): boolean
  /** Its figures go on to be counted. */
  summary: ScanSummary
  now: () => number
  /** When it began: the time that all it finds arrived at. */
  scanMs: number
  signal: AbortSignal
}

/**
 * Decides what became of the photos that a comparison noted as lost, once all of the disk has been seen: edited, moved, or
 * missing. Files under known names come first, then what stayed away. Killed meanwhile, the rest is seen again by the
 * next comparison.
 * @param offline folders of which nothing can be said.
 * @param onPhotosChanged told within each transaction.
 * @throws what `signal` was aborted with.
 */
export async function settleLost(
  settling: Settling,
  offline: ReadonlySet<number>,
  onPhotosChanged: (photoIds: number[]) => void,
): Promise<void> {
  const { database, writer, signal } = settling
  for (const isFound of [true, false]) {
    let note = 0
    const settleSome = (limit: number) => {
      const batch = writer.lostAfter(note, limit)
      note = batch.at(-1)?.note ?? note
      const changed = batch
        .filter(
          ({ found, folderId }) =>
            (found !== null) === isFound && !offline.has(folderId) && settling.isThere(folderId),
        )
        .flatMap((lost) =>
          lost.found ? settleFound(settling, lost, lost.found) : settleGone(settling, lost),
        )
      onPhotosChanged(changed)
      return batch.length
    }
    await inSlices(database, settleSome, { signal })
  }
}

/** @returns the photos that changed. */
function settleFound({ writer, summary, now, scanMs }: Settling, lost: LostPlace, file: FoundFile): number[] {
  const { photoId, folderId, directory } = lost
  const looksTheSame = file.sizeBytes === lost.sizeBytes && file.modifiedMs === lost.modifiedMs
  const occupant = writer.occupant(lost)
  if (looksTheSame && occupant?.id === photoId) {
    // File systems without inodes of their own give other numbers at every mount.
    writer.refresh(photoId, file)
    summary.unchanged++
    return []
  }
  const lookalike = writer.lostLike(file, photoId)
  if (lookalike !== undefined) {
    writer.moveTo(lookalike, folderId, directory, file, now())
    summary.moved++
    return occupant ? [lookalike, occupant.id] : [lookalike]
  }
  if (occupant?.id === photoId && !occupant.isMissing) {
    writer.markEdited(photoId, file)
    summary.changed++
    return [photoId]
  }
  // Another photo that is known to stand here was put here by its own file.
  if (occupant && !occupant.isMissing) return []
  summary.added++
  return [writer.arrive(folderId, directory, file, scanMs)]
}

/** @returns the photos that changed. */
function settleGone(settling: Settling, lost: LostPlace): number[] {
  const { database, writer, summary, now } = settling
  const place = writer.placeOf(lost.photoId)
  if (!place || place.isMissing || !isSamePlace(place, lost)) return []
  const copy = joinCopyOf(database, writer, lost.photoId, now())
  if (copy !== undefined) {
    summary.moved++
    return [lost.photoId, copy]
  }
  const isExcluded = settling.isExcluded(lost)
  writer.markMissing(lost.photoId, now(), isExcluded)
  if (isExcluded) summary.excluded++
  else summary.missing++
  return [lost.photoId]
}
