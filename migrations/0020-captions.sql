-- Every caption a photo ever had. The current one is named by its photo, so that reading it is one look-up;
-- the store keeps it by precedence (person, imported, model) and then by time.
CREATE TABLE captions (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  photo_id     INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
  text         TEXT    NOT NULL,
  source       TEXT    NOT NULL CHECK (source IN ('person', 'imported', 'model')),
  model_id     TEXT,
  adapter_id   TEXT,
  language     TEXT,
  score        REAL,
  content_hash BLOB,
  created_ms   INTEGER NOT NULL
) STRICT;

CREATE INDEX captions_by_photo ON captions (photo_id, id DESC);

ALTER TABLE photos ADD COLUMN caption_id INTEGER REFERENCES captions(id) ON DELETE SET NULL;
-- The model and adapter whose caption this photo last got, for its present content: what the queue compares.
ALTER TABLE photos ADD COLUMN captioned_by TEXT;
CREATE INDEX photos_to_caption ON photos (captioned_by, sort_ms DESC)
  WHERE indexed_ms IS NOT NULL AND missing_since_ms IS NULL AND error_code IS NULL;
