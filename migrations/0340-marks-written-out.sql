-- What a person says of a photo besides its caption is written out with it, and whenever it changes.
CREATE TRIGGER marks_export_insert AFTER INSERT ON marks
WHEN (SELECT caption_id IS NOT NULL AND exports_always FROM photos JOIN folders ON folders.id = folder_id WHERE photos.id = new.photo_id)
BEGIN
  DELETE FROM captions_to_export WHERE photo_id = new.photo_id;
  INSERT INTO captions_to_export (photo_id) VALUES (new.photo_id);
END;

CREATE TRIGGER marks_export_update AFTER UPDATE OF is_current ON marks
WHEN old.is_current <> new.is_current
  AND (SELECT caption_id IS NOT NULL AND exports_always FROM photos JOIN folders ON folders.id = folder_id WHERE photos.id = new.photo_id)
BEGIN
  DELETE FROM captions_to_export WHERE photo_id = new.photo_id;
  INSERT INTO captions_to_export (photo_id) VALUES (new.photo_id);
END;

CREATE TRIGGER marks_export_delete AFTER DELETE ON marks
WHEN old.is_current
  AND (SELECT caption_id IS NOT NULL AND exports_always FROM photos JOIN folders ON folders.id = folder_id WHERE photos.id = old.photo_id)
BEGIN
  DELETE FROM captions_to_export WHERE photo_id = old.photo_id;
  INSERT INTO captions_to_export (photo_id) VALUES (old.photo_id);
END;
