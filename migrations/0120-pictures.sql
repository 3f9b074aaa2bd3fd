-- Of the picture in a file without what only describes it: a program that writes a rating into a photo makes no
-- other picture of it. Null where the format does not tell the two apart.
ALTER TABLE photos ADD COLUMN picture_hash BLOB;
