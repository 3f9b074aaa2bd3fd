-- Of a person's words beside a photo that they are not about: whose they are.
CREATE INDEX captions_by_content ON captions (content_hash) WHERE source = 'person' AND content_hash IS NOT NULL;
