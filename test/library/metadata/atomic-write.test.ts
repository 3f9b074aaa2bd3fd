import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  removeFile,
  writeFileAtomically,
  writePiecesAtomically,
} from '../../../src-main/library/metadata/atomic-write.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A file that its owner has locked. Root could write to it all the same. */
function lockedFile(context: TestContext, mode = 0o444) {
  const folder = temporaryFolder(context)
  const path = join(folder, 'a.xmp')
  writeFileSync(path, 'before')
  chmodSync(path, mode)
  const checkIsAsBefore = () => {
    assert.equal(readFileSync(path, 'utf8'), 'before')
    assert.deepEqual(readdirSync(folder), ['a.xmp'])
  }
  return { folder, path, checkIsAsBefore }
}

const refusal = { code: 'WRITE_FAILED', message: /a\.xmp is write-protected/ }

test('a file without write permission is refused by name: neither replaced nor removed', async (context) => {
  for (const mode of [0o444, 0o400, 0o464]) {
    const { path, checkIsAsBefore } = lockedFile(context, mode)
    const before = readFileSync(path)
    await assert.rejects(writeFileAtomically(path, Buffer.from('after'), before), refusal)
    await assert.rejects(writePiecesAtomically(path, ['after']), refusal)
    await assert.rejects(removeFile(path), refusal)
    checkIsAsBefore()
    chmodSync(path, 0o644)
  }
})

const noLinks = process.platform === 'win32' && 'links need a right of their own on Windows'

test('so is one behind a link', { skip: noLinks }, async (context) => {
  const { path } = lockedFile(context)
  const link = join(temporaryFolder(context), 'link.xmp')
  symlinkSync(path, link)
  await assert.rejects(writeFileAtomically(link, Buffer.from('after'), readFileSync(path)), {
    code: 'WRITE_FAILED',
  })
  assert.equal(readFileSync(path, 'utf8'), 'before')
})

/** Another group than a new file gets, that this program may give to a file. */
const otherGroup =
  process.getuid?.() === 0 ? 4321 : process.getgroups?.().find((group) => group !== process.getgid?.())

test('a file that is rewritten keeps its group and its mode', {
  skip: otherGroup === undefined && 'there is no other group',
}, async (context) => {
  const path = join(temporaryFolder(context), 'a.xmp')
  writeFileSync(path, 'before')
  const uid = process.getuid?.() === 0 ? 4321 : process.getuid!()
  chownSync(path, uid, otherGroup!)
  chmodSync(path, 0o2664)
  await writeFileAtomically(path, Buffer.from('after'), Buffer.from('before'))
  const after = statSync(path)
  assert.deepEqual([after.uid, after.gid, after.mode & 0o7777], [uid, otherGroup, 0o2664])
  assert.equal(readFileSync(path, 'utf8'), 'after')
  await writePiecesAtomically(path, ['again'])
  const again = statSync(path)
  assert.deepEqual([again.uid, again.gid, again.mode & 0o7777], [uid, otherGroup, 0o2664])
})
