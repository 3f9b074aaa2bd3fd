-- What a person does in one go is one edit, whatever it changes: its number is from one row of numbers, so that the last one is
-- known, and is taken back before others, whether captions or anything else were changed.
CREATE TABLE edits (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT    NOT NULL CHECK (kind IN ('caption', 'replacement', 'table', 'marks', 'regeneration'))
) STRICT;

INSERT INTO edits SELECT DISTINCT edit_id, 'caption' FROM captions WHERE edit_id IS NOT NULL;
