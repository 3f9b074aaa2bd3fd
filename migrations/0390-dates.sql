-- What a photo's file says of when it was taken may be a year, a month or a day alone: `taken_at` is as much as is known
-- (`YYYY`, `YYYY-MM`, `YYYY-MM-DD`, or with the time), and `sort_ms` its beginning. A date is in the index by itself, for a photo
-- without one stands in the timeline by its file's time, and is not found by it.
DROP TRIGGER photos_search_update;
CREATE TRIGGER photos_search_update
AFTER UPDATE OF folder_id, directory, name, sort_ms, taken_at, camera, lens, missing_since_ms, error_code, caption_id
ON photos
WHEN old.folder_id <> new.folder_id OR old.directory <> new.directory OR old.name <> new.name
  OR old.sort_ms <> new.sort_ms OR old.taken_at IS NOT new.taken_at OR old.camera IS NOT new.camera OR old.lens IS NOT new.lens
  OR (old.missing_since_ms IS NULL) <> (new.missing_since_ms IS NULL)
  OR (old.error_code IS NULL) <> (new.error_code IS NULL) OR old.caption_id IS NOT new.caption_id
BEGIN
  INSERT OR IGNORE INTO search_stale VALUES (new.id);
END;

INSERT OR REPLACE INTO search_stale_folders SELECT id, 0 FROM folders;
