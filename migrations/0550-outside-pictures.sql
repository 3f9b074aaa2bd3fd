-- Pictures that are no photos of the library, and that a person compared these with: where the model saw them, and nothing else of them.
CREATE TABLE outside_pictures (
  name   TEXT    NOT NULL PRIMARY KEY,  -- the first 16 of the SHA-256 of its bytes, lower-case hex
  space  INTEGER NOT NULL REFERENCES spaces(number),
  vector BLOB    NOT NULL,              -- as in embeddings
  used   INTEGER NOT NULL               -- grows: which were used last
) STRICT;
