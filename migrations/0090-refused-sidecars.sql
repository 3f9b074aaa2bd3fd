-- A sentence: why a file beside the photo cannot be read at present. What it said before is kept until it can
-- be read again or is gone.
ALTER TABLE metadata_sources ADD COLUMN refused TEXT;
CREATE INDEX metadata_refused ON metadata_sources (photo_id) WHERE refused IS NOT NULL;
