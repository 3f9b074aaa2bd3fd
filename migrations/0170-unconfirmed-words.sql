-- A person's words that a sidecar of ours gave to a photo whose content is another than they are about, for nobody
-- had that: it may have been edited since. Whoever turns up with that content gets them.
CREATE TABLE unconfirmed_words (
  caption_id   INTEGER PRIMARY KEY REFERENCES captions(id) ON DELETE CASCADE,
  content_hash BLOB NOT NULL
) STRICT;

CREATE INDEX unconfirmed_words_by_content ON unconfirmed_words (content_hash);
