-- Every caption a photo ever had; rows go away only with their photo. The current one is named by its photo,
-- so that reading it is one look-up; the store keeps it by precedence (person, imported, model), then newest.
CREATE TABLE captions (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  photo_id     INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
  text         TEXT    NOT NULL,
  source       TEXT    NOT NULL CHECK (source IN ('person', 'imported', 'model')),
  origin       TEXT,                            -- for imported: the field it came from
  model_id     TEXT,
  adapter_id   TEXT,
  language     TEXT,
  score        REAL,
  content_hash BLOB,                            -- the picture it describes
  created_ms   INTEGER NOT NULL,
  withdrawn_ms INTEGER                          -- undone, or no longer in the file: history, never current
) STRICT;

CREATE INDEX captions_by_photo ON captions (photo_id, id DESC);

-- No foreign key here: it would make SQLite look through all photos for every caption that a removed photo
-- takes along.
ALTER TABLE photos ADD COLUMN caption_id INTEGER;
ALTER TABLE photos ADD COLUMN caption_source TEXT;
-- The model and adapter whose caption this photo last got, for its present content: what the queue compares.
ALTER TABLE photos ADD COLUMN captioned_by TEXT;

-- The queue reads one range of this index for each folder and each outdated value of captioned_by.
CREATE INDEX photos_to_caption ON photos (folder_id, captioned_by, priority DESC, sort_ms DESC, id DESC)
  WHERE indexed_ms IS NOT NULL AND missing_since_ms IS NULL AND error_code IS NULL
    AND caption_source IS NOT 'person';

-- How many photos are in which state, so that no count ever walks through a million rows.
CREATE TABLE photo_tallies (
  folder_id      INTEGER NOT NULL REFERENCES folders(id) ON DELETE CASCADE,
  captioned_by   TEXT    NOT NULL,              -- '' for null, here and below
  caption_source TEXT    NOT NULL,
  is_indexed     INTEGER NOT NULL,
  is_missing     INTEGER NOT NULL,
  has_error      INTEGER NOT NULL,
  photos         INTEGER NOT NULL,
  PRIMARY KEY (folder_id, captioned_by, caption_source, is_indexed, is_missing, has_error)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER photos_tally_insert AFTER INSERT ON photos BEGIN
  INSERT INTO photo_tallies VALUES (
    new.folder_id, ifnull(new.captioned_by, ''), ifnull(new.caption_source, ''),
    new.indexed_ms IS NOT NULL, new.missing_since_ms IS NOT NULL, new.error_code IS NOT NULL, 1
  ) ON CONFLICT DO UPDATE SET photos = photos + 1;
END;

CREATE TRIGGER photos_tally_delete AFTER DELETE ON photos BEGIN
  UPDATE photo_tallies SET photos = photos - 1
  WHERE folder_id = old.folder_id AND captioned_by = ifnull(old.captioned_by, '')
    AND caption_source = ifnull(old.caption_source, '') AND is_indexed = (old.indexed_ms IS NOT NULL)
    AND is_missing = (old.missing_since_ms IS NOT NULL) AND has_error = (old.error_code IS NOT NULL);
END;

CREATE TRIGGER photos_tally_update
AFTER UPDATE OF folder_id, captioned_by, caption_source, indexed_ms, missing_since_ms, error_code ON photos
BEGIN
  UPDATE photo_tallies SET photos = photos - 1
  WHERE folder_id = old.folder_id AND captioned_by = ifnull(old.captioned_by, '')
    AND caption_source = ifnull(old.caption_source, '') AND is_indexed = (old.indexed_ms IS NOT NULL)
    AND is_missing = (old.missing_since_ms IS NOT NULL) AND has_error = (old.error_code IS NOT NULL);
  INSERT INTO photo_tallies VALUES (
    new.folder_id, ifnull(new.captioned_by, ''), ifnull(new.caption_source, ''),
    new.indexed_ms IS NOT NULL, new.missing_since_ms IS NOT NULL, new.error_code IS NOT NULL, 1
  ) ON CONFLICT DO UPDATE SET photos = photos + 1;
END;
