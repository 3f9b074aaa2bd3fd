-- Whom a moved photo took the place from: should the content turn out to be another's, the file there is still
-- that photo's, edited.
ALTER TABLE unconfirmed_moves ADD COLUMN displaced_photo_id INTEGER;
