import assert from 'node:assert/strict'
import { test } from 'node:test'
import '../svelte-modules.ts'

const { Commands } = await import('../../../src-renderer/state/commands.svelte.ts')

test('keys are drawn as caps, a chord and the sign + among them, as the system names them', () => {
  const caps = (keys: string, isMac = false) => new Commands(isMac).capsOf(keys)
  assert.deepEqual(caps('Mod+Shift+l'), ['Ctrl', 'Shift', 'L'])
  assert.deepEqual(caps('Mod+k', true), ['⌘', 'K'])
  assert.deepEqual(caps('g a'), ['G', 'A'])
  assert.deepEqual(caps('+'), ['+'])
  assert.deepEqual(caps('Mod++'), ['Ctrl', '+'])
})
