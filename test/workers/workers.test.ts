import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import type { SearchPage, WorkersStatus } from '../../src-main/contract/records.ts'
import { makeTemporaryFolder, runLenslore, startLenslore } from '../cli/lenslore.ts'
import { type RedisUnderTest, startRedis } from './redis-server.ts'

// Workers and libraries as people start them, with the embedded model and a server of the test's own.

const colours = ['navy', 'gold', 'crimson', 'seagreen', 'black', 'skyblue', 'orange', 'grey']

/** Of each number another picture. */
async function drawSquares(file: string, background: string, n: number): Promise<void> {
  const create = (width: number, height: number, colour: string) => ({
    create: { width, height, channels: 3 as const, background: colour },
  })
  await sharp(create(300, 200, background))
    .composite([
      { input: create(60 + 5 * n, 60, 'white'), left: 10 + 4 * n, top: 20 },
      { input: create(40, 30 + 4 * n, colours[(n + 3) % colours.length]!), left: 180, top: 100 - 2 * n },
    ])
    .jpeg()
    .toFile(file)
}

const hasRedis = spawnSync('redis-server', ['--version']).status === 0
const options = hasRedis ? {} : { skip: 'no redis-server here' }

async function makePhotos(folder: string, count: number): Promise<string> {
  mkdirSync(folder, { recursive: true })
  for (let n = 0; n < count; n++) {
    await drawSquares(join(folder, `${n}.jpg`), colours[n % colours.length]!, n)
  }
  return folder
}

async function captionsIn(data: string): Promise<Map<string, string>> {
  const { json, stderr } = await runLenslore(data, 'search', '--json', '--', 'has:caption')
  assert.equal(json.length, 1, stderr)
  const { photos } = json[0] as SearchPage
  return new Map(photos.map(({ path, caption }) => [path, caption as string]))
}

const queueOf = ({ url, passwordFile }: RedisUnderTest) => [
  '--queue',
  url,
  '--queue-password-file',
  passwordFile,
]

function startWorker(t: TestContext, data: string, redis: RedisUnderTest, name: string) {
  const worker = startLenslore(
    data,
    'worker',
    ...queueOf(redis),
    ...['--name', name, '--provider', 'cpu', '--precision', 'fp32', '--threads', '1'],
  )
  t.after(async () => {
    worker.child.kill('SIGKILL')
    await worker.finished
  })
  return worker
}

/** As the workers' own records have it. */
async function untilCaptioned({ client }: RedisUnderTest, photos: number): Promise<void> {
  for (;;) {
    const texts = await client.mget(await client.keys('lenslore:worker:*'))
    const counts = texts.map((text) => (text === null ? 0 : (JSON.parse(text).captioned as number)))
    if (counts.reduce((sum, count) => sum + count, 0) === photos) return
    await sleep(100)
  }
}

/** Each photo's caption where nothing but this machine's engine is at work. */
async function captionAlone(t: TestContext, photos: string): Promise<Map<string, string>> {
  const data = makeTemporaryFolder(t)
  const { status, stderr } = await runLenslore(data, 'run', photos)
  assert.equal(status, 0, stderr)
  return captionsIn(data)
}

test(
  'two workers caption a library as it captions itself, and its own engine writes no word of it',
  options,
  async (t) => {
    const home = makeTemporaryFolder(t)
    const redis = await startRedis(t)
    const photos = await makePhotos(join(home, 'photos'), 12)
    const expected = await captionAlone(t, photos)
    assert.equal(expected.size, 12)
    assert.ok(new Set(expected.values()).size > 3, 'they are not all the same')
    const workers = ['one', 'two'].map((name) => startWorker(t, join(home, name), redis, name))

    const data = join(home, 'data')
    const { status, stderr } = await runLenslore(data, 'run', photos, ...queueOf(redis), '--queue-only')
    assert.equal(status, 0, stderr)
    assert.deepEqual(await captionsIn(data), expected)

    const left = await redis.client.keys('lenslore:*')
    assert.deepEqual(
      left.filter((key) => !/^lenslore:(workers|worker:[0-9a-f]{32})$/.test(key)),
      [],
      'the library leaves nothing behind',
    )
    const records = await redis.client.mget(left.filter((key) => /:worker:/.test(key)))
    assert.deepEqual(records.map((text) => JSON.parse(text!).name).sort(), ['one', 'two'])
    await untilCaptioned(redis, 12)
    const [told] = (await runLenslore(data, 'status', '--json', ...queueOf(redis))).json as [
      { workers: WorkersStatus },
    ]
    assert.deepEqual(
      told.workers.workers.map(({ name, state, precision }) => [name, state, precision]),
      [
        ['one', 'waiting', 'fp32'],
        ['two', 'waiting', 'fp32'],
      ],
    )
    assert.deepEqual([told.workers.waitingJobs, told.workers.activeJobs], [0, 0])

    for (const { child, finished } of workers) {
      child.kill('SIGINT')
      assert.equal((await finished).status, 0)
    }
    while ((await redis.client.keys('lenslore:worker:*')).length > 0) await sleep(50)
  },
)

test('a library that is killed in the middle goes on where it was', options, async (t) => {
  const home = makeTemporaryFolder(t)
  const redis = await startRedis(t)
  const photos = await makePhotos(join(home, 'photos'), 16)
  const expected = await captionAlone(t, photos)
  startWorker(t, join(home, 'one'), redis, 'one')
  const data = join(home, 'data')
  const killed = startLenslore(data, 'run', photos, ...queueOf(redis), '--queue-only')
  while ((await redis.client.keys('lenslore:pictures:*')).length === 0) await sleep(20)
  killed.child.kill('SIGKILL')
  await killed.finished
  const { status, stderr } = await runLenslore(data, 'run', ...queueOf(redis))
  assert.equal(status, 0, stderr)
  assert.deepEqual(await captionsIn(data), expected)
})

test('a queue that does not let anybody in is told of', options, async (t) => {
  const home = makeTemporaryFolder(t)
  const { url } = await startRedis(t)
  const refused = await runLenslore(join(home, 'one'), 'worker', '--queue', url)
  assert.equal(refused.status, 5)
  assert.match(refused.stderr, /does not let Lenslore in: .*--queue-password-file/)
  const named = await runLenslore(home, 'worker', '--queue', url.replace('//', '//user:secret@'))
  assert.equal(named.status, 2)
  assert.match(named.stderr, /LENSLORE_QUEUE_PASSWORD/)
})
