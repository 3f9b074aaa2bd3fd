-- At which precision a model wrote a caption (fp32, fp16, int8); null: nobody recorded it. No part of its key. What there may be
-- is the contract's: another one is no reason to make this table anew.
ALTER TABLE captions ADD COLUMN precision TEXT;
