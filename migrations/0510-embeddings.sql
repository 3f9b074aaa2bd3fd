-- Where pictures are in the space in which they meet texts.
CREATE TABLE spaces (
  number INTEGER PRIMARY KEY,
  name   TEXT    NOT NULL UNIQUE  -- as the engine tells it, by the base and what brings pictures there
) STRICT;

CREATE TABLE embeddings (
  photo_id INTEGER PRIMARY KEY REFERENCES photos(id) ON DELETE CASCADE,
  vector   BLOB    NOT NULL  -- int8 [p]: a direction, whose largest number is ±127
) STRICT;

-- The space in which a photo's present content has its embedding; null: it has none.
ALTER TABLE photos ADD COLUMN embedded_in INTEGER REFERENCES spaces(number);

CREATE TRIGGER photos_embedding_of_content AFTER UPDATE OF content_hash ON photos
WHEN new.content_hash IS NOT old.content_hash AND new.embedded_in IS NOT NULL BEGIN
  UPDATE photos SET embedded_in = NULL WHERE id = new.id;
  DELETE FROM embeddings WHERE photo_id = new.id;
END;

-- It is made of the thumbnail, wherever the photo is.
CREATE INDEX photos_to_embed ON photos (folder_id, embedded_in, priority DESC, sort_ms DESC, id DESC)
  WHERE thumbnail_version IS NOT NULL;
