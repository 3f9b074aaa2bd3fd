-- Sidecars as they were when the photos they describe were last made work for the indexer: what differs from
-- this makes them work again. Only files that describe a known photo are here.
CREATE TABLE sidecars (
  folder_id   INTEGER NOT NULL REFERENCES folders(id) ON DELETE CASCADE,
  directory   TEXT    NOT NULL,
  name        TEXT    NOT NULL,
  size_bytes  INTEGER NOT NULL,
  modified_ms REAL    NOT NULL,
  PRIMARY KEY (folder_id, directory, name)
) STRICT, WITHOUT ROWID;
