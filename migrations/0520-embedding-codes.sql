-- How the vectors of a space are shortened for a first look at all of them, once there are enough to tell.
CREATE TABLE embedding_bases (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  space       INTEGER NOT NULL UNIQUE REFERENCES spaces(number),
  width       INTEGER NOT NULL,  -- of the vectors: p
  numbers     BLOB    NOT NULL,  -- float32, see library/meaning/basis.ts
  up_to_photo INTEGER            -- the photos that there were before have codes up to this one; null: all
) STRICT;

-- The codes of 512 photos whose ids follow each other.
CREATE TABLE embedding_codes (
  basis   INTEGER NOT NULL,
  block   INTEGER NOT NULL,
  version INTEGER NOT NULL UNIQUE,  -- grows with every change: who knows the codes reads those that are newer
  present BLOB    NOT NULL,         -- 512 bits: which of the photos have one
  codes   BLOB    NOT NULL,         -- uint8 [dimensions / 2, 512]; nothing where no photo has one
  PRIMARY KEY (basis, block)
) STRICT;

-- Photos whose code is older than their vector.
CREATE TABLE embedding_stale (photo_id INTEGER PRIMARY KEY) STRICT;
INSERT INTO embedding_stale SELECT photo_id FROM embeddings;

CREATE TRIGGER embeddings_code_insert AFTER INSERT ON embeddings BEGIN
  INSERT OR IGNORE INTO embedding_stale VALUES (new.photo_id);
END;
CREATE TRIGGER embeddings_code_update AFTER UPDATE OF vector ON embeddings BEGIN
  INSERT OR IGNORE INTO embedding_stale VALUES (new.photo_id);
END;
CREATE TRIGGER embeddings_code_delete AFTER DELETE ON embeddings BEGIN
  INSERT OR IGNORE INTO embedding_stale VALUES (old.photo_id);
END;

CREATE INDEX photos_by_space ON photos (embedded_in) WHERE embedded_in IS NOT NULL;
