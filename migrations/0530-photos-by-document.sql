-- Of which photo a document of the search is, read in order and for those alone that came since.
CREATE INDEX photos_by_document ON photos (search_document) WHERE search_document IS NOT NULL;
