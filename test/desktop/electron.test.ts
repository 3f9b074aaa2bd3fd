import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { _electron } from 'playwright-core'
import { electronProgram } from '../../src-main/start/electron-program.ts'
import { drawSquares } from '../processes/library-in-process.ts'
import { buildApp } from './build-app.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = electronProgram(join(root, 'node_modules', 'electron'))
const skip =
  program === undefined
    ? 'Electron’s binary is not on this machine: the shell ran against its stand-in alone'
    : process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY
      ? 'there is no display for Electron'
      : false

before(async () => {
  if (!skip) await buildApp()
})

test('in Electron itself, a folder handed over is shown and captioned, and the page has no node', {
  skip,
}, async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-electron-'))
  t.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }))
  const photos = join(home, 'photos')
  mkdirSync(photos)
  await drawSquares(join(photos, 'one.jpg'), 'navy')
  const app = await _electron.launch({
    executablePath: program!,
    // In a container Chromium's own sandbox has no place; the page's is on.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), root, photos],
    env: { ...(process.env as Record<string, string>), LENSLORE_DATA: join(home, 'data') },
  })
  t.after(() => app.close())
  const page = await app.firstWindow()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  const tile = page.getByRole('gridcell').first()
  await tile.waitFor()
  await tile.and(page.locator(':not([aria-label^="No caption yet"])')).waitFor({ timeout: 120_000 })
  assert.equal(page.url().split('#')[0], 'app://lenslore/index.html')
  assert.equal(await page.evaluate(`'require' in window || 'process' in window`), false)
  assert.deepEqual(complaints, [])
})
