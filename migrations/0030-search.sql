-- Full text over captions, names, folders, cameras. The words are prepared by the program (folded, stemmed,
-- cut where a script has no spaces), so the tokenizer only splits at spaces. A word outside the caption is
-- `:word`, so that "in the caption" needs no look at columns; `by=person` is a filter, and so takes part in the
-- same intersection as words. No text is kept twice.
CREATE VIRTUAL TABLE search_index USING fts5(
  caption, words, folder, camera, lens, flags,
  content = '', contentless_delete = 1, tokenize = "ascii tokenchars '=:'"
);

-- Let merging in idle moments begin with two pieces, not four: a search visits every piece for every word.
INSERT INTO search_index (search_index, rank) VALUES ('usermerge', 2);

-- The row number in the index follows the photo's time, so that "newest first" is the index's own order and
-- a range of dates is a range of rows.
ALTER TABLE photos ADD COLUMN search_id INTEGER;
CREATE UNIQUE INDEX photos_by_search_id ON photos (search_id) WHERE search_id IS NOT NULL;

-- Which documents have a token, in blocks of bits: combinations of words and filters are counted by them, and
-- FTS5 is left with words in a row. A document is one state of an entry; a photo that changes gets a new one.
CREATE TABLE search_postings (
  token     TEXT    NOT NULL,
  block     INTEGER NOT NULL,
  documents BLOB    NOT NULL,
  PRIMARY KEY (token, block)
) STRICT, WITHOUT ROWID;

-- Each document's row in the index, as doubles, 1024 to a piece. Only ever appended to, until a rebuild, which
-- is another generation. Old documents only ever leave `is=photo`: `removals` tells who remembers it.
CREATE TABLE search_rows (piece INTEGER PRIMARY KEY, rows BLOB NOT NULL) STRICT;
CREATE TABLE search_generation (number INTEGER NOT NULL, removals INTEGER NOT NULL) STRICT;
INSERT INTO search_generation VALUES (1, 0);
ALTER TABLE photos ADD COLUMN search_document INTEGER;
-- Documents of photos that were removed; emptied before the commit.
CREATE TABLE search_dead (document INTEGER PRIMARY KEY) STRICT;

-- Every word there is as it is written, with the form it is indexed under: what typing completes and what a
-- mistyped word is compared with. The counts are a rank, not a promise: they are exact after a rebuild only.
CREATE TABLE search_words (
  word     TEXT    NOT NULL PRIMARY KEY,
  stem     TEXT    NOT NULL,
  captions INTEGER NOT NULL,  -- photos that have it in the caption, and elsewhere
  others   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Photos whose entry in the index is older than their row. Filled by triggers in the transaction of the
-- change and emptied before its commit, or later where it would be too many at once.
CREATE TABLE search_stale (photo_id INTEGER PRIMARY KEY) STRICT;

-- Further words of a photo (titles, keywords, people, places). Later migrations replace this view, and see
-- that their own changes reach search_stale.
CREATE VIEW search_extra (photo_id, text) AS SELECT id, name FROM photos WHERE false;

INSERT INTO search_stale SELECT id FROM photos;

CREATE TRIGGER photos_search_insert AFTER INSERT ON photos BEGIN
  INSERT OR IGNORE INTO search_stale VALUES (new.id);
END;

CREATE TRIGGER photos_search_update
AFTER UPDATE OF folder_id, directory, name, sort_ms, camera, lens, missing_since_ms, error_code, caption_id
ON photos
WHEN old.folder_id <> new.folder_id OR old.directory <> new.directory OR old.name <> new.name
  OR old.sort_ms <> new.sort_ms OR old.camera IS NOT new.camera OR old.lens IS NOT new.lens
  OR (old.missing_since_ms IS NULL) <> (new.missing_since_ms IS NULL)
  OR (old.error_code IS NULL) <> (new.error_code IS NULL) OR old.caption_id IS NOT new.caption_id
BEGIN
  INSERT OR IGNORE INTO search_stale VALUES (new.id);
END;

CREATE TRIGGER photos_search_delete AFTER DELETE ON photos BEGIN
  DELETE FROM search_index WHERE rowid = old.search_id;
  INSERT INTO search_dead SELECT old.search_document WHERE old.search_document IS NOT NULL;
  DELETE FROM search_stale WHERE photo_id = old.id;
END;

CREATE TRIGGER captions_search_insert AFTER INSERT ON captions BEGIN
  INSERT OR IGNORE INTO search_stale VALUES (new.photo_id);
END;
