import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTokenizer } from '../../../src-main/engine/captioning/tokenizer.ts'
import { encodeCaption } from '../../../src-main/engine/training/texts.ts'

const directory = new URL('../../../models/lenslore-v1', import.meta.url).pathname
const tokenizer = await readTokenizer({ tokenizerDirectories: [directory] })

test('a caption in small letters is made of the words that stand within a sentence', () => {
  const within = tokenizer.encode('A girl with a boy')
  assert.deepEqual(encodeCaption(tokenizer, 'girl with a boy'), within.slice(1))
  assert.equal(tokenizer.decode(encodeCaption(tokenizer, 'girl with a boy')), 'girl with a boy')
  assert.deepEqual(encodeCaption(tokenizer, 'A girl with a boy'), within)
})
