import { Readable } from 'node:stream'
import type { run } from 'node:test'

/** How many of the slowest files are named at the end. */
const slowest = 10
const counted = ['tests', 'suites', 'passed', 'failed', 'cancelled', 'skipped', 'todo'] as const
const words = { passed: 'pass', failed: 'fail' }

/**
 * One stream of a runner's events out of several runs, one after the other, with one summary of all at the end, and before it
 * the files that took longest.
 * @param onEnd is told whether all went well
 */
export function runGroups(
  groups: readonly (() => ReturnType<typeof run>)[],
  onEnd: (success: boolean) => void,
): Readable {
  return Readable.from(follow(groups, onEnd))
}

async function* follow(
  groups: readonly (() => ReturnType<typeof run>)[],
  onEnd: (success: boolean) => void,
): AsyncGenerator {
  const counts = { tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0, topLevel: 0 }
  const files: { name: string; elapsedMs: number }[] = []
  let elapsedMs = 0
  let success = true
  const say = (message: string) => ({
    type: 'test:diagnostic',
    data: { nesting: 0, message, level: 'info' },
  })
  for (const start of groups) {
    for await (const event of start()) {
      const { type, data } = event
      const isOfRun = data !== undefined && !('file' in data && data.file)
      if (type === 'test:summary' && isOfRun) {
        for (const key of [...counted, 'topLevel'] as const) counts[key] += data.counts[key]
        elapsedMs += data.duration_ms
        success &&= data.success
        continue
      }
      // The run's own counts, which all runs have together.
      if (type === 'test:diagnostic' && isOfRun) continue
      if (type === 'test:complete' && data.name.endsWith('.test.ts')) {
        files.push({ name: data.name, elapsedMs: data.details.duration_ms })
      }
      yield event
    }
  }
  files.sort((a, b) => b.elapsedMs - a.elapsedMs)
  for (const { name, elapsedMs } of files.slice(0, slowest)) {
    yield say(`${(elapsedMs / 1000).toFixed(1).padStart(6)} s  ${name}`)
  }
  for (const key of counted)
    yield say(`${key in words ? words[key as keyof typeof words] : key} ${counts[key]}`)
  yield say(`duration_ms ${elapsedMs}`)
  onEnd(success)
  yield { type: 'test:summary', data: { success, counts, duration_ms: elapsedMs, file: undefined } }
}
