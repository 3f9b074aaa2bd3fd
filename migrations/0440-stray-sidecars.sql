-- Files that look as if they described a photo, and describe none: how many there are in a directory, and some of them. Told, so that
-- it shows where a program names its files in a way that is not known here.
CREATE TABLE stray_sidecars (
  folder_id INTEGER NOT NULL REFERENCES folders(id) ON DELETE CASCADE,
  directory TEXT    NOT NULL,
  files     INTEGER NOT NULL,
  first     TEXT    NOT NULL,          -- JSON, names
  seen_ms   INTEGER NOT NULL,          -- beginning of the scan
  PRIMARY KEY (folder_id, directory)
) STRICT, WITHOUT ROWID;
