-- Captions from all over the library in a space, by which photos are told that lie near every text.
CREATE TABLE hubness (
  space     INTEGER PRIMARY KEY REFERENCES spaces(number),
  width     INTEGER NOT NULL,  -- of the vectors: p
  texts     BLOB    NOT NULL,  -- int8 [n, p]: directions, whose largest number is ±127
  usual     REAL    NOT NULL,  -- mean over the photos of these captions, see library/meaning/hubness.ts
  captioned INTEGER NOT NULL   -- photos with a caption when it was made
) STRICT;
