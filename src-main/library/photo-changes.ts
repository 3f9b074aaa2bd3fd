import { type LibraryEvents, maxIdsOfEvent } from '../contract/library-calls.ts'
import type { Database } from './store/database.ts'

/** Changes of this time are told together: people see no faster. */
const gatherMs = 50
/** More than these at once are not told one by one. */
const mostAtOnce = 10 * maxIdsOfEvent

export interface PhotoChanges {
  /** Tells of photos that changed in a way that their rows do not show. */
  note(photoIds: readonly number[]): void
  /** Tells that any photo may be another one. */
  noteAll(): void
  /** Nothing is told any more. */
  end(): void
}

/**
 * Gathers which photos changed, and tells of them in events of bounded size. Removed photos, and other captions, marks, places,
 * stacks and thumbnails, are noticed wherever in this process they come from; what another process does is not.
 */
export function createPhotoChanges(
  database: Database,
  tell: (changes: LibraryEvents['photosChanged']) => void,
): PhotoChanges {
  const changed = new Set<number>()
  const removed = new Set<number>()
  let isAll = false
  let isOver = false
  let timer: NodeJS.Timeout | undefined

  // Of this connection alone, and gone with it.
  database.exec(`
    CREATE TEMP TABLE noted_photos (id INTEGER NOT NULL, is_removed INTEGER NOT NULL);
    CREATE TEMP TRIGGER note_removed AFTER DELETE ON main.photos BEGIN
      INSERT INTO noted_photos VALUES (old.id, 1);
    END;
    CREATE TEMP TRIGGER note_caption AFTER UPDATE OF caption_id ON main.photos
      WHEN new.caption_id IS NOT old.caption_id BEGIN
      INSERT INTO noted_photos VALUES (new.id, 0);
    END;
    CREATE TEMP TRIGGER note_mark AFTER INSERT ON main.marks BEGIN
      INSERT INTO noted_photos VALUES (new.photo_id, 0);
    END;
    CREATE TEMP TRIGGER note_other_mark AFTER UPDATE OF is_current ON main.marks
      WHEN new.is_current <> old.is_current BEGIN
      INSERT INTO noted_photos VALUES (new.photo_id, 0);
    END;
    CREATE TEMP TRIGGER note_mark_removed AFTER DELETE ON main.marks WHEN old.is_current BEGIN
      INSERT INTO noted_photos VALUES (old.photo_id, 0);
    END;
    CREATE TEMP TRIGGER note_place AFTER UPDATE OF place_id ON main.photos WHEN new.place_id IS NOT old.place_id BEGIN
      INSERT INTO noted_photos VALUES (new.id, 0);
    END;
    CREATE TEMP TRIGGER note_stack AFTER UPDATE OF photos, best ON main.stacks
      WHEN new.photos <> old.photos OR new.best IS NOT old.best BEGIN
      INSERT INTO noted_photos SELECT photo_id, 0 FROM stack_photos WHERE stack_id = new.id;
    END;
    CREATE TEMP TRIGGER note_unstacked AFTER DELETE ON main.stack_photos BEGIN
      INSERT INTO noted_photos SELECT id, 0 FROM photos WHERE id = old.photo_id;
    END;
    CREATE TEMP TRIGGER note_thumbnail AFTER UPDATE OF thumbnail_version, thumbhash ON main.photos
      WHEN new.thumbnail_version IS NOT old.thumbnail_version OR new.thumbhash IS NOT old.thumbhash BEGIN
      INSERT INTO noted_photos VALUES (new.id, 0);
    END`)
  database.afterCommit(() => {
    const noted = database.prepare<{ id: number; is_removed: number }>('SELECT * FROM noted_photos').all()
    if (noted.length === 0) return
    database.prepare('DELETE FROM noted_photos').run()
    for (const { id, is_removed } of noted) (is_removed ? removed : changed).add(id)
    tellSoon()
  })

  function tellSoon(): void {
    if (isOver) return
    timer ??= setTimeout(tellNow, gatherMs)
  }

  function tellNow(): void {
    timer = undefined
    const removedIds = [...removed]
    const photoIds = [...changed].filter((id) => !removed.has(id))
    removed.clear()
    changed.clear()
    if (isAll || photoIds.length + removedIds.length > mostAtOnce) {
      isAll = false
      tell({ photoIds: [], removedIds: [], all: true })
      return
    }
    for (let at = 0; at < Math.max(photoIds.length, removedIds.length); at += maxIdsOfEvent) {
      const slice = (ids: number[]) => ids.slice(at, at + maxIdsOfEvent)
      tell({ photoIds: slice(photoIds), removedIds: slice(removedIds), all: false })
    }
  }

  return {
    note(photoIds) {
      for (const id of photoIds) changed.add(id)
      if (changed.size > 0) tellSoon()
    },
    noteAll() {
      isAll = true
      tellSoon()
    },
    end() {
      isOver = true
      clearTimeout(timer)
    },
  }
}
