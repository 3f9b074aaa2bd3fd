-- A photo that gets another place has no sidecar there yet.
CREATE TRIGGER photos_export_move AFTER UPDATE OF folder_id, directory, name ON photos
WHEN new.caption_id IS NOT NULL
  AND (old.folder_id <> new.folder_id OR old.directory <> new.directory OR old.name <> new.name)
  AND (SELECT exports_always FROM folders WHERE id = new.folder_id)
BEGIN
  INSERT OR IGNORE INTO captions_to_export VALUES (new.id);
END;

-- Switched off, nothing more is written.
CREATE TRIGGER folders_export_off AFTER UPDATE OF exports_always ON folders
WHEN old.exports_always AND NOT new.exports_always
BEGIN
  DELETE FROM captions_to_export WHERE (SELECT folder_id FROM photos WHERE id = photo_id) = new.id;
END;

-- What is written because it always is, rather than because a person asked: it is not what "undo the last
-- export" takes back, nor does it push older exports out.
ALTER TABLE exports ADD COLUMN is_automatic INTEGER NOT NULL DEFAULT 0;
