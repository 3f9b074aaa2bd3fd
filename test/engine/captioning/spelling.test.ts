import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readTokenizer } from '../../../src-main/engine/captioning/tokenizer.ts'
import { spellName } from '../../../src-main/engine/training/names/train-names.ts'

const model = fileURLToPath(new URL('../../../models/lenslore-v1', import.meta.url))
const tokenizer = await readTokenizer({ tokenizerDirectories: [model] })
const vocabulary = 4096

test('a name is spelled as captions have it, at their beginning and inside, letter by letter where it must be', () => {
  for (const name of ['Biscuit', 'Nana Ruth', 'Schloss Häßlich', 'A Coruña', 'ビスケット', "O'Neill"]) {
    const { startTokens, tokens } = spellName(name, tokenizer)
    assert.equal(tokenizer.decode(startTokens), name)
    assert.equal(tokenizer.decode(tokens), name)
    assert.deepEqual(tokenizer.encode(`${name} runs`).slice(0, startTokens.length), startTokens)
    const inside = tokenizer.encode(`A dog with ${name}, and`)
    const at = inside.findIndex((_, from) => tokens.every((token, offset) => inside[from + offset] === token))
    assert.ok(at > 0, name)
  }
})

test('what goes on with a word are tokens without a space or a sign before them', () => {
  const gluing = new Set(tokenizer.gluing(vocabulary))
  for (const text of ['red', 's', '7']) assert.ok(gluing.has(tokenizer.encode(text)[0]!), text)
  for (const text of [' red', ',', "'s", ' 7', '\n', '-'])
    assert.ok(!gluing.has(tokenizer.encode(text)[0]!), text)
  assert.ok(!gluing.has(vocabulary - 1), 'a caption may end after a name')
  const [umlaut] = tokenizer.encode('ß')
  assert.ok(gluing.has(umlaut!))
})
