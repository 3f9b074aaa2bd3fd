-- What comparing folders with the disk has to remember: which volume a folder is on, what was mounted below
-- it, on which days it was looked through, and moves that the content has not confirmed yet.
ALTER TABLE folders ADD COLUMN device INTEGER;          -- st_dev at the last scan; another after a restart
ALTER TABLE folders ADD COLUMN volume_id TEXT;          -- the same on every machine and mount path, or null
ALTER TABLE folders ADD COLUMN volume_path TEXT;        -- the folder below its volume's mount point
ALTER TABLE folders ADD COLUMN offline_reason TEXT;     -- gone, emptied, unreadable, other-volume
ALTER TABLE folders ADD COLUMN excludes TEXT NOT NULL DEFAULT '[]'; -- JSON array of globs
ALTER TABLE folders ADD COLUMN watch_mode TEXT CHECK (watch_mode IN ('watching', 'polling'));
ALTER TABLE folders ADD COLUMN watch_reason TEXT;       -- a sentence: why it is polled

-- Begin of the scan that first saw the file: tells the copy from the original.
ALTER TABLE photos ADD COLUMN arrived_ms INTEGER NOT NULL DEFAULT 0;

DROP INDEX photos_by_content;
CREATE INDEX photos_by_content ON photos (content_hash, arrived_ms) WHERE content_hash IS NOT NULL;
CREATE INDEX photos_missing_by_content ON photos (content_hash)
  WHERE missing_since_ms IS NOT NULL AND content_hash IS NOT NULL;

-- Other file systems mounted below a folder. One that is not mounted leaves an empty directory behind, or
-- none: neither says anything about its photos.
CREATE TABLE folder_mounts (
  folder_id INTEGER NOT NULL REFERENCES folders(id) ON DELETE CASCADE,
  directory TEXT    NOT NULL,
  volume_id TEXT,
  PRIMARY KEY (folder_id, directory)
) STRICT, WITHOUT ROWID;

-- Days (since 1970 UTC) on which a folder was looked through completely: a photo is forgotten only when it was
-- missed on several of them, so that no clock that jumps ahead removes anything.
CREATE TABLE folder_scan_days (
  folder_id INTEGER NOT NULL REFERENCES folders(id) ON DELETE CASCADE,
  day       INTEGER NOT NULL,
  PRIMARY KEY (folder_id, day)
) STRICT, WITHOUT ROWID;

-- A photo that was given a new place because inode, size and time agreed, with the place it had before: it
-- goes back there, as missing, should the content turn out to be another's.
CREATE TABLE unconfirmed_moves (
  photo_id    INTEGER PRIMARY KEY REFERENCES photos(id) ON DELETE CASCADE,
  folder_id   INTEGER NOT NULL,
  directory   TEXT    NOT NULL,
  name        TEXT    NOT NULL
) STRICT;
