-- Every directory that a photo is below is in the index, for counts and filters of sub-folders; entries of before do not have them.
INSERT OR IGNORE INTO search_stale_folders SELECT id, 0 FROM folders;
