-- What a person did, the oldest first: whatever is taken back as one. An edit had the id of its first caption; these go on above
-- them.
CREATE TABLE edits (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  kind         TEXT    NOT NULL,                -- 'caption', 'replacement', 'table', 'marks', 'regeneration'
  photos       INTEGER NOT NULL,                -- that it changed
  -- As of captions, of edits that are no captions, and so are taken back as a whole alone.
  undo_step    INTEGER,
  undone_after INTEGER
) STRICT;
INSERT INTO edits (id, kind, photos)
  SELECT edit_id, 'caption', count(*) FROM captions WHERE edit_id IS NOT NULL GROUP BY edit_id;

CREATE INDEX edits_standing ON edits (id) WHERE kind IN ('marks', 'regeneration') AND undo_step IS NULL;
CREATE INDEX edits_undone ON edits (undone_after, undo_step) WHERE undo_step IS NOT NULL;

-- The edit that took a person's or imported words away, for the model to say again what it sees.
ALTER TABLE captions ADD COLUMN taken_by INTEGER;
CREATE INDEX captions_by_taker ON captions (taken_by, photo_id) WHERE taken_by IS NOT NULL;

-- As before, with more kinds, and words that are those of all photos.
CREATE TABLE caption_changes_now (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  kind         TEXT    NOT NULL,
  state        TEXT    NOT NULL CHECK (state IN ('planned', 'doing', 'undoing')),
  up_to        INTEGER NOT NULL,                -- the last position that is done
  changed_ms   INTEGER NOT NULL,
  edit_id      INTEGER,                         -- of what is begun: known with the first photo that it changes
  edit_kind    TEXT,                            -- of what is begun
  words        TEXT,                            -- JSON; what a step says goes before
  undo_step    INTEGER,                         -- of an undo or a redo
  undone_after INTEGER,
  withdrawn_ms INTEGER
) STRICT;
INSERT INTO caption_changes_now
  SELECT id, kind, state, up_to, changed_ms, edit_id, iif(kind = 'set', 'caption', NULL), NULL,
    undo_step, undone_after, withdrawn_ms
  FROM caption_changes;
DROP TABLE caption_changes;
ALTER TABLE caption_changes_now RENAME TO caption_changes;
