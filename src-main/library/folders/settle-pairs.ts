import { areTakenApart } from '../metadata/taken-time.ts'
import { settleCurrentCaption } from '../store/captions.ts'
import { createCompanionStore } from '../store/companions.ts'
import type { Database } from '../store/database.ts'
import { createIdentityState } from '../store/identity-state.ts'
import { settleMarks } from '../store/marks.ts'
import type { Place } from '../store/place.ts'
import { createScanWriter } from '../store/scan-state.ts'
import { inSlices } from '../store/slices.ts'
import type { BesideDifference, PairDifference } from './compare.ts'
import type { Settling } from './settle-lost.ts'

/** What a comparison saw of files that belong together, until all of the disk has been seen. */
export interface PairNotes {
  /** Empties what an earlier comparison left. */
  forget(): void
  /** Of one directory, which is compared again. */
  forgetIn(folderId: number, directory: string): void
  note(folderId: number, directory: string, difference: PairDifference): void
  /** Whether anything was apart that may be another photo's part by now. */
  hasApart(): boolean
  /** Of one kind in the order they were made, a bounded number at a time. */
  after(note: number, kind: PairDifference['kind'], limit: number): NotedPair[]
}

interface NotedPair {
  note: number
  folderId: number
  directory: string
  difference: PairDifference
}

export function createPairNotes(database: Database): PairNotes {
  const { prepare } = database
  // Of this connection only, as the notes of what is lost.
  database.exec(`CREATE TEMP TABLE IF NOT EXISTS scan_pairs (
    note INTEGER PRIMARY KEY, kind TEXT NOT NULL, folder_id INTEGER NOT NULL, directory TEXT NOT NULL,
    difference TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS scan_pairs_by_kind ON scan_pairs (kind);
  CREATE INDEX IF NOT EXISTS scan_pairs_by_place ON scan_pairs (folder_id, directory)`)
  return {
    forget: () => void prepare('DELETE FROM temp.scan_pairs').run(),
    forgetIn: (folderId, directory) =>
      void prepare('DELETE FROM temp.scan_pairs WHERE folder_id = ? AND directory = ?').run(
        folderId,
        directory,
      ),
    note: (folderId, directory, difference) =>
      void prepare(
        'INSERT INTO temp.scan_pairs (kind, folder_id, directory, difference) VALUES (?, ?, ?, ?)',
      ).run(difference.kind, folderId, directory, JSON.stringify(difference)),
    hasApart: () => prepare("SELECT 1 FROM temp.scan_pairs WHERE kind = 'apart' LIMIT 1").get() !== undefined,
    after: (note, kind, limit) =>
      prepare<Omit<NotedPair, 'difference'> & { difference: string }>(
        `SELECT note, folder_id AS folderId, directory, difference FROM temp.scan_pairs
         WHERE kind = ? AND note > ? ORDER BY note LIMIT ?`,
      )
        .all(kind, note, limit)
        .map((row) => ({ ...row, difference: JSON.parse(row.difference) as PairDifference })),
  }
}

/**
 * Decides what became of files that belong together, once all photos are where they are now. What is apart comes first, for it is
 * told by where it was, which what stands there now takes over. Killed meanwhile, the rest is seen again by the next comparison.
 * @param offline folders of which nothing can be said.
 * @param onPhotosChanged told within each transaction.
 * @throws what the signal was aborted with.
 */
export async function settlePairs(
  settling: Settling,
  notes: PairNotes,
  offline: ReadonlySet<number>,
  onPhotosChanged: (photoIds: number[]) => void,
): Promise<void> {
  const { database, signal } = settling
  for (const kind of ['apart', 'beside', 'gone'] as const) {
    let note = 0
    const settleSome = (limit: number) => {
      const batch = notes.after(note, kind, limit)
      note = batch.at(-1)?.note ?? note
      const changed = batch
        .filter(({ folderId }) => !offline.has(folderId) && settling.isThere(folderId))
        .flatMap((noted) => settleOne(settling, noted))
      onPhotosChanged([...new Set(changed)])
      return batch.length
    }
    await inSlices(database, settleSome, { signal })
  }
}

