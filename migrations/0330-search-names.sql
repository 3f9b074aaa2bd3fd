-- Names of people, keywords, folders, cameras and lenses, for what typing completes: each from the beginning of each of its words,
-- folded. The counts are a rank, as those of search_words.
CREATE TABLE search_names (
  begin  TEXT    NOT NULL,
  kind   TEXT    NOT NULL,
  name   TEXT    NOT NULL,
  photos INTEGER NOT NULL,
  PRIMARY KEY (begin, kind, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX search_names_by_kind ON search_names (kind, photos DESC, name);

-- Entries of before do not have them.
INSERT OR IGNORE INTO search_stale_folders SELECT id, 0 FROM folders;
