-- Who made a picture and who may use it, as its file or what lies beside it says; found like titles.
ALTER TABLE metadata_sources ADD COLUMN creators TEXT;  -- JSON, a list of names
ALTER TABLE metadata_sources ADD COLUMN copyright TEXT;

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
    (SELECT group_concat(value, ' ') FROM metadata_sources, json_each(creators) WHERE photo_id = photos.id),
    (SELECT group_concat(copyright, ' ') FROM metadata_sources WHERE photo_id = photos.id),
    (SELECT group_concat(text, ' ')
       FROM metadata_sources JOIN metadata_boilerplate ON source_id = metadata_sources.id WHERE photo_id = photos.id))
  FROM photos;

-- Which version of the reader all photos were read by, or are to be: of a newer one up to this photo, null: of all. They are read
-- again little by little, for what an older one passed over.
CREATE TABLE metadata_reader (version INTEGER NOT NULL, up_to_photo INTEGER) STRICT;
INSERT INTO metadata_reader VALUES (0, NULL);
