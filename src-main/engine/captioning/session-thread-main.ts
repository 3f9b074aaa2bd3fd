import { parentPort, workerData } from 'node:worker_threads'
import { toErrorRecord } from '../../contract/errors.ts'
import { openPacked, type SessionTensor } from './session.ts'
import type { ThreadAnswer, ThreadRequest, ThreadStart } from './session-thread.ts'

/** The thread's side of `session-thread.ts`. */

const port = parentPort!
const { packed, provider, threads } = workerData as ThreadStart

async function answer(work: () => Promise<Record<string, SessionTensor>>): Promise<boolean> {
  try {
    port.postMessage({ kind: 'done', outputs: await work() } satisfies ThreadAnswer)
    return true
  } catch (thrown) {
    port.postMessage({ kind: 'failed', error: toErrorRecord(thrown) } satisfies ThreadAnswer)
    return false
  }
}

const opening = openPacked(packed, provider, threads)
const opened = await answer(async () => {
  await opening
  return {}
})
if (!opened) port.close()
else {
  const session = await opening
  port.on('message', async (request: ThreadRequest) => {
    if (request.kind === 'run') {
      await answer(() => session.run(request.feeds))
      return
    }
    await answer(async () => {
      await session.close()
      return {}
    })
    port.close()
  })
}
