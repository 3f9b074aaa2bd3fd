import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

// A process that writes out the captions that wait in the library whose database it is given, and dies before the n-th
// sidecar gets its name; it ends by itself where there are fewer.

const [file, at] = process.argv.slice(2)
const { rename } = fs.promises
let begun = 0
/** Sidecars are written beside each other: those before the n-th are to have their names when it dies. */
const others: Promise<void>[] = []

fs.promises.rename = async (...args) => {
  if (++begun === Number(at)) {
    await Promise.all(others)
    process.kill(process.pid, 'SIGKILL')
    // The signal may come a moment later.
    await new Promise(() => {})
  }
  const renamed = rename(...args)
  others.push(renamed)
  return renamed
}
syncBuiltinESMExports()

const { createWaitingExporter } = await import('../../../src-main/library/metadata/exchange.ts')
const { openStore } = await import('../../../src-main/library/store/store.ts')
const store = openStore(file!)
await createWaitingExporter(store, () => {}).write({ isAutomatic: true })
store.close()
