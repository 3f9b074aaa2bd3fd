import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folderNames, queryOfFolder } from '../../../src-renderer/state/folder-names.ts'

const namesOf = (...paths: string[]) => [...folderNames(paths.map((path, id) => ({ id, path }))).values()]

test('a folder has its own name', () => {
  assert.deepEqual(namesOf('/home/ada/Pictures', '/media/cards'), ['Pictures', 'cards'])
})

test('two of one name have as much of their path as tells them apart', () => {
  assert.deepEqual(namesOf('/a/2020/jpg', '/b/2020/jpg', '/b/2021/raw'), ['a/2020/jpg', 'b/2020/jpg', 'raw'])
})

test('paths of Windows, the root, and one path twice end, too', () => {
  assert.deepEqual(namesOf('C:\\Users\\Ada\\Pictures', '/'), ['Pictures', '/'])
  assert.deepEqual(namesOf('/a/b', '/a/b'), ['a/b', 'a/b'])
})

test('bytes that are no text are shown as such', () => {
  assert.deepEqual(namesOf('/photos/caf\uefe9'), ['caf\ufffd'])
})

test('a name with quotes is one search', () => {
  assert.equal(queryOfFolder('the "best" ones'), 'folder:"the  best  ones"')
})
