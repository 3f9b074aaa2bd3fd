-- Photos that show the same picture, or nearly, are a stack, of which one stands for all.

-- How sharp the picture is, and what it is compared by, of a photo's present content; null: nobody looked yet. Thumbnails of before
-- are looked at for it.
ALTER TABLE photos ADD COLUMN sharpness REAL;
CREATE TABLE miniatures (
  photo_id INTEGER PRIMARY KEY REFERENCES photos(id) ON DELETE CASCADE,
  picture  BLOB    NOT NULL  -- contract/miniature.ts
) STRICT;

DROP TRIGGER photos_thumbnail_of_content;
CREATE TRIGGER photos_thumbnail_of_content AFTER UPDATE OF content_hash ON photos
WHEN new.content_hash IS NOT old.content_hash AND new.thumbnail_version IS NOT NULL BEGIN
  UPDATE photos SET thumbnail_version = NULL, thumbhash = NULL, sharpness = NULL WHERE id = new.id;
  DELETE FROM miniatures WHERE photo_id = new.id;
END;

DROP INDEX photos_to_thumbhash;
CREATE INDEX photos_to_look_at ON photos (folder_id, priority DESC, sort_ms DESC, id DESC)
  WHERE thumbnail_version IS NOT NULL AND sharpness IS NULL;

CREATE INDEX photos_by_picture ON photos (picture_hash) WHERE picture_hash IS NOT NULL;

CREATE TABLE stacks (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  photos    INTEGER NOT NULL DEFAULT 0,
  kind      TEXT    CHECK (kind IN ('exact', 'picture', 'near')),  -- what holds for all of them; this and below: null until it is settled
  best      INTEGER,  -- stands for the stack
  largest   INTEGER,
  sharpest  INTEGER,
  best_ms   REAL      -- when the best was taken, as photos.sort_ms
) STRICT;
CREATE INDEX stacks_by_time ON stacks (best_ms DESC, id DESC);

CREATE TABLE stack_photos (
  photo_id  INTEGER PRIMARY KEY REFERENCES photos(id) ON DELETE CASCADE,
  stack_id  INTEGER NOT NULL REFERENCES stacks(id) ON DELETE CASCADE,
  is_anchor INTEGER NOT NULL CHECK (is_anchor IN (0, 1))  -- all others are like this one
) STRICT;
CREATE INDEX stack_photos_by_stack ON stack_photos (stack_id);

-- What a person wants to stand for its stack, whichever that is.
CREATE TABLE stack_choices (
  photo_id  INTEGER PRIMARY KEY REFERENCES photos(id) ON DELETE CASCADE,
  chosen_ms INTEGER NOT NULL
) STRICT;

-- Stacks of which something changed; settled before the commit.
CREATE TABLE stacks_stale (stack_id INTEGER PRIMARY KEY) STRICT;
-- Photos whose stack is to be looked for.
CREATE TABLE photos_to_stack (photo_id INTEGER PRIMARY KEY REFERENCES photos(id) ON DELETE CASCADE) STRICT;
INSERT INTO photos_to_stack SELECT id FROM photos WHERE content_hash IS NOT NULL AND missing_since_ms IS NULL;

