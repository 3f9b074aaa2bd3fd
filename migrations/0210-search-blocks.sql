-- Blocks of documents: how many were ever made in each. One that no document lives in any more is let go: readers do not
-- see it from then on, and what it leaves in search_postings is deleted little by little. Its number never comes again.
CREATE TABLE search_blocks (
  block     INTEGER PRIMARY KEY,
  made      INTEGER NOT NULL,
  is_let_go INTEGER NOT NULL
) STRICT;
INSERT INTO search_blocks SELECT piece / 64, sum(length(rows)) / 8, 0 FROM search_rows GROUP BY piece / 64;

-- By block first, so that what is written together and what is let go together stand side by side.
ALTER TABLE search_postings RENAME TO search_postings_by_token;
CREATE TABLE search_postings (
  block     INTEGER NOT NULL,
  token     TEXT    NOT NULL,
  documents BLOB    NOT NULL,
  PRIMARY KEY (block, token)
) STRICT, WITHOUT ROWID;
INSERT INTO search_postings SELECT block, token, documents FROM search_postings_by_token ORDER BY block, token;
DROP TABLE search_postings_by_token;
