import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A program that is measured against another: it answers each line of JSON with one. */
export interface Peer {
  ask<Answer>(request: object): Promise<Answer>
  process: ChildProcessWithoutNullStreams
}

/** @param environment beside our own */
export function startPeer(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Peer {
  const child = spawn(program, args, { env: { ...process.env, ...environment } })
  child.stderr.pipe(process.stderr)
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error(`${program} ended without an answer.`)
      return JSON.parse(value)
    },
  }
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2
}
