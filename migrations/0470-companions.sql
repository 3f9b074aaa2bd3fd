-- Files that are a part of a photo beside its own file: the raw file of a JPEG, the video of a Live Photo. A row says where a file
-- is, or was last; it belongs to the photo for as long as that is in the same directory.
CREATE TABLE companions (
  folder_id   INTEGER NOT NULL REFERENCES folders(id) ON DELETE CASCADE,
  directory   TEXT    NOT NULL,
  name        TEXT    NOT NULL,
  photo_id    INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
  kind        TEXT    NOT NULL CHECK (kind IN ('raw', 'video')),
  size_bytes  INTEGER NOT NULL,
  modified_ms REAL    NOT NULL,
  device      INTEGER NOT NULL,
  inode       INTEGER NOT NULL,
  -- 1: for all its name, what stands in it is of another photo than this one.
  is_other    INTEGER NOT NULL DEFAULT 0 CHECK (is_other IN (0, 1)),
  PRIMARY KEY (folder_id, directory, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX companions_by_photo ON companions (photo_id);
CREATE INDEX companions_by_look  ON companions (size_bytes, modified_ms);
CREATE INDEX companions_by_kind  ON companions (kind) WHERE is_other = 0;

-- A photo is found by the names of all its files.
CREATE TRIGGER companions_search_insert AFTER INSERT ON companions BEGIN
  INSERT OR IGNORE INTO search_stale VALUES (new.photo_id);
END;

CREATE TRIGGER companions_search_update AFTER UPDATE OF photo_id, is_other ON companions BEGIN
  INSERT OR IGNORE INTO search_stale VALUES (new.photo_id);
  INSERT OR IGNORE INTO search_stale SELECT id FROM photos WHERE id = old.photo_id;
END;

CREATE TRIGGER companions_search_delete AFTER DELETE ON companions BEGIN
  INSERT OR IGNORE INTO search_stale SELECT id FROM photos WHERE id = old.photo_id;
END;

-- What stands in a companion, or in a sidecar of it alone, comes after what is of the photo's own file. The rest of the view is as before.
ALTER TABLE metadata_sources ADD COLUMN is_of_companion INTEGER NOT NULL DEFAULT 0 CHECK (is_of_companion IN (0, 1));

DROP VIEW search_filters;
CREATE VIEW search_filters (photo_id, rating, is_favorite, people, keywords) AS
  SELECT id,
    coalesce(
      (SELECT value FROM marks WHERE photo_id = photos.id AND kind = 'rating' AND is_current),
      (SELECT rating FROM metadata_sources WHERE photo_id = photos.id AND rating IS NOT NULL
         ORDER BY CASE kind WHEN 'table' THEN 0 WHEN 'sidecar' THEN 1 WHEN 'takeout' THEN 2 ELSE 3 END,
           is_of_companion, length(name) DESC, name LIMIT 1)),
    coalesce(
      (SELECT value FROM marks WHERE photo_id = photos.id AND kind = 'favorite' AND is_current),
      EXISTS (SELECT 1 FROM metadata_sources WHERE photo_id = photos.id AND is_favorite = 1)),
    (SELECT json_group_array(name) FROM (
       SELECT metadata_people.name AS name
         FROM metadata_sources JOIN metadata_people ON source_id = metadata_sources.id WHERE photo_id = photos.id
       UNION SELECT name FROM marks WHERE photo_id = photos.id AND kind = 'person' AND is_current AND value = 1
       EXCEPT SELECT name FROM marks WHERE photo_id = photos.id AND kind = 'person' AND is_current AND value = 0)),
    (SELECT json_group_array(name) FROM (
       SELECT keyword AS name
         FROM metadata_sources JOIN metadata_keywords ON source_id = metadata_sources.id WHERE photo_id = photos.id
       UNION SELECT name FROM marks WHERE photo_id = photos.id AND kind = 'keyword' AND is_current AND value = 1
       EXCEPT SELECT name FROM marks WHERE photo_id = photos.id AND kind = 'keyword' AND is_current AND value = 0))
  FROM photos;

-- `has:raw` finds them: entries of before do not have it.
INSERT OR IGNORE INTO search_stale SELECT id FROM photos WHERE lower(substr(name, -4)) IN
  ('.3fr', '.arw', '.cr2', '.cr3', '.crw', '.dcr', '.dng', '.erf', '.fff', '.iiq', '.kdc', '.mef', '.mos', '.mrw', '.nef', '.nrw',
   '.orf', '.pef', '.raf', '.raw', '.rw2', '.rwl', '.sr2', '.srf', '.srw', '.x3f');
