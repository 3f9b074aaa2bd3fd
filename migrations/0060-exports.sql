-- Folders whose captions are written out as they change, and the photos that are waiting for it.
ALTER TABLE folders ADD COLUMN exports_always INTEGER NOT NULL DEFAULT 0;

CREATE TABLE captions_to_export (
  photo_id INTEGER PRIMARY KEY REFERENCES photos(id) ON DELETE CASCADE
) STRICT;

CREATE TRIGGER photos_export_update AFTER UPDATE OF caption_id ON photos
WHEN new.caption_id IS NOT NULL AND old.caption_id IS NOT new.caption_id
  AND (SELECT exports_always FROM folders WHERE id = new.folder_id)
BEGIN
  INSERT OR IGNORE INTO captions_to_export VALUES (new.id);
END;

CREATE TRIGGER folders_export_update AFTER UPDATE OF exports_always ON folders
WHEN new.exports_always AND NOT old.exports_always
BEGIN
  INSERT OR IGNORE INTO captions_to_export
    SELECT id FROM photos WHERE folder_id = new.id AND caption_id IS NOT NULL;
END;
