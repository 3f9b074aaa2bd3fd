-- Blocks of documents: how many were ever made in each. One that no document lives in any more is let go (1): readers do not
-- see it from then on, and what it leaves in search_postings is swept (2) little by little. Its number never comes again.
CREATE TABLE search_blocks (
  block     INTEGER PRIMARY KEY,
  made      INTEGER NOT NULL,
  is_let_go INTEGER NOT NULL
) STRICT;
INSERT INTO search_blocks SELECT piece / 64, sum(length(rows)) / 8, 0 FROM search_rows GROUP BY piece / 64;

-- How far search_postings was gone through for what is swept at present. At most one row.
CREATE TABLE search_sweep (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  token TEXT    NOT NULL,
  block INTEGER NOT NULL
) STRICT;
