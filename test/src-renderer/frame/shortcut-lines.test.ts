import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shortcutLines } from '../../../src-renderer/frame/shortcut-lines.ts'

test('what has keys is listed in its group, and a series of keys is one line', () => {
  const stars = [0, 1, 2].map((count) => ({
    id: `rate-${count}`,
    group: 'photos' as const,
    title: `${count} stars`,
    keys: [String(count)],
    series: 'Rate',
  }))
  assert.deepEqual(
    shortcutLines([
      ...stars,
      { id: 'all', group: 'photos', title: 'Select all', keys: ['Mod+a'] },
      { id: 'theme', group: 'everywhere', title: 'Theme', keys: ['Mod+l', 'F9'] },
      { id: 'add', group: 'captioning', title: 'Add a folder' },
    ]),
    [
      { group: 'everywhere', lines: [{ id: 'theme', title: 'Theme', keys: ['Mod+l'] }] },
      {
        group: 'photos',
        lines: [
          { id: 'rate-0', title: 'Rate', keys: ['0', '2'] },
          { id: 'all', title: 'Select all', keys: ['Mod+a'] },
        ],
      },
    ],
  )
})
