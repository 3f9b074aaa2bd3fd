import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyCaps } from '../../../src-renderer/state/key-caps.ts'

test('keys are drawn as they stand on the keyboard, a chord and the sign + among them', () => {
  assert.deepEqual(keyCaps('Mod+Shift+l', false), ['Ctrl', 'Shift', 'L'])
  assert.deepEqual(keyCaps('Mod+k', true), ['⌘', 'K'])
  assert.deepEqual(keyCaps('g a', false), ['G', 'A'])
  assert.deepEqual(keyCaps('+', false), ['+'])
  assert.deepEqual(keyCaps('Mod++', false), ['Ctrl', '+'])
  assert.deepEqual(keyCaps('Shift+ArrowDown', true), ['⇧', '↓'])
})
