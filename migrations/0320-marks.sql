-- What a person says of a photo besides captions: every mark that was ever made, so that each can be taken back. What is said of
-- a keyword or a person in the picture may also be that it is not there, whatever files say.
CREATE TABLE marks (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  photo_id   INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
  kind       TEXT    NOT NULL CHECK (kind IN ('rating', 'favorite', 'title', 'keyword', 'person')),
  name       TEXT    NOT NULL,                  -- of a keyword or a person; else ''
  value      ANY,                               -- -1 to 5; 0 or 1; a title, '' for none, null for what files say; 1 there, 0 not
  edit_id    INTEGER,                           -- null: it came back from a sidecar of ours
  marked_ms  INTEGER NOT NULL,
  is_current INTEGER NOT NULL                   -- the newest of its photo, kind and name whose edit was not taken back
) STRICT;

CREATE INDEX marks_by_photo ON marks (photo_id, kind, name);
CREATE INDEX marks_by_edit  ON marks (edit_id, photo_id) WHERE edit_id IS NOT NULL;

-- A person's words go before those of files.
DROP VIEW search_filters;
CREATE VIEW search_filters (photo_id, rating, is_favorite, people, keywords) AS
  SELECT id,
    coalesce(
      (SELECT value FROM marks WHERE photo_id = photos.id AND kind = 'rating' AND is_current),
      (SELECT rating FROM metadata_sources WHERE photo_id = photos.id AND rating IS NOT NULL
         ORDER BY CASE kind WHEN 'table' THEN 0 WHEN 'sidecar' THEN 1 WHEN 'takeout' THEN 2 ELSE 3 END,
           length(name) DESC, name LIMIT 1)),
    coalesce(
      (SELECT value FROM marks WHERE photo_id = photos.id AND kind = 'favorite' AND is_current),
      EXISTS (SELECT 1 FROM metadata_sources WHERE photo_id = photos.id AND is_favorite = 1)),
    (SELECT json_group_array(name) FROM (
       SELECT metadata_people.name AS name
         FROM metadata_sources JOIN metadata_people ON source_id = metadata_sources.id WHERE photo_id = photos.id
       UNION SELECT name FROM marks WHERE photo_id = photos.id AND kind = 'person' AND is_current AND value = 1
       EXCEPT SELECT name FROM marks WHERE photo_id = photos.id AND kind = 'person' AND is_current AND value = 0)),
    (SELECT json_group_array(name) FROM (
       SELECT keyword AS name
         FROM metadata_sources JOIN metadata_keywords ON source_id = metadata_sources.id WHERE photo_id = photos.id
       UNION SELECT name FROM marks WHERE photo_id = photos.id AND kind = 'keyword' AND is_current AND value = 1
       EXCEPT SELECT name FROM marks WHERE photo_id = photos.id AND kind = 'keyword' AND is_current AND value = 0))
  FROM photos;

-- What stands in files and was replaced or removed by a person is not found any more.
DROP VIEW search_extra;
CREATE VIEW search_extra (photo_id, text) AS
  SELECT id, concat_ws(' ',
    coalesce(
      (SELECT value FROM marks WHERE photo_id = photos.id AND kind = 'title' AND is_current),
      (SELECT group_concat(title, ' ') FROM metadata_sources WHERE photo_id = photos.id)),
    (SELECT group_concat(value, ' ') FROM search_filters AS joined, json_each(joined.keywords) WHERE joined.photo_id = photos.id),
    (SELECT group_concat(value, ' ') FROM search_filters AS joined, json_each(joined.people) WHERE joined.photo_id = photos.id),
    (SELECT group_concat(metadata_places.name, ' ')
       FROM metadata_sources JOIN metadata_places ON source_id = metadata_sources.id WHERE photo_id = photos.id),
    (SELECT group_concat(text, ' ')
       FROM metadata_sources JOIN metadata_boilerplate ON source_id = metadata_sources.id WHERE photo_id = photos.id))
  FROM photos;

CREATE TRIGGER marks_search_insert AFTER INSERT ON marks BEGIN
  INSERT OR IGNORE INTO search_stale VALUES (new.photo_id);
END;

CREATE TRIGGER marks_search_update AFTER UPDATE OF is_current ON marks WHEN old.is_current <> new.is_current BEGIN
  INSERT OR IGNORE INTO search_stale VALUES (new.photo_id);
END;

CREATE TRIGGER marks_search_delete AFTER DELETE ON marks WHEN old.is_current BEGIN
  INSERT OR IGNORE INTO search_stale SELECT id FROM photos WHERE id = old.photo_id;
END;
