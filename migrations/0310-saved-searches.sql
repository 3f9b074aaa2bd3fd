-- Queries that a person gave a name.
CREATE TABLE saved_searches (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  name  TEXT NOT NULL UNIQUE,
  query TEXT NOT NULL
) STRICT;
