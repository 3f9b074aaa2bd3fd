-- A photo that is not seen only because its place is left alone is not one whose file is gone. It is missing, too, which keeps it out of
-- sight and of all work; those of before are told with the next look through their folders.
ALTER TABLE photos ADD COLUMN is_excluded INTEGER NOT NULL DEFAULT 0;
CREATE INDEX photos_excluded ON photos (folder_id) WHERE is_excluded = 1;

CREATE TRIGGER photos_no_longer_excluded AFTER UPDATE OF missing_since_ms ON photos
WHEN new.missing_since_ms IS NULL AND new.is_excluded = 1 BEGIN
  UPDATE photos SET is_excluded = 0 WHERE id = new.id;
END;

CREATE TRIGGER photos_search_excluded AFTER UPDATE OF is_excluded ON photos WHEN old.is_excluded <> new.is_excluded BEGIN
  INSERT OR IGNORE INTO search_stale VALUES (new.id);
END;
