import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./utility-process.ts', import.meta.url))

test('a utility process speaks over the port that it is handed first, and ends with it', () => {
  const { status, stdout } = spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: 60_000 })
  assert.deepEqual({ status, stdout }, { status: 0, stdout: 'over the port\n' })
})

test('a process that nobody of ours started says so', () => {
  const engine = fileURLToPath(new URL('../../src-main/processes/engine-process.ts', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [engine], { encoding: 'utf8', timeout: 60_000 })
  assert.equal(status, 1)
  assert.match(stderr, /started by Lenslore itself/)
})
