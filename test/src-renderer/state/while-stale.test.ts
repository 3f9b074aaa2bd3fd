import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readWhileStale } from '../../../src-renderer/state/while-stale.ts'

function reading(read: () => Promise<void> = async () => {}) {
  const done: string[] = []
  const changed = readWhileStale({
    everyMs: 0,
    read: async () => {
      done.push('read')
      await null
      await read()
    },
    whenQuiet: async () => void done.push('quiet'),
    onFailure: (thrown) => void done.push((thrown as Error).message),
  })
  return { done, changed }
}

test('a change alone is read once, and what waits for quiet comes after it', async () => {
  const { done, changed } = reading()
  await changed()
  assert.deepEqual(done, ['read', 'quiet'])
})

test('however much changes meanwhile is one more reading, and quiet comes after that', async () => {
  let isFirst = true
  const { done, changed } = reading(async () => {
    if (isFirst) for (let change = 0; change < 3; change++) void changed()
    isFirst = false
  })
  await changed()
  assert.deepEqual(done, ['read', 'read', 'quiet'])
})

test('a failure is told once to all who wait, and the next change is read', async () => {
  let fails = true
  const { done, changed } = reading(async () => {
    if (fails) throw new Error('away')
  })
  await Promise.all([changed(), changed()])
  assert.deepEqual(done, ['read', 'away'])
  fails = false
  await changed()
  assert.deepEqual(done, ['read', 'away', 'read', 'quiet'])
})
