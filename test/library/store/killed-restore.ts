import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

// A process that restores the library in the directory it is given, and dies before the n-th thing it does to a
// file; it ends by itself where it does fewer.

const [directory, at] = process.argv.slice(2)
let done = 0

function dyingBefore<Args extends unknown[], T>(work: (...args: Args) => T): (...args: Args) => T {
  return (...args) => {
    if (++done === Number(at)) {
      process.kill(process.pid, 'SIGKILL')
      // The signal may come a moment later.
      for (;;);
    }
    return work(...args)
  }
}

fs.copyFileSync = dyingBefore(fs.copyFileSync)
fs.fsyncSync = dyingBefore(fs.fsyncSync)
fs.mkdirSync = dyingBefore(fs.mkdirSync) as typeof fs.mkdirSync
fs.renameSync = dyingBefore(fs.renameSync)
fs.rmSync = dyingBefore(fs.rmSync)
fs.writeFileSync = dyingBefore(fs.writeFileSync)
syncBuiltinESMExports()

const { restoreBackup } = await import('../../../src-main/library/store/restore.ts')
restoreBackup(directory!)
