-- What stands in place of a caption and is none, because a camera writes it into every picture, is searched.
CREATE TABLE metadata_boilerplate (
  source_id INTEGER NOT NULL REFERENCES metadata_sources(id) ON DELETE CASCADE,
  text      TEXT    NOT NULL,
  PRIMARY KEY (source_id, text)
) STRICT, WITHOUT ROWID;

DROP VIEW search_extra;
CREATE VIEW search_extra (photo_id, text) AS
  SELECT photo_id, title FROM metadata_sources WHERE title IS NOT NULL
  UNION ALL
  SELECT photo_id, keyword FROM metadata_sources JOIN metadata_keywords ON source_id = id
  UNION ALL
  SELECT photo_id, metadata_people.name FROM metadata_sources JOIN metadata_people ON source_id = id
  UNION ALL
  SELECT photo_id, metadata_places.name FROM metadata_sources JOIN metadata_places ON source_id = id
  UNION ALL
  SELECT photo_id, text FROM metadata_sources JOIN metadata_boilerplate ON source_id = id;

-- Sentences were taken for boilerplate, and not kept: sidecars are read once more with the next scan.
UPDATE sidecars SET modified_ms = 0;

-- Of what is longer than is kept, only the beginning is here: it is never written back. `cut` names the fields of a
-- source that are so, as JSON. Of before it shows at the length; lists and names tell when they are read again.
ALTER TABLE captions ADD COLUMN is_cut INTEGER NOT NULL DEFAULT 0 CHECK (is_cut IN (0, 1));
ALTER TABLE metadata_captions ADD COLUMN is_cut INTEGER NOT NULL DEFAULT 0 CHECK (is_cut IN (0, 1));
ALTER TABLE metadata_sources ADD COLUMN cut TEXT;
UPDATE captions SET is_cut = 1 WHERE source = 'imported' AND length(text) = 10000;
UPDATE metadata_captions SET is_cut = 1 WHERE length(text) = 10000;
UPDATE metadata_sources SET cut = '["captions"]' WHERE id IN (SELECT source_id FROM metadata_captions WHERE is_cut);
CREATE INDEX metadata_cut ON metadata_sources (photo_id) WHERE cut IS NOT NULL;
