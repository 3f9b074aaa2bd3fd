-- Adapters of this library: what a training made, and what was imported. The file is adapters/ID.safetensors beside the
-- database; a row without its file is one that cannot be used.
CREATE TABLE adapters (
  id         TEXT    NOT NULL PRIMARY KEY,      -- SHA-256 over the tensors and the settings that decide words
  base_model TEXT    NOT NULL,                  -- id of the model that it is for
  parent     TEXT,                              -- what its training began with; null: the model's own, or nobody says
  origin     TEXT    NOT NULL CHECK (origin IN ('trained', 'imported')),
  state      TEXT    NOT NULL CHECK (state IN ('proposed', 'kept')), -- proposed: trained, and not accepted yet
  name       TEXT    NOT NULL,
  note       TEXT    NOT NULL,
  created_ms INTEGER,                           -- null: nobody says
  added_ms   INTEGER NOT NULL,
  shape      TEXT    NOT NULL,                  -- JSON: rank, heads and the like
  names      TEXT    NOT NULL,                  -- JSON: what it calls by its name
  data       TEXT    NOT NULL,                  -- JSON: what it learned from, in figures
  metrics    TEXT    NOT NULL,                  -- JSON: how good it was found to be by whoever made it
  measured   TEXT                               -- JSON: on labelled photos of this library; null: it was not
) STRICT, WITHOUT ROWID;

-- Contents whose labels an adapter learned: it is not judged by them, also where it was written out, thrown away and comes back.
CREATE TABLE adapter_examples (
  adapter_id   TEXT NOT NULL,
  content_hash BLOB NOT NULL,
  PRIMARY KEY (adapter_id, content_hash)
) STRICT, WITHOUT ROWID;

-- Which adapter captioned in the place of which, so that each can be rolled back. The last is active.
CREATE TABLE adapter_turns (
  position   INTEGER PRIMARY KEY AUTOINCREMENT,
  model      TEXT    NOT NULL,                  -- as it was chosen: a name, or a folder
  adapter_id TEXT    NOT NULL,
  before_id  TEXT,                              -- null: the model's own
  since_ms   INTEGER NOT NULL
) STRICT;

-- Every training there was; at most one of them is running. Its files are teaching/ID beside the database.
CREATE TABLE trainings (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  state         TEXT    NOT NULL
    CHECK (state IN ('running', 'cancelled', 'failed', 'finished', 'accepted', 'discarded')),
  asked         TEXT    NOT NULL,               -- JSON
  started_ms    INTEGER NOT NULL,
  ended_ms      INTEGER,
  resumes       INTEGER NOT NULL DEFAULT 0,     -- after its engine died
  labels        INTEGER,                        -- null: not planned yet
  replayed      INTEGER,
  parent        TEXT,
  adapter_id    TEXT,
  outcome       TEXT,                           -- JSON
  error_code    TEXT,
  error_message TEXT
) STRICT;

CREATE UNIQUE INDEX trainings_running ON trainings (state) WHERE state = 'running';

-- Edits of one photo's caption, for labels are among them.
CREATE INDEX edits_of_one ON edits (id) WHERE kind = 'caption' AND photos = 1;

-- Photos in the words of people, and of files, of which there are few beside the model's.
CREATE INDEX photos_by_person ON photos (id) WHERE caption_source = 'person';
CREATE INDEX photos_by_import ON photos (id) WHERE caption_source = 'imported';
