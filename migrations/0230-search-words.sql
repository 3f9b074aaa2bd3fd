-- Of names that programs give, such as UUIDs, every photo has its own. They are found by their beginning without this list,
-- in which a mistyped word was compared with all of them.
DELETE FROM search_words WHERE captions = 0 AND word GLOB '*[0-9]*';
