import { parentPort, workerData } from 'node:worker_threads'
import { toErrorRecord } from '../../contract/errors.ts'
import { readMigrations } from './migrate.ts'
import { type UpdateAnswer, type UpdateThreadStart, updateWhenFree } from './update.ts'

// The thread that `update.ts` starts: it brings one database up to date.

const { file, stop } = workerData as UpdateThreadStart

function answer(what: UpdateAnswer): void {
  parentPort!.postMessage(what)
}

try {
  updateWhenFree(file, readMigrations(), {
    onStep: (progress) => answer({ progress }),
    isStopped: () => Atomics.load(stop, 0) === 1,
  })
  answer('done')
} catch (thrown) {
  answer({ error: toErrorRecord(thrown) })
}