-- By what a photo that others may join is found: pieces of its picture's hash, and the part of the space that its embedding lies in.
CREATE TABLE miniature_keys (
  key         INTEGER NOT NULL,
  photo_id    INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
  first_bits  INTEGER NOT NULL,  -- of the whole hash
  second_bits INTEGER NOT NULL,
  PRIMARY KEY (key, photo_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX miniature_keys_by_photo ON miniature_keys (photo_id);
CREATE TABLE embedding_cells (
  photo_id INTEGER PRIMARY KEY REFERENCES photos(id) ON DELETE CASCADE,
  cell     INTEGER NOT NULL
) STRICT;
CREATE INDEX embedding_cells_by_cell ON embedding_cells (cell, photo_id);
-- How a space is divided into cells, anew as the library grows.
CREATE TABLE embedding_divisions (
  first_cell INTEGER PRIMARY KEY,  -- the number of the first; those of earlier divisions have lower ones
  space      INTEGER NOT NULL REFERENCES spaces(number),
  photos     INTEGER NOT NULL,     -- how many there were then
  cells      INTEGER NOT NULL,
  middles    BLOB    NOT NULL      -- float32 [cells, p], of unit length; nothing of a single cell
) STRICT;

CREATE TRIGGER photos_stack_of_picture AFTER UPDATE OF content_hash, picture_hash, orientation ON photos
WHEN new.content_hash IS NOT old.content_hash BEGIN
  DELETE FROM stack_photos WHERE photo_id = new.id
    AND (new.picture_hash IS NULL OR new.picture_hash IS NOT old.picture_hash OR new.orientation IS NOT old.orientation);
  INSERT OR IGNORE INTO photos_to_stack VALUES (new.id);
END;
CREATE TRIGGER photos_stack_of_missing AFTER UPDATE OF missing_since_ms ON photos
WHEN (old.missing_since_ms IS NULL) <> (new.missing_since_ms IS NULL) BEGIN
  DELETE FROM stack_photos WHERE photo_id = new.id;
  INSERT OR IGNORE INTO photos_to_stack VALUES (new.id);
END;
CREATE TRIGGER photos_stack_of_facts AFTER UPDATE OF sharpness, width_px, height_px, size_bytes, is_cut_off ON photos
WHEN new.sharpness IS NOT old.sharpness OR new.width_px IS NOT old.width_px OR new.height_px IS NOT old.height_px
  OR new.size_bytes <> old.size_bytes OR new.is_cut_off IS NOT old.is_cut_off BEGIN
  INSERT OR IGNORE INTO stacks_stale SELECT stack_id FROM stack_photos WHERE photo_id = new.id;
END;
CREATE TRIGGER miniatures_stack_insert AFTER INSERT ON miniatures BEGIN
  INSERT OR IGNORE INTO photos_to_stack VALUES (new.photo_id);
END;
CREATE TRIGGER miniatures_stack_delete AFTER DELETE ON miniatures BEGIN
  DELETE FROM miniature_keys WHERE photo_id = old.photo_id;
END;
CREATE TRIGGER embeddings_stack_insert AFTER INSERT ON embeddings BEGIN
  INSERT OR IGNORE INTO photos_to_stack VALUES (new.photo_id);
END;
CREATE TRIGGER embeddings_stack_delete AFTER DELETE ON embeddings BEGIN
  DELETE FROM embedding_cells WHERE photo_id = old.photo_id;
END;

CREATE TRIGGER stack_photos_insert AFTER INSERT ON stack_photos BEGIN
  INSERT OR IGNORE INTO stacks_stale VALUES (new.stack_id);
  INSERT OR IGNORE INTO search_stale VALUES (new.photo_id);
END;
CREATE TRIGGER stack_photos_update AFTER UPDATE OF stack_id ON stack_photos WHEN new.stack_id <> old.stack_id BEGIN
  INSERT OR IGNORE INTO stacks_stale VALUES (old.stack_id), (new.stack_id);
  INSERT OR IGNORE INTO search_stale VALUES (new.photo_id);
END;
CREATE TRIGGER stack_photos_delete AFTER DELETE ON stack_photos BEGIN
  INSERT OR IGNORE INTO stacks_stale VALUES (old.stack_id);
  INSERT OR IGNORE INTO search_stale SELECT id FROM photos WHERE id = old.photo_id;
END;
CREATE TRIGGER stacks_best AFTER UPDATE OF best ON stacks WHEN new.best IS NOT old.best BEGIN
  INSERT OR IGNORE INTO search_stale SELECT id FROM photos WHERE id IN (old.best, new.best);
END;
CREATE TRIGGER stack_choices_insert AFTER INSERT ON stack_choices BEGIN
  INSERT OR IGNORE INTO stacks_stale SELECT stack_id FROM stack_photos WHERE photo_id = new.photo_id;
END;
CREATE TRIGGER stack_choices_delete AFTER DELETE ON stack_choices BEGIN
  INSERT OR IGNORE INTO stacks_stale SELECT stack_id FROM stack_photos WHERE photo_id = old.photo_id;
END;
-- Ratings and favourites, of whatever source, are told to the index of searches.
CREATE TRIGGER search_stale_stack BEFORE INSERT ON search_stale BEGIN
  INSERT OR IGNORE INTO stacks_stale SELECT stack_id FROM stack_photos WHERE photo_id = new.photo_id;
END;
