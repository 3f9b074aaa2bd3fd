-- Photos of which a person said that they do not show what has a name, by their content: they are never offered for it again.
CREATE TABLE name_refusals (
  name         TEXT    NOT NULL,
  content_hash BLOB    NOT NULL,
  refused_ms   INTEGER NOT NULL,
  PRIMARY KEY (name, content_hash)
) STRICT, WITHOUT ROWID;

-- Which photos a person gave a name.
CREATE INDEX marks_by_name ON marks (kind, name, photo_id) WHERE is_current AND value = 1;
