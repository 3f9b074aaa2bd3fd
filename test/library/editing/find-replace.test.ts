import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  allCaptions,
  planReplacement,
  type ReplacedCaption,
  replaceInText,
} from '../../../src-main/library/editing/find-replace.ts'
import { openStore } from '../../../src-main/library/store/store.ts'
import { addPhoto } from '../store/sample-library.ts'

const options = { find: '', replace: '', matchCase: false, wholeWords: true }

test('whole words are replaced in any script, with the replacement taken literally', () => {
  const cases: [text: string, find: string, replace: string, expected: string][] = [
    ['A dog and a dogfish', 'dog', 'cat', 'A cat and a dogfish'],
    ['Dog, DOG; dog.', 'dog', '$& $1', '$& $1, $& $1; $& $1.'],
    ['Der Hund läuft', 'hund', 'Bello', 'Der Bello läuft'],
    ['дом у дома', 'дом', 'сад', 'сад у дома'],
    ['what? (yes)', '?', '!', 'what! (yes)'],
    ['red kite', 'red kite', 'kite', 'kite'],
  ]
  for (const [text, find, replace, expected] of cases) {
    assert.equal(replaceInText(text, { ...options, find, replace }), expected)
  }
})

test('words that are taken out leave no gap, and other spaces stay', () => {
  const cases: [text: string, find: string, replace: string, expected: string][] = [
    ['A big dog', 'big', '', 'A dog'],
    ['A big big  dog', 'big', '', 'A dog'],
    ['A dog, big, and a big', 'big', '', 'A dog,, and a '],
    ['A red kite, flying', 'kite', '', 'A red, flying'],
    ['(big dogs) and “big cats”', 'big', '', '(dogs) and “cats”'],
    ['big  dog\nbig cat big\nbig', 'big', '', 'dog\ncat\n'],
    ['a dog  by   the sea', 'dog', ' ', 'a by   the sea'],
    ['a dog  by   the sea', 'dog', 'cat', 'a cat  by   the sea'],
    ['a dog by', 'dog', ' big  cat ', 'a big  cat by'],
    ['un grand chien : oui', 'chien', '', 'un grand : oui'],
    ['dogfish', 'dog', '', 'dogfish'],
  ]
  for (const [text, find, replace, expected] of cases) {
    assert.equal(replaceInText(text, { ...options, find, replace }), expected, text)
  }
})

test('parts of words and exact case where asked for', () => {
  assert.equal(
    replaceInText('dogfish Dog', { ...options, find: 'dog', replace: 'cat', wholeWords: false }),
    'catfish cat',
  )
  assert.equal(
    replaceInText('dog Dog', { ...options, find: 'Dog', replace: 'Rex', matchCase: true }),
    'dog Rex',
  )
})

test('a plan names what would change and leaves alone what would become empty', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const store = openStore(join(directory, 'library.sqlite'))
  t.after(() => {
    store.close()
    rmSync(directory, { recursive: true })
  })
  const folder = store.folders.insert('/photos', 1)
  const texts = ['a man with a kite', 'kite', 'a dog']
  const ids = texts.map((text, n) => {
    const id = addPhoto(store, folder.id, `${n}.jpg`)
    store.captions.setByPerson(id, text, 1)
    return id
  })
  const planned: ReplacedCaption[] = []
  const plan = planReplacement(
    allCaptions(store.captions),
    { ...options, find: 'kite', replace: '' },
    (each) => planned.push(each),
  )
  assert.deepEqual([plan(2), plan(2), plan(2)], [2, 1, 0])
  const captionId = store.captions.current(ids[0]!)!.id
  assert.deepEqual(planned, [
    { photoId: ids[0], captionId, before: 'a man with a kite', after: 'a man with a' },
  ])
})
