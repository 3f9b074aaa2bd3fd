import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

export const program = fileURLToPath(new URL('../../src-main/cli/main.ts', import.meta.url))

export interface Finished {
  status: number | null
  stdout: string
  stderr: string
  /** The answer's lines, each parsed: for runs with `--json`. */
  json: unknown[]
}

/** A folder of the test's own that goes with it. */
export function makeTemporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lenslore-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** The program as a person starts it, with app data of its own. */
export function startLenslore(
  dataDirectory: string,
  ...args: string[]
): { child: ChildProcess; finished: Promise<Finished> } {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, LENSLORE_DATA: dataDirectory, TZ: 'UTC' },
    stdio: 'pipe',
  })
  const { promise: finished, resolve } = Promise.withResolvers<Finished>()
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.on('close', (status) => {
    const lines = args.includes('--json') ? stdout.split('\n').filter(Boolean) : []
    resolve({ status, stdout, stderr, json: lines.map((line) => JSON.parse(line)) })
  })
  return { child, finished }
}

export function runLenslore(dataDirectory: string, ...args: string[]): Promise<Finished> {
  return startLenslore(dataDirectory, ...args).finished
}
