-- What a table says is an edit like every other: its words are captions of that edit, and not those of a source that is read
-- again. Those of before stay, in no edit; as any imported words they give way to what a file says later.
DELETE FROM metadata_sources WHERE kind = 'table';
ALTER TABLE caption_change_steps DROP COLUMN before;

-- As before, with withdrawals: words of a source are taken away.
CREATE TABLE edits_now (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  kind         TEXT    NOT NULL
    CHECK (kind IN ('caption', 'replacement', 'table', 'marks', 'regeneration', 'withdrawal')),
  photos       INTEGER NOT NULL DEFAULT 0,
  undo_step    INTEGER,                         -- of an edit that is taken back as a whole
  undone_after INTEGER
) STRICT;
INSERT INTO edits_now SELECT id, kind, photos, undo_step, undone_after FROM edits;
DELETE FROM sqlite_sequence WHERE name = 'edits_now';
INSERT INTO sqlite_sequence SELECT 'edits_now', seq FROM sqlite_sequence WHERE name = 'edits';
DROP TABLE edits;
ALTER TABLE edits_now RENAME TO edits;
CREATE INDEX edits_standing ON edits (id)
  WHERE kind IN ('table', 'marks', 'regeneration', 'withdrawal') AND undo_step IS NULL;
CREATE INDEX edits_undone ON edits (undone_after, undo_step) WHERE undo_step IS NOT NULL;
CREATE INDEX edits_of_one ON edits (id) WHERE kind = 'caption' AND photos = 1;

-- Words that were encoded twice are put right where it is certain: sidecars are read once more with the next scan.
UPDATE sidecars SET modified_ms = 0;
