-- What filters of a search ask of a photo's metadata: the sources joined as `joinSources` does it, the rating of the
-- first that has one, and what any of them says otherwise.
CREATE VIEW search_filters (photo_id, rating, is_favorite, people, keywords) AS
  SELECT id,
    (SELECT rating FROM metadata_sources WHERE photo_id = photos.id AND rating IS NOT NULL
       ORDER BY CASE kind WHEN 'table' THEN 0 WHEN 'sidecar' THEN 1 WHEN 'takeout' THEN 2 ELSE 3 END,
         length(name) DESC, name LIMIT 1),
    EXISTS (SELECT 1 FROM metadata_sources WHERE photo_id = photos.id AND is_favorite = 1),
    (SELECT json_group_array(DISTINCT metadata_people.name)
       FROM metadata_sources JOIN metadata_people ON source_id = metadata_sources.id WHERE photo_id = photos.id),
    (SELECT json_group_array(DISTINCT keyword)
       FROM metadata_sources JOIN metadata_keywords ON source_id = metadata_sources.id WHERE photo_id = photos.id)
  FROM photos;

-- The entries of before do not have them; others lack nothing.
INSERT OR IGNORE INTO search_stale SELECT photo_id FROM metadata_sources
  WHERE rating IS NOT NULL OR is_favorite = 1
    OR id IN (SELECT source_id FROM metadata_people UNION SELECT source_id FROM metadata_keywords);
