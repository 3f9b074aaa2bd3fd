-- What is taken back later has a higher step, and what is taken back in one go has the same: redo brings the highest.
-- Clocks do not tell, nor do ids: an undo, new words, and their undo leave the older words below the newer ones.
ALTER TABLE captions ADD COLUMN undo_step INTEGER;    -- null for words that stand, and for what no person took back
-- The newest edit of that moment: one that was begun since ends the chance to bring an edit back.
ALTER TABLE captions ADD COLUMN undone_after INTEGER;

CREATE TEMP TABLE steps_before AS
  SELECT id, dense_rank() OVER (ORDER BY withdrawn_ms, edit_id DESC) AS step FROM captions
  WHERE source = 'person' AND withdrawn_ms IS NOT NULL;
UPDATE captions SET undo_step = step,
  undone_after = iif(edit_id > (SELECT ifnull(max(edit_id), 0) FROM captions WHERE withdrawn_ms IS NULL),
    (SELECT max(edit_id) FROM captions), 0)
FROM steps_before WHERE steps_before.id = captions.id;
DROP TABLE steps_before;

CREATE INDEX captions_undone ON captions (undo_step, undone_after) WHERE undo_step IS NOT NULL;
