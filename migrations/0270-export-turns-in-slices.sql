-- Switching on or off that a folder's captions are always written out gives its photos their turns, or takes them away, in
-- slices: up to this photo that is done; null where it is done for all.
ALTER TABLE folders ADD COLUMN exports_settled_to INTEGER;

DROP TRIGGER folders_export_update;
DROP TRIGGER folders_export_off;
CREATE TRIGGER folders_export_update AFTER UPDATE OF exports_always ON folders
WHEN old.exports_always <> new.exports_always
BEGIN
  UPDATE folders SET exports_settled_to = 0 WHERE id = new.id;
END;
