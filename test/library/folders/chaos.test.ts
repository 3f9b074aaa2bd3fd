import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runChaos } from './chaos.ts'

// The long version is bench/chaos.ts; a seed that fails there belongs into this list.
for (const seed of [1, 2, 3]) {
  test(`the library equals the disk after random operations, seed ${seed}`, async () => {
    const { operations } = await runChaos({ seed, rounds: 8, operationsPerRound: 20, killEvery: 4 })
    assert.ok(operations > 80)
  })
}
