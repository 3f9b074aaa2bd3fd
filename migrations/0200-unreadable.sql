-- Directories below folders that could not be listed when they were looked at last, and why. What is known of their photos
-- stays as it is.
CREATE TABLE unreadable_directories (
  folder_id INTEGER NOT NULL REFERENCES folders(id) ON DELETE CASCADE,
  directory TEXT    NOT NULL,
  code      TEXT    NOT NULL,          -- the file system's own: EACCES, EIO …
  seen_ms   INTEGER NOT NULL,
  PRIMARY KEY (folder_id, directory)
) STRICT, WITHOUT ROWID;
