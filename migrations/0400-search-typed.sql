-- What is typed is found in more places: emoji, what stands behind an apostrophe, inside Hangul, file names by themselves, captions
-- in other languages, exact copies. Entries of before do not have them, and are all renewed.
INSERT OR REPLACE INTO search_stale_folders SELECT id, 0 FROM folders;

-- Each word from its end on, so that compounds are found by what they end with.
ALTER TABLE search_words ADD COLUMN reversed TEXT NOT NULL DEFAULT '';
UPDATE search_words SET reversed = (
  WITH RECURSIVE letters (at, text) AS (
    SELECT length(word), '' UNION ALL SELECT at - 1, text || substr(word, at, 1) FROM letters WHERE at > 0
  )
  SELECT text FROM letters WHERE at = 0);
CREATE INDEX search_words_by_end ON search_words (reversed);

-- Captions that are not the current one are words of their photo, too.
CREATE TRIGGER captions_search_withdrawn AFTER UPDATE OF withdrawn_ms ON captions
WHEN (old.withdrawn_ms IS NULL) <> (new.withdrawn_ms IS NULL) BEGIN
  INSERT OR IGNORE INTO search_stale SELECT id FROM photos WHERE id = new.photo_id;
END;

-- A file has a copy, or is the only one of its bytes again: of two or three photos, for among more of them that is nothing new.
CREATE TRIGGER photos_search_copied AFTER UPDATE OF content_hash, missing_since_ms ON photos
WHEN old.content_hash IS NOT new.content_hash OR (old.missing_since_ms IS NULL) <> (new.missing_since_ms IS NULL)
BEGIN
  INSERT OR IGNORE INTO search_stale VALUES (new.id);
  INSERT OR IGNORE INTO search_stale
    SELECT id FROM (SELECT id FROM photos WHERE content_hash = new.content_hash AND missing_since_ms IS NULL LIMIT 3)
    WHERE id <> new.id AND (SELECT count(*) FROM
      (SELECT 1 FROM photos WHERE content_hash = new.content_hash AND missing_since_ms IS NULL LIMIT 3)) < 3;
  INSERT OR IGNORE INTO search_stale
    SELECT id FROM (SELECT id FROM photos WHERE content_hash = old.content_hash AND missing_since_ms IS NULL LIMIT 2)
    WHERE id <> new.id AND (SELECT count(*) FROM
      (SELECT 1 FROM photos WHERE content_hash = old.content_hash AND missing_since_ms IS NULL LIMIT 2)) < 2;
END;

CREATE TRIGGER photos_search_copy_removed AFTER DELETE ON photos WHEN old.content_hash IS NOT NULL BEGIN
  INSERT OR IGNORE INTO search_stale
    SELECT id FROM (SELECT id FROM photos WHERE content_hash = old.content_hash AND missing_since_ms IS NULL LIMIT 2)
    WHERE (SELECT count(*) FROM
      (SELECT 1 FROM photos WHERE content_hash = old.content_hash AND missing_since_ms IS NULL LIMIT 2)) < 2;
END;
