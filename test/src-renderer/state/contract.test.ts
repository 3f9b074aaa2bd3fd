import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reloadForOtherContract } from '../../../src-renderer/state/contract.ts'

test('a page is loaded anew when the line comes back to another contract, and only then', async () => {
  let hash = 'a'
  let reloads = 0
  const told: ((isUp: boolean) => void)[] = []
  const lineIs = async (isUp: boolean) => {
    for (const listener of told) listener(isUp)
    await new Promise(setImmediate)
  }
  await reloadForOtherContract(
    { api: { contract: async () => ({ hash }) }, onLine: (listener) => void told.push(listener) },
    () => {
      reloads++
    },
  )
  await lineIs(false)
  await lineIs(true)
  assert.equal(reloads, 0)
  hash = 'b'
  await lineIs(false)
  assert.equal(reloads, 0)
  await lineIs(true)
  assert.equal(reloads, 1)
})
