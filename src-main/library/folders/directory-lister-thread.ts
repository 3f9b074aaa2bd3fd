import { readdirSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { nativePath } from '../native-path.ts'
import type { ListingAnswer } from './directory-lister.ts'
import { errorCode } from './walk.ts'

// The thread that `directory-lister.ts` starts.

function list(path: string): ListingAnswer {
  try {
    const entries = readdirSync(nativePath(path), { withFileTypes: true })
    return { names: entries.filter((entry) => entry.isDirectory()).map(({ name }) => name) }
  } catch (thrown) {
    return { code: errorCode(thrown) ?? 'UNKNOWN' }
  }
}

parentPort!.on('message', (path: string) => {
  parentPort!.postMessage(list(path) satisfies ListingAnswer)
})
