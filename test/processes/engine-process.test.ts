import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { type EngineCalls, engineCalls } from '../../src-main/contract/engine-calls.ts'
import { connect } from '../../src-main/contract/rpc.ts'
import { engineEnvironment, forkEngine } from '../../src-main/processes/fork.ts'

const folder = mkdtempSync(join(tmpdir(), 'lenslore-engine-'))
after(() => rmSync(folder, { recursive: true }))

test('what decodes has a thread for each processor, unless the environment says how many', () => {
  assert.ok(Number(engineEnvironment({}).UV_THREADPOOL_SIZE) >= availableParallelism())
  assert.equal(engineEnvironment({ UV_THREADPOOL_SIZE: '2', HOME: '/a' }).UV_THREADPOOL_SIZE, '2')
  assert.equal(engineEnvironment({ HOME: '/a' }).HOME, '/a')
})

/** The 19th field of `stat`, after the name, which may hold anything. */
function nicenessOf(pid: number, thread: string): number {
  const line = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
  return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[16])
}

test('all threads of an engine give way to other programs', {
  skip: process.platform !== 'linux',
}, async () => {
  const { channel, pid, kill, gone } = await forkEngine()
  try {
    const engine = connect<EngineCalls>(channel, engineCalls)
    const path = join(folder, 'a.png')
    await sharp({ create: { width: 64, height: 48, channels: 3, background: 'red' } }).toFile(path)
    const asked = Array.from({ length: 8 }, () => engine.decode({ path }))
    for (const { widthPx } of await Promise.all(asked)) assert.equal(widthPx, 64)
    const threads = readdirSync(`/proc/${pid}/task`)
    assert.ok(threads.length > 4)
    assert.deepEqual(
      threads.filter((thread) => nicenessOf(pid, thread) < 10),
      [],
    )
  } finally {
    kill()
    await gone
  }
})
