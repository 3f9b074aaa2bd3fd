import { parseArgs } from 'node:util'
import { runChaos } from '../test/library/folders/chaos.ts'
import { runLiveChaos } from '../test/library/live-chaos.ts'

// The chaos test for as long as is asked: seed after seed, until one fails or the time is over.
//   node bench/chaos.ts --minutes 60
//   node bench/chaos.ts --seed 17            the one seed, round by round
//   node bench/chaos.ts --live --minutes 60  the whole product: processes, watches, an engine, people, exports
//   node bench/chaos.ts --live --seed 17     the one seed, operation by operation

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    live: { type: 'boolean', default: false },
  },
})
const seeds = { rounds: 40, operationsPerRound: 30, killEvery: 5 }
const liveSeeds = { rounds: 12, operationsPerRound: 30 }

if (values.seed !== undefined) {
  const options = { seed: Number(values.seed), log: console.log }
  console.log(
    await (values.live ? runLiveChaos({ ...liveSeeds, ...options }) : runChaos({ ...seeds, ...options })),
  )
} else {
  const endMs = performance.now() + Number(values.minutes) * 60_000
  const total = { operations: 0, libraryKills: 0, engineKills: 0 }
  const first = Number(values.from)
  let seed = first
  for (; performance.now() < endMs; seed++) {
    if (!values.live) {
      total.operations += (await runChaos({ ...seeds, seed })).operations
      continue
    }
    const { operations, libraryKills, engineKills, longestMs, ids, words } = await runLiveChaos({
      ...liveSeeds,
      seed,
    })
    total.operations += operations
    total.libraryKills += libraryKills
    total.engineKills += engineKills
    console.log(
      `seed ${seed}: ${operations} operations, ${libraryKills} kills of a library, ${engineKills} of an engine;`,
      `${ids} photos and ${words} words were certain; equal after ${Math.ceil(longestMs / 1000)} s at the most`,
    )
  }
  const kills = values.live
    ? `, ${total.libraryKills} kills of a library, ${total.engineKills} of an engine`
    : ''
  console.log(
    `${seed - first} seeds, ${total.operations} operations${kills}, no difference (100 % of 100 % expected)`,
  )
}
