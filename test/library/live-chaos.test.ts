import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runLiveChaos } from './live-chaos.ts'

// The long version is bench/chaos.ts --live; its timing is never the same, so what it finds gets a test of its own.
for (const seed of [1, 300]) {
  test(`a library that is killed while it watches comes to equal the disk, seed ${seed}`, async (t) => {
    const ran = await runLiveChaos({ seed, rounds: 3, operationsPerRound: 25 })
    t.diagnostic(JSON.stringify(ran))
    assert.equal(ran.operations, 75)
    // How many words are certain depends on the moments too.
    const compared = ran.words + ran.copies + ran.imported
    assert.ok(ran.ids >= 10 && compared > 0 && ran.searches >= 20, 'enough is certain, and was compared')
  })
}
