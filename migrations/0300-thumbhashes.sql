-- Some 25 bytes of the thumbnail that a photo's present content has: its colours, to be shown before the thumbnail itself is.
-- Null: nobody looked at it yet, as for thumbnails of before.
ALTER TABLE photos ADD COLUMN thumbhash BLOB;

DROP TRIGGER photos_thumbnail_of_content;
CREATE TRIGGER photos_thumbnail_of_content AFTER UPDATE OF content_hash ON photos
WHEN new.content_hash IS NOT old.content_hash AND new.thumbnail_version IS NOT NULL BEGIN
  UPDATE photos SET thumbnail_version = NULL, thumbhash = NULL WHERE id = new.id;
END;

CREATE INDEX photos_to_thumbhash ON photos (folder_id, priority DESC, sort_ms DESC, id DESC)
  WHERE thumbnail_version IS NOT NULL AND thumbhash IS NULL;
