-- Where photos were taken, derived from their positions by an offline gazetteer. It is nobody's word, and is written into no file.
CREATE TABLE places (
  id      INTEGER PRIMARY KEY,
  country TEXT NOT NULL,  -- keys of the gazetteer, '' where there is none: ISO 3166-1 alpha-2, GeoNames' numbers
  town    TEXT NOT NULL,
  city    TEXT NOT NULL,  -- the larger one that the town is a part of
  UNIQUE (country, town, city)
) STRICT;

-- Null: no position, or not looked up yet.
ALTER TABLE photos ADD COLUMN place_id INTEGER REFERENCES places(id);
CREATE INDEX photos_to_place ON photos (id) WHERE place_id IS NULL AND latitude IS NOT NULL;

-- What is known of those that photos have or had, by which version of the gazetteer.
CREATE TABLE gazetteer (
  key     TEXT    NOT NULL PRIMARY KEY,
  name    TEXT    NOT NULL,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What may be typed of their names in all languages: folded, from each of their words on.
CREATE TABLE gazetteer_names (
  begin    TEXT    NOT NULL,
  key      TEXT    NOT NULL REFERENCES gazetteer(key) ON DELETE CASCADE,
  is_whole INTEGER NOT NULL,  -- the whole name, which is found as words, too
  PRIMARY KEY (begin, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX gazetteer_names_by_key ON gazetteer_names (key);

-- By which version all places were found, or are to be: of a newer one up to this photo, null: of all.
CREATE TABLE gazetteer_version (version INTEGER NOT NULL, up_to_photo INTEGER) STRICT;
INSERT INTO gazetteer_version VALUES (0, NULL);

CREATE TRIGGER photos_place_moved AFTER UPDATE OF latitude, longitude ON photos
WHEN old.latitude IS NOT new.latitude OR old.longitude IS NOT new.longitude BEGIN
  UPDATE photos SET place_id = NULL WHERE id = new.id AND place_id IS NOT NULL;
END;

-- What waits for a new place is found by the old one until then.
CREATE TRIGGER photos_search_placed AFTER UPDATE OF place_id ON photos
WHEN old.place_id IS NOT new.place_id AND (new.place_id IS NOT NULL OR new.latitude IS NULL) BEGIN
  INSERT OR IGNORE INTO search_stale VALUES (new.id);
END;

-- The places that files state are a filter now, which entries of before do not have.
INSERT OR IGNORE INTO search_stale
  SELECT photo_id FROM metadata_sources WHERE id IN (SELECT source_id FROM metadata_places);
