-- What files said about photos, each source on its own: reading a source again replaces its rows and no others.
CREATE TABLE metadata_sources (
  id          INTEGER PRIMARY KEY,
  photo_id    INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
  kind        TEXT    NOT NULL CHECK (kind IN ('table', 'sidecar', 'takeout', 'embedded')),
  name        TEXT    NOT NULL,                 -- of the sidecar's file; '' for embedded and table
  read_ms     INTEGER NOT NULL,
  title       TEXT,
  rating      INTEGER,
  is_favorite INTEGER NOT NULL,
  UNIQUE (photo_id, kind, name)
) STRICT;

CREATE TABLE metadata_captions (
  source_id INTEGER NOT NULL REFERENCES metadata_sources(id) ON DELETE CASCADE,
  position  INTEGER NOT NULL,                   -- 0 is the one to show
  text      TEXT    NOT NULL,
  language  TEXT,
  field     TEXT    NOT NULL,                   -- such as xmp:dc:description
  PRIMARY KEY (source_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE metadata_keywords (
  source_id INTEGER NOT NULL REFERENCES metadata_sources(id) ON DELETE CASCADE,
  keyword   TEXT    NOT NULL,
  PRIMARY KEY (source_id, keyword)
) STRICT, WITHOUT ROWID;

CREATE TABLE metadata_people (
  source_id INTEGER NOT NULL REFERENCES metadata_sources(id) ON DELETE CASCADE,
  name      TEXT    NOT NULL,
  left_part REAL,                               -- fractions of the picture; all four or none
  top_part  REAL,
  width     REAL,
  height    REAL,
  PRIMARY KEY (source_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE metadata_places (
  source_id INTEGER NOT NULL REFERENCES metadata_sources(id) ON DELETE CASCADE,
  kind      TEXT    NOT NULL CHECK (kind IN ('sublocation', 'city', 'state', 'country')),
  name      TEXT    NOT NULL,
  PRIMARY KEY (source_id, kind, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX metadata_by_keyword ON metadata_keywords (keyword);
CREATE INDEX metadata_by_person  ON metadata_people (name);

-- Exports of captions into sidecars, newest last, so that each can be taken back.
CREATE TABLE exports (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  started_ms  INTEGER NOT NULL,
  finished_ms INTEGER,
  undone_ms   INTEGER
) STRICT;

-- Written before the file is: what is in `before` can always be put back.
CREATE TABLE exported_files (
  id            INTEGER PRIMARY KEY,
  export_id     INTEGER NOT NULL REFERENCES exports(id) ON DELETE CASCADE,
  path          TEXT    NOT NULL,               -- absolute, in the form of file-name.ts
  before        BLOB,                           -- the bytes that were there; null: there was no file
  after_sha256  BLOB    NOT NULL                -- of what was written
) STRICT;

CREATE INDEX exported_files_by_export ON exported_files (export_id);

-- Titles, keywords, people and places are found like captions.
DROP VIEW search_extra;
CREATE VIEW search_extra (photo_id, text) AS
  SELECT photo_id, title FROM metadata_sources WHERE title IS NOT NULL
  UNION ALL
  SELECT photo_id, keyword FROM metadata_sources JOIN metadata_keywords ON source_id = id
  UNION ALL
  SELECT photo_id, metadata_people.name FROM metadata_sources JOIN metadata_people ON source_id = id
  UNION ALL
  SELECT photo_id, metadata_places.name FROM metadata_sources JOIN metadata_places ON source_id = id;

-- The rows below a source come and go with it, in one transaction.
CREATE TRIGGER metadata_search_insert AFTER INSERT ON metadata_sources BEGIN
  INSERT OR IGNORE INTO search_stale VALUES (new.photo_id);
END;

CREATE TRIGGER metadata_search_delete AFTER DELETE ON metadata_sources BEGIN
  INSERT OR IGNORE INTO search_stale SELECT id FROM photos WHERE id = old.photo_id;
END;
