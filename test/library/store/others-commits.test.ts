import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { watchOthersCommits } from '../../../src-main/library/store/others-commits.ts'
import { databaseFileIn, openStore } from '../../../src-main/library/store/store.ts'
import { until } from '../library-under-test.ts'

test('what fails over another’s commit is told, and tried again with the next look', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-others-'))
  const [store, other] = [openStore(databaseFileIn(directory)), openStore(databaseFileIn(directory))]
  const told: unknown[] = []
  let takenUp = 0
  const failure = new Error('not now')
  // A timer of its own is unrefed.
  const stay = setInterval(() => {}, 1000)
  const end = watchOthersCommits(
    store.database,
    () => {
      if (told.length === 0) throw failure
      takenUp++
    },
    (thrown) => told.push(thrown),
  )
  t.after(() => {
    end()
    clearInterval(stay)
    store.close()
    other.close()
    rmSync(directory, { recursive: true, maxRetries: 5 })
  })
  other.folders.insert(join(directory, 'photos'), 1)
  await until(() => takenUp > 0)
  assert.deepEqual(told, [failure])
  assert.equal(takenUp, 1)
})
