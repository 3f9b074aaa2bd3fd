-- Whoever waits to be exported has a turn, and another one whenever there is something new to write: what one
-- process wrote is not taken for what another made wait meanwhile. What was refused waits for better times: until
-- there is something new, the folder is back, or the library is started again.
DROP TRIGGER photos_export_update;
DROP TRIGGER photos_export_move;
DROP TRIGGER folders_export_update;

-- Not renamed, for what else speaks of the table is to go on speaking of it.
CREATE TEMP TABLE waiting_before AS SELECT photo_id FROM captions_to_export;
DROP TABLE captions_to_export;
CREATE TABLE captions_to_export (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  photo_id   INTEGER NOT NULL UNIQUE REFERENCES photos(id) ON DELETE CASCADE,
  is_refused INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO captions_to_export (photo_id) SELECT photo_id FROM waiting_before;
DROP TABLE waiting_before;
CREATE INDEX captions_to_export_now ON captions_to_export (photo_id) WHERE is_refused = 0;

CREATE TRIGGER photos_export_update AFTER UPDATE OF caption_id ON photos
WHEN new.caption_id IS NOT NULL AND old.caption_id IS NOT new.caption_id
  AND (SELECT exports_always FROM folders WHERE id = new.folder_id)
BEGIN
  DELETE FROM captions_to_export WHERE photo_id = new.id;
  INSERT INTO captions_to_export (photo_id) VALUES (new.id);
END;

-- A photo that gets another place has no sidecar there yet. While one was missing, the sidecar in its place may
-- have become another's.
CREATE TRIGGER photos_export_move AFTER UPDATE OF folder_id, directory, name, missing_since_ms ON photos
WHEN new.caption_id IS NOT NULL AND new.missing_since_ms IS NULL
  AND (old.folder_id <> new.folder_id OR old.directory <> new.directory OR old.name <> new.name
    OR old.missing_since_ms IS NOT NULL)
  AND (SELECT exports_always FROM folders WHERE id = new.folder_id)
BEGIN
  DELETE FROM captions_to_export WHERE photo_id = new.id;
  INSERT INTO captions_to_export (photo_id) VALUES (new.id);
END;

CREATE TRIGGER folders_export_update AFTER UPDATE OF exports_always ON folders
WHEN new.exports_always AND NOT old.exports_always
BEGIN
  INSERT OR IGNORE INTO captions_to_export (photo_id)
    SELECT id FROM photos WHERE folder_id = new.id AND caption_id IS NOT NULL;
END;

CREATE TRIGGER folders_export_return AFTER UPDATE OF state ON folders
WHEN new.exports_always AND new.state = 'online' AND old.state <> 'online'
BEGIN
  UPDATE captions_to_export SET is_refused = 0
  WHERE is_refused AND (SELECT folder_id FROM photos WHERE id = photo_id) = new.id;
END;
