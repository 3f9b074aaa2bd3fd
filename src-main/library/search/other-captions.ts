/**
 * What else was said of a row of `photos`: captions of its files in other languages, or that the person's go before, and of a
 * photo with an imported caption the model's. What a model says is not searched beside the person's words, which correct it.
 */
export const otherCaptionsSql = `(SELECT group_concat(text, char(10)) FROM (
    SELECT text FROM captions AS other
      WHERE other.photo_id = photos.id AND source = 'imported' AND withdrawn_ms IS NULL AND other.id IS NOT photos.caption_id
    UNION ALL
    SELECT * FROM (SELECT text FROM captions AS other
      WHERE caption_source = 'imported' AND other.photo_id = photos.id AND source = 'model' AND withdrawn_ms IS NULL
      ORDER BY other.content_hash IS photos.content_hash DESC, other.id DESC LIMIT 1)))`
