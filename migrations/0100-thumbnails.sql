-- Contents that a removed photo had: where no other photo has them, their thumbnails are to be removed too.
CREATE TABLE contents_left (content_hash BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TRIGGER photos_contents_delete AFTER DELETE ON photos WHEN old.content_hash IS NOT NULL BEGIN
  INSERT OR IGNORE INTO contents_left VALUES (old.content_hash);
END;

-- Earlier states of the picture.
CREATE TRIGGER captions_contents_delete AFTER DELETE ON captions WHEN old.content_hash IS NOT NULL BEGIN
  INSERT OR IGNORE INTO contents_left VALUES (old.content_hash);
END;
