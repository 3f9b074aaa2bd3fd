import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { LensloreError } from '../../src-main/contract/errors.ts'
import { asFileError } from '../../src-main/contract/file-errors.ts'

/** What reading a file of that kind throws here, in our words. */
function errorOf(path: string): unknown {
  try {
    readFileSync(path)
    return undefined
  } catch (thrown) {
    return asFileError(thrown, 'the photo')
  }
}

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lenslore-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('what the system says of a file becomes a code of ours and a sentence that names it', (t) => {
  const folder = makeFolder(t)
  symlinkSync('loop', join(folder, 'loop'))
  mkdirSync(join(folder, 'folder'))
  const said = ['gone', 'loop', 'folder'].map((name) => errorOf(join(folder, name)) as LensloreError)
  assert.deepEqual(
    said.map(({ code, message }) => [code, message]),
    [
      ['FILE_NOT_FOUND', 'the photo is not there.'],
      ['FILE_UNREADABLE', 'the photo cannot be read: its link leads nowhere.'],
      ['FILE_UNREADABLE', 'the photo cannot be read: it is a folder.'],
    ],
  )
  const slow = Object.assign(new Error('io'), { code: 'EIO' })
  assert.equal((asFileError(slow, 'the photo') as LensloreError).code, 'FILE_UNAVAILABLE')
})

test('what is no error of a file passes unchanged', () => {
  for (const thrown of [
    new LensloreError('FILE_CHANGED', 'It changed.'),
    new TypeError('a fault'),
    'words',
  ]) {
    assert.equal(asFileError(thrown, 'the photo'), thrown)
  }
})
