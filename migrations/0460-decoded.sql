-- Whether the file of a photo's present content ends before its picture does; null: nobody has decoded it yet. From then on width and
-- height are those of the picture as it was decoded, whatever is said of it elsewhere.
ALTER TABLE photos ADD COLUMN is_cut_off INTEGER CHECK (is_cut_off IN (0, 1));

CREATE TRIGGER photos_search_cut_off AFTER UPDATE OF is_cut_off ON photos
WHEN ifnull(old.is_cut_off, 0) <> ifnull(new.is_cut_off, 0) BEGIN
  INSERT OR IGNORE INTO search_stale VALUES (new.id);
END;
