-- What a model thinks of its own words. A caption of a model without words says that there is nothing to see.
ALTER TABLE captions ADD COLUMN confidence REAL;      -- probability that it is right; null: nobody has calibrated the model
ALTER TABLE captions ADD COLUMN is_unsure INTEGER NOT NULL DEFAULT 0 CHECK (is_unsure IN (0, 1));
ALTER TABLE captions ADD COLUMN doubtful_words TEXT;  -- JSON: [[start, end], …] in UTF-16 units; null for none
