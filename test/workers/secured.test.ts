import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { workersOf } from '../../src-main/workers/library-side.ts'
import { makeProvingPictures } from '../../src-main/workers/proof.ts'
import { makeTemporaryFolder } from '../cli/lenslore.ts'
import { writeOtherAdapter } from '../library/teaching/taught-library.ts'
import { openOwnEngine, openQueue, startWorker } from './queue-under-test.ts'
import { freePort, startRedis } from './redis-server.ts'

const skip = spawnSync('redis-server', ['--version']).status === 0 ? false : 'no redis-server here'
const tls = fileURLToPath(new URL('../fixtures/tls/', import.meta.url))

test('over TLS, as a user who may see no other keys, a worker gets an adapter that it lacks', {
  skip,
}, async (t) => {
  const folder = makeTemporaryFolder(t)
  const port = await freePort()
  const redis = await startRedis(t, [
    `tls-port ${port}`,
    `tls-cert-file ${tls}certificate.pem`,
    `tls-key-file ${tls}key.pem`,
    `tls-ca-cert-file ${tls}certificate.pem`,
    'tls-auth-clients no',
    'user lenslore on >secret ~lenslore:* +@all -@admin -flushall -flushdb -keys',
  ])
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, 'secret')
  const queue = {
    url: `rediss://localhost:${port}`,
    user: 'lenslore',
    passwordFile,
    caFile: `${tls}certificate.pem`,
  }

  await assert.rejects(workersOf({ ...queue, caFile: undefined }).status(), { code: 'QUEUE_REFUSED' })
  await assert.rejects(workersOf({ ...queue, user: 'another' }).status(), { code: 'QUEUE_REFUSED' })
  const nobody = { ...queue, url: `rediss://localhost:${await freePort()}` }
  await assert.rejects(workersOf(nobody).status(), { code: 'QUEUE_UNREACHABLE' })

  const adapterPath = join(folder, 'taught.safetensors')
  await writeOtherAdapter(adapterPath)
  const { own, info } = await openOwnEngine(t, adapterPath)
  const pictures = makeProvingPictures(info.input)
  const expected = (await Promise.all(pictures.map((pixels) => own.caption(pixels)))).map(
    ({ caption }) => caption,
  )
  const worker = startWorker(t, queue, 'one')
  const { engine } = openQueue(t, queue, { own, info, adapterPath })
  const captions = await Promise.all(pictures.map((pixels) => engine.caption(pixels)))
  assert.deepEqual(
    captions.map(({ caption }) => caption),
    expected,
  )
  assert.equal((await redis.client.keys('lenslore:adapter:*')).length, 1)
  const { workers } = await workersOf(queue).status()
  assert.deepEqual(
    workers.map(({ name, modelId }) => [name, modelId]),
    [['one', info.modelId]],
  )
  const kept = readdirSync(worker.adapterDirectory)
  assert.deepEqual(
    kept.map((name) => /^[0-9a-f]{64}\.safetensors$/.test(name)),
    [true],
  )

  // Another library, that promises one adapter and sends other bytes.
  const { client } = redis
  const [name] = await client.keys('lenslore:announcement:*')
  const told = JSON.parse((await client.get(name!))!)
  engine.close()
  await engine.ended
  const stranger = 'a'.repeat(32)
  const adapterFile = { sha256: '0'.repeat(64), sizeBytes: 10 }
  await client.set(`lenslore:adapter:${stranger}:0`, '0123456789')
  await client.set(
    `lenslore:announcement:${stranger}`,
    JSON.stringify({ ...told, adapterId: 'another', adapterFile }),
  )
  await client.zadd('lenslore:libraries', Date.now(), stranger)
  for (let problem = ''; !problem.includes('is another one'); ) {
    await sleep(100)
    const [one] = (await workersOf(queue).status()).workers
    problem = one?.problem ?? ''
  }
  assert.deepEqual(readdirSync(worker.adapterDirectory), kept)
})
