import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readQueueAddress } from '../../src-main/workers/queue-address.ts'
import { makeTemporaryFolder } from '../cli/lenslore.ts'

const secret = { LENSLORE_QUEUE_PASSWORD: 'secret' }
const refused = (url: string, environment = {}, options = {}) =>
  assert.throws(() => readQueueAddress({ url, ...options }, environment), { code: 'INVALID_ARGUMENT' }, url)

test('a queue on this machine needs neither TLS nor password', () => {
  assert.deepEqual(readQueueAddress({ url: 'redis://127.0.0.1' }, {}), {
    host: '127.0.0.1',
    port: 6379,
    database: 0,
    username: null,
    password: null,
    tls: null,
  })
  const { host, port, database } = readQueueAddress({ url: 'redis://[::1]:7000/3' }, {})
  assert.deepEqual([host, port, database], ['::1', 7000, 3])
})

test('what is no address of a queue is refused', () => {
  for (const url of [
    '',
    'nas',
    'http://nas',
    'redis://',
    'redis://localhost/photos',
    'redis://localhost?db=1',
  ])
    refused(url)
})

test('elsewhere TLS and a password are needed, unless it is said otherwise', () => {
  refused('redis://nas.example', secret)
  refused('rediss://nas.example')
  refused('redis://localhost.example', secret)
  refused('redis://127.0.0.1.example', secret)
  const { tls, password } = readQueueAddress({ url: 'rediss://nas.example' }, secret)
  assert.deepEqual([tls, password], [{ ca: null }, 'secret'])
  assert.equal(readQueueAddress({ url: 'redis://nas.example', allowPlain: true }, {}).tls, null)
})

test('a password in the address is refused, and comes from a file or the environment', (t) => {
  refused('rediss://user:secret@nas.example')
  refused('rediss://user@nas.example', secret)
  const file = join(makeTemporaryFolder(t), 'password')
  writeFileSync(file, 'of the file\n')
  const url = 'rediss://nas.example'
  assert.equal(readQueueAddress({ url, passwordFile: file }, secret).password, 'of the file')
  assert.equal(readQueueAddress({ url }, { LENSLORE_QUEUE_PASSWORD_FILE: file }).password, 'of the file')
  assert.equal(readQueueAddress({ url, user: 'lenslore' }, secret).username, 'lenslore')
  assert.throws(() => readQueueAddress({ url, passwordFile: `${file}.not` }, {}), { code: 'FILE_NOT_FOUND' })
})
