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

test('a process that fails of something unforeseen says of what, and that it failed', async () => {
  const { execPath } = process
  const module = fileURLToPath(new URL('../../src-main/channels/child-process.ts', import.meta.url))
  const failing = fileURLToPath(new URL('../fixtures/failing-process.ts', import.meta.url))
  const program = `
    const { forkProcess } = await import(${JSON.stringify(module)})
    const { channel, gone } = await forkProcess(${JSON.stringify(failing)})
    channel.onMessage(() => channel.post('go on'))
    console.log(await gone)`
  const { stdout, stderr } = spawnSync(execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: { ...process.env, LENSLORE_DEBUG: '1' },
  })
  assert.equal(stdout, 'code 1\n')
  assert.match(stderr, /nobody has thought of this/)
})
