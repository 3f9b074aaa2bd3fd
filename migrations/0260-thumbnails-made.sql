-- Which version of thumbnail a photo's present content has; null: none that is known of. A thumbnail is of a content, so
-- that another content has none.
ALTER TABLE photos ADD COLUMN thumbnail_version INTEGER;

CREATE TRIGGER photos_thumbnail_of_content AFTER UPDATE OF content_hash ON photos
WHEN new.content_hash IS NOT old.content_hash AND new.thumbnail_version IS NOT NULL BEGIN
  UPDATE photos SET thumbnail_version = NULL WHERE id = new.id;
END;

-- As photos_to_caption, but whoever wrote the words.
CREATE INDEX photos_to_thumbnail ON photos (folder_id, thumbnail_version, priority DESC, sort_ms DESC, id DESC)
  WHERE indexed_ms IS NOT NULL AND missing_since_ms IS NULL AND error_code IS NULL;
