-- Long work is done in slices, each a transaction of its own. What is still to be done stands here, so that a process that
-- was killed, or another one, goes on with it.

-- Folders whose photos' entries are all to be renewed; up to this id they are. The path is among the words that photos are
-- found by.
CREATE TABLE search_stale_folders (
  folder_id   INTEGER PRIMARY KEY REFERENCES folders(id) ON DELETE CASCADE,
  up_to_photo INTEGER NOT NULL
) STRICT;

CREATE TRIGGER folders_search_path AFTER UPDATE OF path ON folders WHEN old.path <> new.path BEGIN
  INSERT OR REPLACE INTO search_stale_folders VALUES (new.id, 0);
END;

-- The search index is to be thrown away and made anew: photos up to this id have let go of their entries. At most one row.
CREATE TABLE search_emptying (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  up_to_photo INTEGER NOT NULL
) STRICT;

-- A folder that a person removed: nobody sees it any more, and its photos are being forgotten.
ALTER TABLE folders ADD COLUMN is_leaving INTEGER NOT NULL DEFAULT 0;

-- A change of many captions that is one edit. While it is `planned` nothing has changed yet, and a kill leaves nothing of it;
-- from then on it is done to the end, or undone to the beginning, whatever happens. At most one row.
CREATE TABLE caption_changes (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  kind         TEXT    NOT NULL CHECK (kind IN ('set', 'undo', 'redo')),
  state        TEXT    NOT NULL CHECK (state IN ('planned', 'doing', 'undoing')),
  up_to        INTEGER NOT NULL,                -- the last position that is done
  changed_ms   INTEGER NOT NULL,
  edit_id      INTEGER,                         -- of a set: known with its first caption
  undo_step    INTEGER,                         -- of an undo or a redo: of its captions
  undone_after INTEGER,
  withdrawn_ms INTEGER
) STRICT;

CREATE TABLE caption_change_steps (
  position   INTEGER PRIMARY KEY,
  photo_id   INTEGER NOT NULL,
  caption_id INTEGER,                           -- of a set: the one that is current before; else what is taken or brought back
  words      TEXT,                              -- of a set: JSON
  before     TEXT                               -- of a set: JSON of what a table said before
) STRICT;

CREATE UNIQUE INDEX caption_change_words ON caption_change_steps (photo_id) WHERE words IS NOT NULL;

-- Which edit was the last, and which can be brought back, however many captions others have.
CREATE INDEX captions_by_standing_edit ON captions (edit_id) WHERE edit_id IS NOT NULL AND withdrawn_ms IS NULL;
CREATE INDEX captions_by_undone_after ON captions (undone_after, undo_step) WHERE undo_step IS NOT NULL;
-- Which model captioned last, however much people wrote since.
CREATE INDEX captions_by_models ON captions (id) WHERE source = 'model';
