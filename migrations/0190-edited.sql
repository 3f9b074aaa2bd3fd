-- The file of a photo is another than the one its content hash is of, and was not read since: nothing can be confirmed
-- by that hash, also where the file moves before it is read.
ALTER TABLE photos ADD COLUMN is_edited INTEGER NOT NULL DEFAULT 0;
ALTER TABLE unconfirmed_moves ADD COLUMN was_edited INTEGER NOT NULL DEFAULT 0;
