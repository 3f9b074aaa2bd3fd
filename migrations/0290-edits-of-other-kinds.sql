-- On how many photos an edit was; and of one that is no captions, and so is taken back as a whole alone, that it was taken back, as
-- captions have it.
ALTER TABLE edits ADD COLUMN photos INTEGER NOT NULL DEFAULT 0;
ALTER TABLE edits ADD COLUMN undo_step INTEGER;
ALTER TABLE edits ADD COLUMN undone_after INTEGER;
UPDATE edits SET photos = (SELECT count(*) FROM captions WHERE edit_id = edits.id);
CREATE INDEX edits_standing ON edits (id) WHERE kind IN ('marks', 'regeneration') AND undo_step IS NULL;
CREATE INDEX edits_undone ON edits (undone_after, undo_step) WHERE undo_step IS NOT NULL;

-- The edit that took a person's or imported words away, for the model to say again what it sees.
ALTER TABLE captions ADD COLUMN taken_by INTEGER;
CREATE INDEX captions_by_taker ON captions (taken_by, photo_id) WHERE taken_by IS NOT NULL;

-- As before, with more kinds, and with words that are those of all photos.
CREATE TABLE caption_changes_now (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  kind         TEXT    NOT NULL,
  state        TEXT    NOT NULL CHECK (state IN ('planned', 'doing', 'undoing')),
  up_to        INTEGER NOT NULL,                -- the last position that is done
  changed_ms   INTEGER NOT NULL,
  edit_kind    TEXT,                            -- of an edit that is begun
  edit_id      INTEGER,                         -- of that, known with the first photo it changes; else one taken back as a whole
  words        TEXT,                            -- JSON; what a step says goes before
  undo_step    INTEGER,                         -- of an undo or a redo
  undone_after INTEGER,
  withdrawn_ms INTEGER
) STRICT;
INSERT INTO caption_changes_now
  SELECT id, kind, state, up_to, changed_ms, iif(kind = 'set', 'caption', NULL), edit_id, NULL,
    undo_step, undone_after, withdrawn_ms
  FROM caption_changes;
DROP TABLE caption_changes;
ALTER TABLE caption_changes_now RENAME TO caption_changes;
