-- What a person wrote in one go, on one photo or on ten thousand, is one edit and can be taken back as one. An
-- edit has the id of its first caption, so that later ones have higher ids.
ALTER TABLE captions ADD COLUMN edit_id INTEGER;
UPDATE captions SET edit_id = id WHERE source = 'person';
CREATE INDEX captions_by_edit ON captions (edit_id) WHERE edit_id IS NOT NULL;

-- The words as they read back from the photo's own file, where they were written into it: reading the file
-- again imports nothing.
ALTER TABLE captions ADD COLUMN embedded_text TEXT;
