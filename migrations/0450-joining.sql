-- A folder whose parent was added: its photos become the parent's, in slices, below this directory of it; then it is no more. Until
-- then nobody sees it, and neither of the two is compared with the disk.
ALTER TABLE folders ADD COLUMN joins_folder_id INTEGER REFERENCES folders(id);
ALTER TABLE folders ADD COLUMN joins_directory TEXT;    -- '/' between names
CREATE INDEX folders_joining ON folders (joins_folder_id) WHERE joins_folder_id IS NOT NULL;
