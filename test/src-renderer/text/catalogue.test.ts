import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../src-renderer', import.meta.url))

test('only the catalogue says in which language numbers, dates and lists are written', () => {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.(ts|svelte)$/.test(file) && !/^text.(english|plural|quoted)/.test(file),
  )
  assert.ok(files.length > 100)
  const own = files.filter((file) =>
    /\bIntl\.\w+\(['"]|toLocale\w*String/.test(readFileSync(join(root, file), 'utf8')),
  )
  assert.deepEqual(own, [])
})
