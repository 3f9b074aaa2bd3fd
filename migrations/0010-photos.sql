-- Folders a person added, and the photos below them. A photo is its row: path, size and time are attributes.
CREATE TABLE folders (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  path        TEXT    NOT NULL UNIQUE,          -- absolute
  state       TEXT    NOT NULL DEFAULT 'online' CHECK (state IN ('online', 'offline')),
  added_ms    INTEGER NOT NULL,
  scanned_ms  INTEGER                           -- end of the last complete scan
) STRICT;

CREATE TABLE photos (
  id                   INTEGER PRIMARY KEY AUTOINCREMENT,
  folder_id            INTEGER NOT NULL REFERENCES folders(id) ON DELETE CASCADE,
  directory            TEXT    NOT NULL,        -- below the folder, '/' between names, '' for the folder itself
  name                 TEXT    NOT NULL,
  size_bytes           INTEGER NOT NULL,
  modified_ms          REAL    NOT NULL,        -- as the file system tells it, with its fraction
  device               INTEGER NOT NULL,
  inode                INTEGER NOT NULL,        -- a hint; rounded where it passes 2^53
  content_hash         BLOB,                    -- SHA-256; null until the file has been read
  indexed_ms           INTEGER,                 -- when hash and metadata were last read; null: to be read
  width_px             INTEGER,
  height_px            INTEGER,
  orientation          INTEGER,
  taken_at             TEXT,                    -- YYYY-MM-DDTHH:MM:SS, the camera's wall clock
  taken_offset_minutes INTEGER,
  -- The wall clock when it was taken, else when the file was modified, as if it were UTC: what "newest first"
  -- and the dates in a search mean. A photo at 23:30 on New Year's Eve belongs to the old year everywhere.
  sort_ms              REAL    NOT NULL,
  camera               TEXT,
  lens                 TEXT,
  latitude             REAL,
  longitude            REAL,
  error_code           TEXT,
  error_message        TEXT,
  missing_since_ms     INTEGER,
  marks                INTEGER NOT NULL DEFAULT 0, -- how often it was marked to be read again
  priority             INTEGER NOT NULL DEFAULT 0, -- 1: arrived while watching, or asked for: before back-fill
  -- Its own id once another file took the place where it was last seen; such a photo is always missing.
  displaced            INTEGER NOT NULL DEFAULT 0,
  UNIQUE (folder_id, directory, name, displaced)
) STRICT;

CREATE INDEX photos_by_content ON photos (content_hash) WHERE content_hash IS NOT NULL;
CREATE INDEX photos_by_inode   ON photos (inode, device);
CREATE INDEX photos_by_time    ON photos (sort_ms DESC, id DESC);
CREATE INDEX photos_to_index   ON photos (folder_id, priority DESC, sort_ms DESC, id DESC)
  WHERE indexed_ms IS NULL AND missing_since_ms IS NULL;
CREATE INDEX photos_failed    ON photos (error_code) WHERE error_code IS NOT NULL;
CREATE INDEX photos_missing    ON photos (missing_since_ms) WHERE missing_since_ms IS NOT NULL;

-- What is marked while it is being read must be read once more: who stores what was read compares this count.
CREATE TRIGGER photos_marked AFTER UPDATE OF indexed_ms ON photos WHEN new.indexed_ms IS NULL BEGIN
  UPDATE photos SET marks = marks + 1 WHERE id = new.id;
END;
