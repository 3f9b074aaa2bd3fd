import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTemporaryFolder, startLenslore } from '../cli/lenslore.ts'
import { startRedis } from '../workers/redis-server.ts'
import { accessibilityFaults, goTo, makePicture, needsBrowser, openWindow } from './open-window.ts'

const hasRedis = spawnSync('redis-server', ['--version']).status === 0
const options = hasRedis ? needsBrowser : { skip: 'no redis-server here' }

test('workers are seen at work, refused or silent', options, async (t) => {
  const { url, passwordFile } = await startRedis(t)
  const { page } = await openWindow(t, {
    queue: { url, passwordFile, isAlone: true },
    makePhotos: (folder) => makePicture(join(folder, 'a.jpg'), 1),
  })
  await goTo(page, '#/work')
  const part = page.getByRole('region', { name: 'Workers' })
  await part.getByText('No other machine captions.').waitFor()

  const worker = startLenslore(
    makeTemporaryFolder(t),
    ...['worker', '--queue', url, '--queue-password-file', passwordFile],
    ...['--name', 'Next room', '--provider', 'cpu', '--precision', 'fp32', '--threads', '1'],
  )
  t.after(async () => {
    worker.child.kill('SIGKILL')
    await worker.finished
  })
  await part.getByText('Next room').waitFor()
  await page.getByText('1 of 1').first().waitFor()
  await part.getByText(/lenslore-v1/).waitFor()
  assert.deepEqual(await accessibilityFaults(page), [])

  worker.child.kill('SIGKILL')
  await part.getByText(/Nothing was heard of it for/).waitFor({ timeout: 90_000 })
})
