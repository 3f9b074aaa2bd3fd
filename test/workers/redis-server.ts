import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { makeTemporaryFolder } from '../cli/lenslore.ts'

export const password = 'nobody guesses this'

export interface RedisUnderTest {
  port: number
  url: string
  passwordFile: string
  /** Of the test's own, to look and to do harm. */
  client: Redis
  /** As a kill does it: what it held is gone. */
  kill(): Promise<void>
  start(): Promise<void>
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Debian's own server on this machine alone, with a password and without files, gone with the test. */
export async function startRedis(t: TestContext, settings: string[] = []): Promise<RedisUnderTest> {
  const folder = makeTemporaryFolder(t)
  const port = await freePort()
  const configuration = join(folder, 'redis.conf')
  mkdirSync(folder, { recursive: true })
  const lines = [
    'bind 127.0.0.1',
    ...(settings.some((line) => line.startsWith('port ')) ? [] : [`port ${port}`]),
    `requirepass "${password}"`,
    'save ""',
    'appendonly no',
    `dir ${folder}`,
    ...settings,
  ]
  writeFileSync(configuration, `${lines.join('\n')}\n`, { mode: 0o600 })
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  let server: ChildProcess | undefined

  async function kill(): Promise<void> {
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const over = once(server, 'exit')
    server.kill('SIGKILL')
    await over
  }

  async function start(): Promise<void> {
    server = spawn('redis-server', [configuration], { stdio: 'ignore' })
    await once(server, 'spawn')
    while ((await client.ping().catch(() => null)) !== 'PONG') await sleep(20)
  }

  const client = new Redis({
    host: '127.0.0.1',
    port,
    password,
    lazyConnect: true,
    retryStrategy: () => 50,
    maxRetriesPerRequest: 20,
  })
  client.on('error', () => {})
  t.after(async () => {
    client.disconnect()
    await kill()
  })
  await start()
  return { port, url: `redis://127.0.0.1:${port}`, passwordFile, client, kill, start }
}