/** @returns the photos that changed. */
function settleOne(settling: Settling, { folderId, directory, difference }: NotedPair): number[] {
  const name = difference.kind === 'gone' ? difference.name : difference.file.name
  const place = { folderId, directory, name }
  switch (difference.kind) {
    case 'apart':
      return separate(settling, place, difference)
    case 'beside':
      return join(settling, place, difference)
    case 'gone': {
      const owner = createCompanionStore(settling.database).detach(place)
      return owner === undefined ? [] : [owner]
    }
  }
}

/** The file is a photo of its own from now on, with what the person said of the photo that it was a part of. */
function separate(
  { database, writer, summary, scanMs }: Settling,
  place: Place,
  { file, from }: PairDifference & { kind: 'apart' },
): number[] {
  const owner = createCompanionStore(database).detach(from)
  const changed = owner === undefined ? [] : [owner]
  const occupant = writer.occupant(place)
  if (occupant && !occupant.isMissing) return [occupant.id, ...changed]
  const id = writer.arrive(place.folderId, place.directory, file, scanMs)
  if (owner === undefined) {
    summary.added++
    return [id]
  }
  part(database, owner, id)
  summary.separated++
  return [id, ...changed]
}

/** The file is a part of the photo beside it; where it was a photo itself, its words are that one's. */
function join(
  { database, writer, summary }: Settling,
  place: Place,
  { file, companion, leader: leaderName }: BesideDifference,
): number[] {
  const leader = writer.occupant({ ...place, name: leaderName })
  // It is still written to, and is compared again.
  if (!leader || leader.isMissing) return []
  const photo = companion === 'raw' ? writer.occupant(place) : undefined
  const isOther = photo !== undefined && !photo.isMissing && areOfTwoTimes(database, leader.id, photo.id)
  createCompanionStore(database).attach(leader.id, place, { ...file, kind: companion, isOther })
  if (isOther || photo === undefined || photo.isMissing) return [leader.id]
  absorb(database, leader.id, photo.id)
  summary.joined++
  return [leader.id]
}

/** What was a part of a photo is a new one, and has what the person said of both. */
function part(database: Database, photoId: number, newId: number): void {
  createIdentityState(database).copyWords(photoId, newId)
  settleCurrentCaption(database, newId)
  settleMarks(database, newId)
}

/** A row of a photo is no more, and its words are another photo's. */
function absorb(database: Database, photoId: number, rowId: number): void {
  createIdentityState(database).joinWords(photoId, rowId)
  settleCurrentCaption(database, photoId)
  settleMarks(database, photoId)
}

function areOfTwoTimes({ prepare }: Database, one: number, other: number): boolean {
  const [first, second] = [one, other].map(
    (id) =>
      prepare<{ takenAt: string | null }>('SELECT taken_at AS takenAt FROM photos WHERE id = ?').get(id)!
        .takenAt,
  )
  return areTakenApart(first!, second!)
}

/**
 * Takes in what reading a photo told of the files beside it: one that was taken at another time is a photo of its own, and what was
 * thought to be one and is not joins it. Call it in the transaction that stores the rest.
 * @param takenApart by the companions' names; of those that are not in it nothing new is known.
 */
export function judgePairs(
  database: Database,
  photoId: number,
  takenApart: ReadonlyMap<string, boolean>,
  nowMs: number,
): void {
  if (takenApart.size === 0) return
  const companions = createCompanionStore(database)
  const writer = createScanWriter(database)
  const photo = writer.placeOf(photoId)
  for (const { isOther: wasOther, kind, ...file } of companions.beside(photoId)) {
    const isOther = takenApart.get(file.name) ?? wasOther
    if (!photo || isOther === wasOther) continue
    const { folderId, directory } = photo
    const occupant = writer.occupant({ folderId, directory, name: file.name })
    companions.setOther(photoId, file.name, isOther)
    const isPhoto = occupant !== undefined && !occupant.isMissing
    if (kind === 'video') continue
    if (isOther && !isPhoto) part(database, photoId, writer.arrive(folderId, directory, file, nowMs))
    else if (!isOther && isPhoto) absorb(database, photoId, occupant.id)
  }
}
