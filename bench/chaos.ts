import { parseArgs } from 'node:util'
import { runChaos } from '../test/library/folders/chaos.ts'

// The chaos test for as long as is asked: seed after seed, until one fails or the time is over.
//   node bench/chaos.ts --minutes 60
//   node bench/chaos.ts --seed 17      the one seed, round by round

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string' } },
})
const seeds = { rounds: 40, operationsPerRound: 30, killEvery: 5 }

if (values.seed !== undefined) {
  await runChaos({ ...seeds, seed: Number(values.seed), log: console.log })
} else {
  const endMs = performance.now() + Number(values.minutes) * 60_000
  let operations = 0
  let seed = 1
  for (; performance.now() < endMs; seed++) operations += (await runChaos({ ...seeds, seed })).operations
  console.log(`${seed - 1} seeds, ${operations} operations, no difference (100 % of 100 % expected)`)
}
