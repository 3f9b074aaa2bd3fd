import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ScanSummary } from '../../contract/rooms/folders.ts'
import type { Database } from '../store/database.ts'
import type { FoundFile } from '../store/found-file.ts'
import { isSamePlace, type LostPlace, type ScanWriter } from '../store/scan-state.ts'
import { joinCopyOf } from './identity.ts'

/** Decisions a transaction: few enough that a search never waits noticeably. */
const decisionsPerCommit = 200

/** The comparison whose notes are decided. */
export interface Settling {
  database: Database
  writer: ScanWriter
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
 * @param onPhotosChanged told after each transaction.
 * @throws what `signal` was aborted with.
 */
export async function settleLost(
  settling: Settling,
  offline: ReadonlySet<number>,
  onPhotosChanged: (photoIds: number[]) => void,
): Promise<void> {
  const { database, writer, signal } = settling
  for (const isFound of [true, false]) {
    for (let note = 0; ; ) {
      const batch = writer.lostAfter(note, decisionsPerCommit)
      if (batch.length === 0) break
      note = batch.at(-1)!.note
      const changed = database.write(() =>
        batch
          .filter((lost) => (lost.found !== null) === isFound && !offline.has(lost.folderId))
          .flatMap((lost) =>
            lost.found ? settleFound(settling, lost, lost.found) : settleGone(settling, lost),
          ),
      )
      onPhotosChanged(changed)
      await nextTurn()
      signal.throwIfAborted()
    }
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
function settleGone({ database, writer, summary, now }: Settling, lost: LostPlace): number[] {
  const place = writer.placeOf(lost.photoId)
  if (!place || place.isMissing || !isSamePlace(place, lost)) return []
  const copy = joinCopyOf(database, writer, lost.photoId, now())
  if (copy !== undefined) {
    summary.moved++
    return [lost.photoId, copy]
  }
  writer.markMissing(lost.photoId, now())
  summary.missing++
  return [lost.photoId]
}
